"""The honour-by clock: by when a request is to be live."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.rules.honour_by import RuleDeadlines
from reconciler.rules.periods import Span
from reconciler.rules.rule_set import load_rules
from tests.unit.conftest import AS_OF, RULES, us

US, TORONTO, LONDON, JERSEY, FREE = (
    "+12125550101",
    "+14165550101",
    "+442079460123",
    "+441534460123",
    "+18005550101",
)
DEADLINES = RuleDeadlines(RULES, AS_OF)


def terms(requested="2026-11-02", reason=ReasonCode.CUSTOMER_REQUESTED, jurisdiction=None):
    on = date.fromisoformat(requested) if requested else None
    return Terms(reason, Policy.NEVER, None, on, jurisdiction=jurisdiction)


@pytest.mark.parametrize(
    ("requested", "due", "target"),
    [
        ("2026-11-02", "2026-11-16", "2026-11-03"),
        ("2026-11-14", "2026-11-27", "2026-11-16"),
        ("2026-12-18", "2027-01-01", "2026-12-21"),
    ],
)
def test_us_fed_05(requested, due, target):
    wanted = Deadline(date.fromisoformat(due), date.fromisoformat(target), "US-FED-05")
    assert DEADLINES.deadline(US, terms(requested)) == wanted


@pytest.mark.parametrize(
    ("phone", "stated", "rule", "due"),
    [
        (TORONTO, None, "CA-03", "2026-11-16"),
        (TORONTO, "US", "US-FED-05", "2026-11-16"),
        (LONDON, None, "GB-02", "2026-11-02"),
        (LONDON, "US-OH", "US-FED-05", "2026-11-16"),
        (US, "GB", "GB-02", "2026-11-02"),
        (FREE, "CA", "CA-03", "2026-11-16"),
    ],
)
def test_whose_clock_runs(phone, stated, rule, due):
    found = DEADLINES.deadline(phone, terms(jurisdiction=stated))
    assert (found.rule, found.due) == (rule, date.fromisoformat(due))


@pytest.mark.parametrize(
    ("phone", "asked"),
    [
        (JERSEY, terms()),
        (FREE, terms()),
        (US, terms(None)),
        (US, terms(reason=ReasonCode.COMPANY_POLICY)),
        (US, terms("9999-12-31")),
    ],
)
def test_where_no_clock_runs(phone, asked):
    assert DEADLINES.deadline(phone, asked) is None


def test_a_rule_that_is_not_in_force_sets_no_clock():
    assert RuleDeadlines(RULES, date(2025, 4, 10)).deadline(US, terms()) is None


def test_the_nearest_deadline_counts():
    rules = load_rules(us("US-FED-05", jurisdiction=["US", "GB"]))
    assert RuleDeadlines(rules, AS_OF).deadline(LONDON, terms()).rule == "GB-02"
    stricter = us(
        "US-FED-05",
        then={"honourWithin": {"from": "requestedOn", "target": {"days": 0}, "ceiling": {"days": 2}}},
    )
    assert RuleDeadlines(load_rules(stricter), AS_OF).deadline(US, terms()).due == date(2026, 11, 4)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 40))
def test_business_days_are_counted_one_by_one(start, count):
    day, left = start, count
    while left:
        day += timedelta(1)
        left -= day.weekday() < 5
    assert Span(count, are_business=True).after(start) == day


def test_calendar_days():
    assert Span.of({"days": 14}).after(date(2026, 11, 2)) == date(2026, 11, 16)
    assert Span.of({"days": 1}).after(date.max) is None
    assert Span.of({"businessDays": 1}).after(date.max) is None
