"""Every row of the reconcile table."""

import pytest

from reconciler.core.model.entries import (
    DeclaredEntries,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Terms,
    strongest_terms,
)
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Direction, Reason
from tests.unit.planning.builders import (
    DIALECT,
    ONE,
    SINCE,
    TWO,
    A,
    B,
    Case,
    claims,
    day,
    drifts,
    entry,
    held,
    kept,
    live,
    never,
    release,
    told,
    until,
)

LOCAL = never(ReasonCode.LOCAL)
ASKED = claims(("a.yaml", A, ONE, LOCAL))
NOTHING = claims()


def test_desired_and_not_live_is_created() -> None:
    change = Case(ASKED).only()
    assert (change.action, change.direction, change.reason) == (
        Action.CREATE,
        Direction.PROTECTIVE,
        Reason.DECLARED,
    )
    assert (change.before, change.after, change.phones) == (None, LOCAL, (ONE,))


def test_desired_held_and_not_live_is_created_again_and_drift_says_who_is_missing() -> None:
    plan = Case(ASKED, held(ASKED)).plan()
    assert [(c.action, c.reason) for c in plan.changes] == [(Action.CREATE, Reason.RESTORED)]
    assert drifts(plan) == [("removed", A, (ONE,))]


@pytest.mark.parametrize("before", [NOTHING, ASKED])
def test_desired_and_live_the_same_is_nothing(before: DeclaredEntries) -> None:
    plan = Case(ASKED, held(before), live({(A, ONE): entry(LOCAL)})).plan()
    assert (plan.changes, plan.drift, plan.unchanged, plan.pending_count) == ((), (), 1, 0)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (NOTHING, Reason.DECLARED),
        (ASKED, Reason.RESTORED),
        (claims(("a.yaml", A, ONE, never(ReasonCode.UNKNOWN))), Reason.STRENGTHENED),
    ],
)
@pytest.mark.parametrize("weaker", [never(ReasonCode.UNKNOWN), until(day(900))])
def test_live_weaker_is_updated(before: DeclaredEntries, reason: Reason, weaker: Terms) -> None:
    change = Case(ASKED, held(before), live({(A, ONE): entry(weaker)})).only()
    assert (change.action, change.direction, change.reason) == (Action.UPDATE, Direction.PROTECTIVE, reason)
    assert (change.before, change.after) == (DIALECT.project(weaker), LOCAL)


def test_live_equal_but_different_is_corrected() -> None:
    relative = Terms(ReasonCode.LOCAL, Policy.RELATIVE, day(9))
    now = claims(("a.yaml", A, ONE, until(day(9), ReasonCode.LOCAL)))
    change = Case(now, live=live({(A, ONE): entry(relative)})).only()
    assert (change.action, change.reason, change.is_exposing) == (Action.UPDATE, Reason.CORRECTED, False)


def test_live_stronger_is_kept_and_is_drift() -> None:
    plan = Case(ASKED, held(ASKED), live({(A, ONE): entry(never())})).plan()
    assert plan.changes == ()
    assert drifts(plan) == [("strengthened", A, (ONE,))]
    assert plan.unchanged == 1


def test_live_stronger_is_weakened_only_with_permission() -> None:
    stronger = claims(("a.yaml", A, ONE, never()))
    weaker = claims(("a.yaml", A, ONE, LOCAL), releases=[release()])
    change = Case(weaker, held(stronger), live({(A, ONE): entry(never())})).only()
    assert (change.action, change.direction, change.reason) == (
        Action.UPDATE,
        Direction.EXPOSING,
        Reason.RELEASED,
    )
    assert change.after == LOCAL


def test_held_live_and_no_longer_desired_is_deleted_with_permission() -> None:
    now = claims(releases=[release()])
    change = Case(now, held(ASKED), live({(A, ONE): entry(LOCAL)})).only()
    assert (change.action, change.direction, change.reason) == (
        Action.DELETE,
        Direction.EXPOSING,
        Reason.RELEASED,
    )
    assert (change.before, change.after) == (DIALECT.project(LOCAL), None)


def test_held_live_and_no_longer_desired_stays_without_permission() -> None:
    plan = Case(NOTHING, held(ASKED), live({(A, ONE): entry(LOCAL)})).plan()
    assert told(plan) == []
    (change,) = plan.changes
    assert (change.action, change.reason, change.blocked_by) == (
        Action.DELETE,
        Reason.VANISHED,
        ("no-release",),
    )
    assert plan.summary["blocked"] == 1
    assert plan.unchanged == 0


def test_kept_and_missing_in_live_is_created_again() -> None:
    plan = Case(NOTHING, held(ASKED), live()).plan()
    assert told(plan) == [(Action.CREATE, A, (ONE,))]
    assert drifts(plan) == [("removed", A, (ONE,))]


def test_weakened_without_permission_stays_as_held() -> None:
    stronger = claims(("a.yaml", A, ONE, never()))
    plan = Case(ASKED, held(stronger), live({(A, ONE): entry(never())})).plan()
    (change,) = plan.changes
    assert (change.action, change.reason, change.is_allowed) == (Action.UPDATE, Reason.VANISHED, False)
    assert change.after == LOCAL


