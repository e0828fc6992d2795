"""What a record can carry: a number and its end; and how numbers are written."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.cxone.groups.dialect import GroupsDialect, NumberConverter
from reconciler.cxone.groups.records import parse_expiry
from tests.unit.cxone.groups_world import NEVER, until

DIALECT = GroupsDialect()


def test_only_the_end_is_carried():
    dated = until(date(2026, 12, 31))
    assert DIALECT.project(dated) == ProjectedTerms(end=date(2026, 12, 31))
    assert DIALECT.project(NEVER) == ProjectedTerms()
    assert DIALECT.project(Terms(ReasonCode.LOCAL, Policy.NEVER)) == DIALECT.project(NEVER)
    assert DIALECT.git_only_fields(dated) == ("reasonCode", "expirationPolicy", "source")
    assert "not retroactive" in DIALECT.removal_note


def test_no_end_is_longest():
    later, earlier = ProjectedTerms(end=date.max), ProjectedTerms(end=date(2027, 1, 1))
    assert DIALECT.strength(ProjectedTerms()) > DIALECT.strength(later) > DIALECT.strength(earlier)


def test_the_expiry_is_written_two_days_after_the_last_day():
    assert DIALECT.write_fields(until(date(2026, 12, 31))) == {"expiredDate": "2027-01-02"}
    assert DIALECT.write_fields(NEVER) == {}
    assert GroupsDialect(days_after=0).write_fields(until(date(2026, 12, 31))) == {
        "expiredDate": "2026-12-31"
    }


@pytest.mark.parametrize("code", [ReasonCode.NATIONAL, ReasonCode.STATE])
def test_a_registry_number_gets_no_expiry_since_it_never_lapses(code):
    dated = until(date(2026, 12, 31), code)
    assert (DIALECT.project(dated), DIALECT.write_fields(dated)) == (ProjectedTerms(), {})
    assert "expirationDate" in DIALECT.git_only_fields(dated)


@given(st.dates(), st.integers(0, 5))
def test_what_is_written_reads_back_as_the_same_end(end, days):
    dialect = GroupsDialect(days)
    terms = until(end)
    written = dialect.write_fields(terms).get("expiredDate")
    found = None if written is None else dialect.end_of(parse_expiry(written))
    assert ProjectedTerms(end=found) == dialect.project(terms)


@pytest.mark.parametrize(
    "written",
    [
        "2027-01-02",
        "2027-01-02T00:00:00",
        "2027-01-02T00:00:00.000Z",
        "2027-01-02T23:59:59-07:00",
        "1/2/2027",
        "01/02/2027 12:00:00 AM",
        # Midnight of a day that is kept in the tenant's zone, shown in UTC or there.
        "2027-01-01T14:00:00.000Z",
        "2027-01-02T05:00:00Z",
        "2027-01-01T13:30:00",
        "2027-01-02T00:00:00+10:00",
        "1/1/2027 2:00:00 PM",
        "1/2/2027 5:00:00 AM",
        "2027-01-02T23:59:59Z",
    ],
)
def test_a_date_is_read_in_whichever_format(written):
    assert parse_expiry(written) == date(2027, 1, 2)


@pytest.mark.parametrize("written", ["", "soon", "13/32/2027", "20270102x"])
def test_what_is_no_date(written):
    assert parse_expiry(written) is None


@pytest.mark.parametrize(
    ("region", "form", "phone", "digits"),
    [
        ("US", "national", "+12125550123", "2125550123"),
        ("US", "international", "+12125550123", "12125550123"),
        ("CA", "national", "+12125550123", "2125550123"),
        ("US", "national", "+442079460958", "442079460958"),
        ("GB", "national", "+442079460958", "2079460958"),
        ("GB", "international", "+12125550123", "12125550123"),
        ("US", "national", "+493012345678", "493012345678"),
        # Ten digits of another country would be read as a number of the tenant's own.
        ("US", "national", "+4930123456", None),
        # Sent as an integer, it would lose the zero that belongs to it.
        ("IT", "national", "+390612345678", None),
        ("IT", "international", "+390612345678", "390612345678"),
    ],
)
def test_a_number_is_written_so_that_it_is_found_again(region, form, phone, digits):
    numbers = NumberConverter(region, form)
    assert numbers.to_digits(phone) == digits
    assert digits is None or numbers.to_e164(digits) == phone


@pytest.mark.parametrize(
    ("region", "form", "text", "phone"),
    [
        ("US", "national", "(212) 555-0123", "+12125550123"),
        ("US", "national", "+1 212 555 0123", "+12125550123"),
        ("US", "national", "12125550123", "+12125550123"),
        ("US", "international", "2125550123", "+12125550123"),
        ("US", "international", "2025550123", "+12025550123"),
        # Ten digits that another country has given out are its number.
        ("US", "international", "4930123456", "+4930123456"),
        ("GB", "international", "2079460958", "+442079460958"),
        ("GB", "national", "442079460958", "+442079460958"),
        ("GB", "national", "02079460958", "+442079460958"),
        ("US", "national", "5550123", None),
        ("US", "national", "unknown", None),
        ("US", "national", "", None),
        ("US", "national", "٢١٢٥٥٥٠١٢٣", None),
    ],
)
def test_a_number_of_the_own_country_is_read_in_either_form(region, form, text, phone):
    assert NumberConverter(region, form).to_e164(text) == phone


@given(st.integers(2_000_000_000, 9_999_999_999), st.sampled_from(["national", "international"]))
def test_every_number_of_the_own_country_goes_there_and_back(n, form):
    numbers = NumberConverter("US", form)
    assert numbers.to_e164(numbers.to_digits(f"+1{n}")) == f"+1{n}"


def test_digits_of_an_answer_are_matched_in_either_form():
    numbers = NumberConverter("US", "national")
    for shown in ("2125550123", "12125550123", "+1 (212) 555-0123", "(212) 555-0123"):
        assert numbers.is_same_number("+12125550123", shown)
    assert not numbers.is_same_number("+12125550123", "2125550124")


def test_a_region_without_numbers():
    with pytest.raises(InvalidInput, match="region ZZ"):
        NumberConverter("ZZ", "national")
