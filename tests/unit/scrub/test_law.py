"""The law of scrub: whatever a listed number looks like in a calling list, its row is never clean.

Beside it stand faults that the law must find: a law that nothing breaks proves nothing.
"""

import csv
import io
from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.lists.scrub import listed as listed_module
from reconciler.lists.scrub.columns import find_phone_columns
from reconciler.lists.scrub.listed import ListedNumbers, Listing
from reconciler.lists.scrub.rows import Kind, RowJudge
from reconciler.lists.scrub.second_reader import listings_in_lines, suspect_texts
from reconciler.lists.scrub.text import RawRow, TextRows
from tests.unit.scrub.writings import LISTED, writings

REGIONS = {"US": "1", "GB": "44", "DE": "49", "RU": "7", "HU": "36", "AR": "54", "MX": "52", "BR": "55"}
LEAD = ("Ann", "+12125550199", "Lee", "")


def _listed(region: str) -> ListedNumbers:
    numbers = ListedNumbers(region)
    numbers.add(Listing("customers", "CUSTOMER_REQUESTED"), LISTED)
    return numbers


NUMBERS = {region: _listed(region) for region in REGIONS}


def clean_rows(text: str, region: str) -> list[RawRow]:
    """Scrub a text as the use case does: judge each row, then read what is clean once more."""
    table = TextRows.of(io.StringIO(text, newline=""))
    raws = list(table)
    columns = find_phone_columns("leads.csv", [raw.row for raw in raws], (), region)
    judge = RowJudge(NUMBERS[region], columns, region)
    return [raw for raw in raws[bool(columns.header) :] if is_clean(judge, raw, NUMBERS[region])]


def is_clean(judge: RowJudge, raw: RawRow, numbers: ListedNumbers) -> bool:
    if judge.judge(raw).kind is not Kind.CLEAN:
        return False
    return not (suspect_texts(numbers, [raw.text]) and any(listings_in_lines(numbers, raw.text)))


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, str]:
    """Make a calling list with one listed number in a phone column; give its region, text and the number."""
    region = draw(st.sampled_from(sorted(REGIONS)))
    phone = draw(st.sampled_from(sorted(LISTED)))
    written = draw(writings(phone, REGIONS[region]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    column = draw(st.sampled_from([1, 3]))
    lead = list(LEAD)
    lead[column] = written
    buffer = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(
        buffer, delimiter=delimiter, quoting=quoting, lineterminator=draw(st.sampled_from(["\n", "\r\n"]))
    )
    writer.writerow(["Name", "Phone", "Last", "Mobile"])
    writer.writerow(lead)
    return region, buffer.getvalue(), phone


def check(case: tuple[str, str, str]) -> None:
    region, text, phone = case
    assert clean_rows(text, region) == [], (region, text, phone)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_no_listed_number_is_ever_clean(case):
    check(case)


FAULTS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "the forms of a number are not joined": (
        listed_module,
        "common_forms",
        lambda digits: frozenset({digits}),
    ),
    "a trunk prefix and a lost + are not thought of": (
        listed_module,
        "international_readings",
        lambda run, region, country="": iter([run.digits]),
    ),
    "numbers of +1 have one writing": (
        listed_module,
        "may_be_north_american",
        lambda run: run.digits.startswith("1") and run.has_plus,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_law_finds_a_seeded_fault(name):
    module, attribute, fault = FAULTS[name]
    _broken_law = settings(
        max_examples=2000, database=None, deadline=None, derandomize=True, report_multiple_bugs=False
    )(given(tables())(check))
    with patch.object(module, attribute, fault), pytest.raises(AssertionError):
        _broken_law()
