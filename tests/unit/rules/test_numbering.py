"""Numbers against the numbering plan, and periods against the calendar."""

from datetime import date

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.model.phone import is_e164
from reconciler.rules.numbering import invalid_reason, possible_heads
from reconciler.rules.periods import parse_date, parse_period

digits = st.text("0123456789", min_size=5, max_size=16)


@given(st.sampled_from(["+1", "+44", "+39", "+49", "+7", "+599", "+999", "+0", "+", ""]), digits)
def test_possible_is_what_the_library_says_of_number_and_length(code, rest):
    text = code + rest
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        assert invalid_reason(text)
        return
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text and is_e164(text):
        reason = phonenumbers.is_possible_number_with_reason(number)
        assert (invalid_reason(text) is None) == (reason == phonenumbers.ValidationResult.IS_POSSIBLE)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_regions_example_number_is_possible(region):
    number = phonenumbers.example_number(region)
    assert invalid_reason(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)) is None


odd = st.sampled_from(
    ["", "+", "x", "+1212555010\uff11", "+1212555+101", "+12125550101\n", "+0125550101", "+1212"]
)
SEVERAL = [f"+1{area}555{n:04}" for area in (212, 213, 312, 416) for n in (100, 101, 9999)]
even = st.sampled_from(["+12125550101", "+442079460123", "+4930123456"])


@given(st.lists(odd | even, max_size=5) | st.lists(even, max_size=5))
@example(["", "+1212555+101"])
@example(["+1212", "", "+5550101"])
def test_all_at_once_is_each_for_itself(texts):
    assert (possible_heads(texts) is not None) is all(invalid_reason(text) is None for text in texts)


@given(st.lists(odd | even, max_size=5) | st.lists(even | st.sampled_from(SEVERAL), max_size=8))
def test_the_heads_of_what_ascends_are_those_of_the_same_unsorted(texts):
    ascending = sorted(set(texts))
    assert possible_heads(ascending, ascending=True) == possible_heads(ascending)


def test_a_plus_too_many_is_not_made_up_for_by_one_too_few():
    assert possible_heads(["+1212555010+", "+1212555010+"]) is None
    assert possible_heads(["+121255501+1", "12125550101"]) is None


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2024-02-29", "P5Y", "2029-03-01"),
        ("2024-01-31", "P1M", "2024-03-01"),
        ("2025-01-31", "P1M", "2025-03-01"),
        ("2026-12-31", "P1M", "2027-01-31"),
        ("2026-10-31", "P1M", "2026-12-01"),
        ("2026-11-30", "P3M", "2027-03-01"),
        ("2021-11-20", "P5Y", "2026-11-20"),
        ("2026-01-01", "P1Y2M3W4D", "2027-03-26"),
        ("2026-01-01", "P0D", "2026-01-01"),
        ("2026-01-01", "P12M", "2027-01-01"),
        ("9999-01-01", "P1Y", None),
        ("2026-01-01", "P9999999Y", None),
        ("2026-01-01", "P9999999D", None),
        ("9999-12-31", "P1D", None),
    ],
)
def test_periods_roll_forward(start, period, end):
    assert parse_period(period).after(date.fromisoformat(start)) == (end and date.fromisoformat(end))


@pytest.mark.parametrize(
    "text",
    [
        "P",
        "PT1H",
        "P1YT1H",
        "P-1Y",
        "-P1Y",
        "P1.5Y",
        "P1,5Y",
        "p1y",
        "P1Y\n",
        "P\uff11Y",
        "P1D1Y",
        "",
        None,
        [],
    ],
)
def test_what_is_no_period(text):
    assert parse_period(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "20261102",
        "2026-W45-1",
        "2026-11-02\n",
        "\uff12026-11-02",
        "0000-01-01",
        "2026-1-2",
        None,
    ],
)
def test_what_is_no_date(text):
    assert parse_date(text) is None


def test_periods_in_words():
    assert [str(parse_period(text)) for text in ("P5Y", "P1Y1D", "P18M", "P2W", "P0D")] == [
        "five years",
        "one year and one day",
        "18 months",
        "14 days",
        "no time",
    ]
