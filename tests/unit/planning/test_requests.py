"""The honour-by clock in the plan: which requests go first, which are open, how long they took."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.planning.change import Action, Reason
from reconciler.core.planning.deadlines import (
    LiveRequest,
    OpenRequest,
    first_request_days,
    open_requests,
    summarize_durations,
)
from reconciler.core.planning.plan import change_to_json
from tests.unit.planning.builders import (
    CR,
    DIALECT,
    ONE,
    THREE,
    TODAY,
    TWO,
    A,
    B,
    Case,
    claims,
    day,
    entry,
    held,
    live,
    never,
    release,
)

LOCAL = never(ReasonCode.LOCAL)


@dataclass(frozen=True)
class Within:
    """Requests are due `days` after the day that they were made, and worth an alarm a day after it."""

    days: int = 14

    def deadline(self, phone: str, terms: Terms) -> Deadline | None:
        if terms.requested_on is None:
            return None
        asked = terms.requested_on
        return Deadline(asked + timedelta(days=self.days), asked + timedelta(days=1), "CA-03")


def asked(offset: int, *, end: int | None = None) -> Terms:
    policy = Policy.NEVER if end is None else Policy.ABSOLUTE
    return Terms(CR, policy, None if end is None else day(end), day(offset))


def due(offset: int) -> Deadline:
    return Deadline(day(offset + 14), day(offset + 1), "CA-03")


# The order of sending.


def test_the_nearest_deadline_goes_first_and_what_has_none_last() -> None:
    now = claims(
        ("a.yaml", A, ONE, LOCAL),
        ("a.yaml", A, TWO, asked(-2)),
        ("a.yaml", A, THREE, asked(-9)),
        ("b.yaml", B, ONE, asked(-20)),
    )
    plan = Case(now, honour=Within()).plan()
    assert [(c.list_id, c.phones, c.due) for c in plan.changes] == [
        (B, (ONE,), due(-20)),
        (A, (THREE,), due(-9)),
        (A, (TWO,), due(-2)),
        (A, (ONE,), None),
    ]


def test_on_one_day_the_order_is_by_list() -> None:
    now = claims(("b.yaml", B, ONE, asked(-2)), ("a.yaml", A, TWO, asked(-2)), ("a.yaml", A, ONE, LOCAL))
    plan = Case(now, honour=Within()).plan()
    assert [(c.list_id, c.phones) for c in plan.changes] == [(A, (TWO,)), (B, (ONE,)), (A, (ONE,))]


def test_groups_are_cut_by_deadline_alone() -> None:
    now = claims(("a.yaml", A, ONE, asked(-2, end=8)), ("a.yaml", A, TWO, asked(-2, end=9)))
    assert [c.phones for c in Case(now, honour=Within()).plan().changes] == [(ONE, TWO)]
    now = claims(("a.yaml", A, ONE, asked(-2)), ("a.yaml", A, TWO, asked(-3)))
    assert [c.phones for c in Case(now).plan().changes] == [(ONE, TWO)]
    assert [c.phones for c in Case(now, honour=Within()).plan().changes] == [(TWO,), (ONE,)]


def test_exposing_changes_stay_last_and_have_no_deadline() -> None:
    now = claims(("a.yaml", A, TWO, LOCAL), releases=[release()])
    before = held(claims(("a.yaml", A, ONE, asked(-9))))
    plan = Case(now, before, live({(A, ONE): entry(asked(-9))}), honour=Within()).plan()
    assert [(c.action, c.due) for c in plan.changes] == [(Action.CREATE, None), (Action.DELETE, None)]


def test_of_several_claims_the_nearest_deadline_counts() -> None:
    now = claims(
        ("a.yaml", A, ONE, asked(-2)),
        ("b.yaml", A, ONE, asked(-9, end=900)),
        ("c.yaml", A, ONE, never(ReasonCode.NATIONAL)),
    )
    case = Case(now, honour=Within())
    assert (case.only().due, case.only().after) == (due(-9), asked(-2))
    assert first_request_days(case.plan().target_state, [(A, ONE), (B, ONE)]) == {(A, ONE): day(-9)}


def test_a_claim_that_is_over_has_no_clock() -> None:
    now = claims(("a.yaml", A, ONE, asked(-2)), ("b.yaml", A, ONE, asked(-9, end=-1)))
    assert Case(now, honour=Within()).only().due == due(-2)


def test_a_restored_number_was_live_in_time_and_goes_after_requests() -> None:
    now = claims(("a.yaml", A, ONE, asked(-20)), ("a.yaml", A, TWO, asked(-1)))
    plan = Case(now, held(claims(("a.yaml", A, ONE, asked(-20)))), honour=Within()).plan()
    assert [(c.phones, c.reason, c.due) for c in plan.changes] == [
        ((TWO,), Reason.DECLARED, due(-1)),
        ((ONE,), Reason.RESTORED, None),
    ]


def test_a_request_that_a_run_could_not_make_live_keeps_its_clock() -> None:
    now = claims(("a.yaml", A, ONE, asked(-20)))
    assert Case(now, held(now, not_live=[(A, ONE)]), honour=Within()).only().due == due(-20)


def test_a_number_that_is_live_has_no_clock_although_its_terms_get_stronger() -> None:
    case = Case(claims(("a.yaml", A, ONE, asked(-20))), live=live({(A, ONE): entry(LOCAL)}), honour=Within())
    assert (case.only().action, case.only().due) == (Action.UPDATE, None)


def test_the_plan_says_the_deadline() -> None:
    change = Case(claims(("a.yaml", A, ONE, asked(-2))), honour=Within()).only()
    told = change_to_json(change, DIALECT)
    assert told["due"] == {"on": day(12).isoformat(), "target": day(-1).isoformat(), "rule": "CA-03"}
    assert list(told)[-3:] == ["blocked_by", "due", "phones"]


# What is open.


def test_a_request_is_open_from_its_target_on_and_past_after_its_due_date() -> None:
    now = claims(
        ("a.yaml", A, ONE, asked(0)),
        ("a.yaml", A, TWO, asked(-1)),
        ("b.yaml", B, TWO, asked(-14)),
        ("b.yaml", B, ONE, asked(-15)),
    )
    assert open_requests(Case(now, honour=Within()).plan().changes, TODAY) == (
        OpenRequest("CA-03", B, day(-1), day(-14), True, (ONE,)),
        OpenRequest("CA-03", B, day(0), day(-13), False, (TWO,)),
        OpenRequest("CA-03", A, day(13), day(0), False, (TWO,)),
    )


def test_numbers_of_one_deadline_and_list_are_said_together() -> None:
    now = claims(
        ("a.yaml", A, TWO, asked(-5)), ("a.yaml", A, ONE, asked(-5, end=9)), ("b.yaml", A, THREE, asked(-5))
    )
    (request,) = open_requests(Case(now, honour=Within()).plan().changes, TODAY)
    assert request.phones == (ONE, TWO, THREE)


def test_what_is_live_is_not_open() -> None:
    case = Case(
        claims(("a.yaml", A, ONE, asked(-20))), live=live({(A, ONE): entry(asked(-20))}), honour=Within()
    )
    assert open_requests(case.plan().changes, TODAY) == ()


# How long they took.


def took(days: int, *, phone: str = ONE, by: Deadline | None = None) -> LiveRequest:
    return LiveRequest(A, phone, day(-days), TODAY, by)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([], (None, None, None)),
        ([3], (3, 3, 3)),
        ([1, 9], (1, 9, 9)),
        ([4, 2, 3, 1], (2, 4, 4)),
        (list(range(1, 21)), (10, 19, 20)),
        (list(range(1, 101)), (50, 95, 100)),
    ],
)
def test_percentiles_are_of_the_nearest_rank(days: list[int], told: tuple[int | None, ...]) -> None:
    summed = summarize_durations(took(d) for d in days)
    assert (summed.p50, summed.p95, summed.longest) == told


def test_late_is_live_after_the_honour_by_date() -> None:
    late, in_time, free = took(17, by=due(-17)), took(14, phone=TWO, by=due(-14)), took(99, phone=THREE)
    summed = summarize_durations([free, late, in_time])
    assert summed.late == (late,)
    assert summed.in_time == 1
    assert (late.days_late, in_time.days_late, free.days_late) == (3, 0, 0)


def test_a_request_of_tomorrow_took_no_day() -> None:
    assert took(-1).days == 0