def test_weakened_without_permission_is_restored_as_held() -> None:
    stronger = claims(("a.yaml", A, ONE, never()))
    plan = Case(ASKED, held(stronger), live({(A, ONE): entry(LOCAL)})).plan()
    (change,) = [c for c in plan.changes if c.is_allowed]
    assert (change.action, change.reason, change.after) == (Action.UPDATE, Reason.RESTORED, never())


def test_kept_by_an_earlier_report_stays() -> None:
    before = held(NOTHING, kept={(A, ONE): kept(LOCAL)})
    plan = Case(NOTHING, before, live({(A, ONE): entry(LOCAL)})).plan()
    assert plan.blocked_keys == {(A, ONE)}
    assert plan.target_state.retained[A, ONE] == kept(LOCAL)


def test_live_and_neither_desired_nor_held_is_unmanaged_and_never_touched() -> None:
    now = claims(("a.yaml", A, TWO, LOCAL))
    plan = Case(now, held(now), live({(A, ONE): entry(never()), (A, TWO): entry(LOCAL)})).plan()
    assert plan.changes == ()
    assert drifts(plan) == [("unmanaged", A, (ONE,))]
    assert plan.summary["unmanaged"] == 1


def test_a_number_that_was_not_live_is_not_held() -> None:
    before = held(ASKED, not_live=[(A, ONE)])
    assert Case(NOTHING, before, live()).plan().changes == ()
    assert drifts(Case(NOTHING, before, live({(A, ONE): entry(LOCAL)})).plan()) == [("unmanaged", A, (ONE,))]


def test_held_and_gone_everywhere_with_permission_is_nothing() -> None:
    plan = Case(claims(releases=[release()]), held(ASKED), live()).plan()
    assert (plan.changes, plan.drift) == ((), ())


def test_a_list_that_nobody_names_is_foreign() -> None:
    there: dict[tuple[str, str], LiveEntry] = {("somebody-elses", ONE): entry(never())}
    plan = Case(ASKED, held(ASKED), live(there | {(A, ONE): entry(LOCAL)})).plan()
    assert (plan.changes, plan.drift) == ((), ())


def test_the_same_phone_on_two_lists_is_two_things() -> None:
    now = claims(("a.yaml", A, ONE, LOCAL), ("b.yaml", B, ONE, never()))
    plan = Case(now, live=live({(A, ONE): entry(LOCAL)})).plan()
    assert told(plan) == [(Action.CREATE, B, (ONE,))]


def test_several_claims_stand_with_the_strongest_terms() -> None:
    now = claims(("a.yaml", A, ONE, until(day(5))), ("b.yaml", A, ONE, LOCAL))
    assert Case(now).only().after == LOCAL


def test_a_claim_of_yesterday_is_not_desired() -> None:
    assert Case(claims(("a.yaml", A, ONE, until(day(-1))))).plan().changes == ()
    assert Case(claims(("a.yaml", A, ONE, until(day(0))))).only().action is Action.CREATE


@pytest.mark.parametrize("reason", [ReasonCode.NATIONAL, ReasonCode.STATE])
def test_a_registrys_claim_stands_after_its_date(reason: ReasonCode) -> None:
    assert Case(claims(("a.yaml", A, ONE, until(day(-1), reason)))).only().action is Action.CREATE


STRONGEST_FIRST = (
    *(ProjectedTerms(reason.value, "NEVER") for reason in ReasonCode),
    *(ProjectedTerms(reason.value, "ABSOLUTE") for reason in ReasonCode),
)


def test_live_is_compared_by_never_then_by_reason() -> None:
    ranks = [DIALECT.strength(c) for c in STRONGEST_FIRST]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


def test_claims_are_compared_by_never_then_a_later_end_then_reason() -> None:
    ordered = [
        never(ReasonCode.UNKNOWN),
        until(day(9), ReasonCode.UNKNOWN),
        until(day(8)),
        until(day(8), ReasonCode.LOCAL),
    ]
    assert sorted(ordered, key=lambda t: t.strength, reverse=True) == ordered


def test_a_reason_that_nobody_knows_ranks_lowest_and_a_policy_that_nobody_knows_as_never() -> None:
    odd = Live({A: {ONE: LiveEntry(ProjectedTerms("NEW_CODE", "ETERNAL"), "1", SINCE.isoformat())}})
    change = Case(ASKED, live=odd).only()
    assert (change.action, change.is_exposing) == (Action.UPDATE, False)
    assert Case(claims(("a.yaml", A, ONE, until(day(9)))), live=odd).plan().changes == ()


def test_between_equals_the_order_of_files_decides_nothing() -> None:
    """Terms that are as strong and differ otherwise: whichever file is read first, the same ones stand."""
    lines = ("a.yaml", A, ONE, never(source="dnc")), ("b.yaml", A, ONE, never(source="registry"))
    orders = [strongest_terms(claims(*some).files)[A][ONE] for some in (lines, lines[::-1])]
    assert orders[0] == orders[1]
