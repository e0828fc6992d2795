"""Permission to come off or to weaken: releases, lapses, and the later opt-out that takes it away."""

import pytest

from reconciler.core.model.entries import ReasonCode, Terms
from reconciler.core.model.entries import ReleaseReason as Why
from reconciler.core.planning.change import Action, BlockedBy, Reason
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.plan import Plan
from tests.unit.planning.builders import (
    CR,
    KEY,
    OFF,
    ONE,
    A,
    B,
    Case,
    blocked,
    claims,
    day,
    entry,
    gone,
    held,
    kept,
    lapsing,
    live,
    never,
    release,
    told,
    until,
)

COMPANY = (CR, ReasonCode.COMPANY_POLICY, ReasonCode.LOCAL, ReasonCode.UNKNOWN)
REGISTRY = (ReasonCode.NATIONAL, ReasonCode.STATE)
COMPANY_RELEASES = (Why.CONSENT_GIVEN, Why.NUMBER_REASSIGNED, Why.ENTERED_IN_ERROR)
REGISTRY_RELEASES = (Why.REGISTRY_REMOVED, Why.ENTERED_IN_ERROR)
FITS = [(c, r) for c in COMPANY for r in COMPANY_RELEASES] + [
    (c, r) for c in REGISTRY for r in REGISTRY_RELEASES
]
NOT = [(c, Why.REGISTRY_REMOVED) for c in COMPANY] + [
    (c, r) for c in REGISTRY for r in (Why.CONSENT_GIVEN, Why.NUMBER_REASSIGNED)
]


# Releases.


@pytest.mark.parametrize(("reason", "why"), FITS)
def test_a_release_that_fits_the_reason_lets_the_number_off(reason: ReasonCode, why: Why) -> None:
    assert told(gone(never(reason), releases=(release(reason=why),)).plan()) == OFF


@pytest.mark.parametrize(("reason", "why"), NOT)
def test_a_release_that_does_not_fit_blocks(reason: ReasonCode, why: Why) -> None:
    plan = gone(never(reason), releases=(release(reason=why),)).plan()
    assert blocked(plan) == [(BlockedBy.RELEASE_DOES_NOT_FIT,)]


def test_one_release_that_fits_is_enough() -> None:
    both = (release(reason=Why.REGISTRY_REMOVED), release())
    assert told(gone(releases=both).plan()) == OFF


def test_without_a_release_nothing_comes_off() -> None:
    assert blocked(gone(releases=()).plan()) == [(BlockedBy.NO_RELEASE,)]


def test_a_release_of_another_list_or_number_is_none() -> None:
    others = (release(list_id=B), release("+12125550199"))
    assert blocked(gone(releases=others).plan()) == [(BlockedBy.NO_RELEASE,)]


def test_a_release_is_a_permission_and_no_order() -> None:
    now = claims(("a.yaml", A, ONE, never()), releases=[release()])
    assert Case(now, held(now), live({KEY: entry(never())})).plan().changes == ()


def test_a_release_beside_a_standing_claim_is_spent() -> None:
    before = claims(("a.yaml", A, ONE, never()), releases=[release()])
    case = Case(claims(releases=[release()]), held(before), live({KEY: entry(never())}))
    assert blocked(case.plan()) == [(BlockedBy.NO_RELEASE,)]
    case.desired = claims(releases=[release(), release(evidence="FORM-2")])
    assert told(case.plan()) == OFF


def test_a_spent_release_stays_spent_while_the_number_is_kept() -> None:
    before = held(claims(releases=[release()]), kept={KEY: kept(never())})
    case = Case(claims(releases=[release()]), before, live({KEY: entry(never())}))
    assert blocked(case.plan()) == [(BlockedBy.NO_RELEASE,)]


def test_a_spent_release_stays_spent_beside_one_that_does_not_fit() -> None:
    spent, odd = release(reason=Why.CONSENT_GIVEN), release(reason=Why.REGISTRY_REMOVED)
    before = held(claims(("a.yaml", A, ONE, never()), releases=[spent]))
    plan = Case(claims(releases=[spent, odd]), before, live({KEY: entry(never())})).plan()
    assert blocked(plan) == [(BlockedBy.NO_RELEASE, BlockedBy.RELEASE_DOES_NOT_FIT)]


def test_a_release_that_a_guard_kept_from_being_used_is_not_spent() -> None:
    before = held(claims(releases=[release()]), kept={KEY: kept(never(), why=BlockedBy.BUDGET)})
    assert told(Case(claims(releases=[release()]), before, live({KEY: entry(never())})).plan()) == OFF


def test_of_several_releases_only_the_latest_can_be_the_one_that_was_not_used() -> None:
    old, new = release(on=day(-9)), release(to=B, reason=Why.MOVED)
    before = held(claims(releases=[old, new]), kept={KEY: kept(never(), why=BlockedBy.BUDGET)})
    now = claims(releases=[old, new])  # the number has left the other list meanwhile
    plan = Case(now, before, live({KEY: entry(never())})).plan()
    assert blocked(plan) == [(BlockedBy.NO_RELEASE, BlockedBy.RELEASE_DOES_NOT_FIT)]


def test_a_release_to_weaken_that_a_guard_kept_from_being_used_is_not_spent_for_what_is_kept() -> None:
    now = claims(("a.yaml", A, ONE, never(ReasonCode.LOCAL)), releases=[release()])
    before = held(now, kept={KEY: kept(never(), why=BlockedBy.BUDGET)})
    case = Case(now, before, live({KEY: entry(never())}))
    assert told(case.plan()) == [(Action.UPDATE, A, (ONE,))]
    case.desired = claims(releases=[release()])  # the weaker claim needs a release of its own
    assert told(case.plan()) == [(Action.UPDATE, A, (ONE,))]
    assert case.plan().target_state.get(KEY) == never(ReasonCode.LOCAL)


def test_what_no_look_saw_is_created_as_held_and_not_weaker() -> None:
    now = claims(("a.yaml", A, ONE, never(ReasonCode.LOCAL)), releases=[release()])
    before = held(claims(("a.yaml", A, ONE, never())))
    plan = Case(now, before, live(unseen=[(A, "+12125550199")])).plan()
    assert [c.after for c in plan.changes if c.is_allowed] == [never()]
    assert plan.target_state.retained[KEY].blocked_by == (BlockedBy.INCOMPLETE_READ,)
    assert [c.after for c in Case(now, before, live()).plan().changes] == [never(ReasonCode.LOCAL)]


def test_what_somebody_took_off_by_hand_is_not_created_again_on_a_read_that_does_not_add_up() -> None:
    before = held(claims(("a.yaml", A, ONE, never())))
    assert Case(claims(releases=[release()]), before, live(unseen=[(A, "+12125550199")])).plan().changes == ()


def test_every_claim_needs_its_permission() -> None:
    before = held(claims(("a.yaml", A, ONE, never()), ("b.yaml", A, ONE, never(ReasonCode.NATIONAL))))
    consent = claims(releases=[release()])
    plan = Case(consent, before, live({KEY: entry(never())})).plan()
    assert (Action.DELETE, A, (ONE,)) not in told(plan)
    assert plan.target_state.retained[KEY].blocked_by == (BlockedBy.RELEASE_DOES_NOT_FIT,)
    assert plan.target_state.get(KEY) == never(ReasonCode.NATIONAL)
    error = claims(releases=[release(reason=Why.ENTERED_IN_ERROR)])
    assert told(Case(error, before, live({KEY: entry(never())})).plan()) == OFF


# MOVED.

MOVED = release(reason=Why.MOVED, to=B)


def moved(*, arrived: bool, there: bool, claimed: bool = True, held_there: bool = False) -> Plan:
    line = ("b.yaml", B, ONE, never())
    before = [("a.yaml", A, ONE, never()), *([line] if held_there else [])]
    stands = {KEY: entry(never())} | ({(B, ONE): entry(never())} if there else {})
    now = claims(*([line] if claimed else []), releases=[MOVED])
    return Case(now, held(claims(*before)), live(stands), met=Circumstances(protective_sent=arrived)).plan()


@pytest.mark.parametrize("reason", ReasonCode)
def test_moved_fits_every_reason_once_the_number_is_live_there(reason: ReasonCode) -> None:
    now = claims(("b.yaml", B, ONE, never(reason)), releases=[MOVED])
    before = held(claims(("a.yaml", A, ONE, never(reason))))
    stands = {KEY: entry(never(reason)), (B, ONE): entry(never(reason))}
    assert OFF[0] in told(Case(now, before, live(stands), met=Circumstances(protective_sent=True)).plan())


def test_a_plan_counts_on_what_it_sends_first() -> None:
    assert told(moved(arrived=False, there=False)) == [(Action.CREATE, B, (ONE,)), *OFF]


def test_after_sending_moved_fits_only_what_is_live_there() -> None:
    plan = moved(arrived=True, there=False)
    assert told(plan) == [(Action.CREATE, B, (ONE,))]
    assert plan.target_state.retained[KEY].blocked_by == (BlockedBy.RELEASE_DOES_NOT_FIT,)


def test_an_opt_out_that_is_live_there_and_that_no_file_claims_is_no_arrival() -> None:
    assert OFF[0] not in told(moved(arrived=True, there=True, claimed=False))


@pytest.mark.parametrize(
    ("goes", "comes"),
    [
        (never(ReasonCode.NATIONAL), until(day(2))),
        (never(ReasonCode.NATIONAL), never()),
        (never(), never(ReasonCode.NATIONAL)),
        (never(), until(day(400))),
        (never(), never(ReasonCode.LOCAL)),
        (until(day(9)), until(day(8))),
    ],
)
def test_moved_needs_a_claim_of_the_same_kind_and_as_strong(goes: Terms, comes: Terms) -> None:
    """S6: MOVED must not turn an entry into one that says less, or that other releases let off."""
    now = claims(("b.yaml", B, ONE, comes), releases=[MOVED])
    stands = live({KEY: entry(goes), (B, ONE): entry(comes)})
    for arrived in (False, True):
        case = Case(
            now, held(claims(("a.yaml", A, ONE, goes))), stands, met=Circumstances(protective_sent=arrived)
        )
        assert OFF[0] not in told(case.plan())


def test_moved_waits_until_what_is_live_there_says_as_much() -> None:
    now = claims(("b.yaml", B, ONE, never()), releases=[MOVED])
    stands = live({KEY: entry(never()), (B, ONE): entry(never(ReasonCode.UNKNOWN))})
    case = Case(
        now, held(claims(("a.yaml", A, ONE, never()))), stands, met=Circumstances(protective_sent=True)
    )
    assert OFF[0] not in told(case.plan())


def test_a_number_that_is_about_to_leave_the_other_list_has_not_arrived() -> None:
    assert OFF[0] not in told(moved(arrived=True, there=True, claimed=False, held_there=True))


def test_moving_to_and_fro_takes_a_number_off_neither_list() -> None:
    before = held(claims(("a.yaml", A, ONE, never()), ("b.yaml", B, ONE, never())))
    there_and_back = [MOVED, release(list_id=B, reason=Why.MOVED, to=A)]
    stands = live({KEY: entry(never()), (B, ONE): entry(never())})
    for arrived in (False, True):
        case = Case(
            claims(releases=there_and_back), before, stands, met=Circumstances(protective_sent=arrived)
        )
        assert told(case.plan()) == []


def test_a_row_that_the_latest_look_did_not_see_is_no_arrival() -> None:
    now = claims(("b.yaml", B, ONE, never()), releases=[MOVED])
    stands = live({KEY: entry(never()), (B, ONE): entry(never())}, unseen=[(B, ONE)])
    case = Case(
        now, held(claims(("a.yaml", A, ONE, never()))), stands, met=Circumstances(protective_sent=True)
    )
    assert told(case.plan()) == []


# Lapses.


def test_a_term_that_is_over_lets_the_number_off() -> None:
    change = lapsing(-1).only()
    assert (change.action, change.reason, change.is_allowed) == (Action.DELETE, Reason.LAPSED, True)


def test_a_last_day_is_over_only_after_it() -> None:
    assert lapsing(0).plan().changes == ()


@pytest.mark.parametrize("reason", REGISTRY)
def test_a_registrys_entry_never_lapses(reason: ReasonCode) -> None:
    assert lapsing(-1, reason).plan().changes == ()


@pytest.mark.parametrize("reason", REGISTRY)
def test_a_registrys_entry_does_not_lapse_when_its_line_goes_either(reason: ReasonCode) -> None:
    case = lapsing(-1, reason)
    case.desired = claims()
    assert blocked(case.plan()) == [(BlockedBy.NO_RELEASE,)]


def test_an_end_that_was_moved_earlier_is_no_lapse() -> None:
    case = lapsing(5, now=until(day(-1)))
    assert blocked(case.plan()) == [(BlockedBy.NO_RELEASE,)]
    case.desired = claims(("a.yaml", A, ONE, until(day(-1))), releases=[release()])
    assert told(case.plan()) == OFF


def test_an_end_that_was_moved_later_stands() -> None:
    assert lapsing(-1, now=until(day(5))).plan().changes == ()


def test_each_claim_lapses_for_itself() -> None:
    both = claims(("a.yaml", A, ONE, until(day(-1))), ("b.yaml", A, ONE, until(day(4), ReasonCode.LOCAL)))
    stands = live({KEY: entry(until(day(4), ReasonCode.LOCAL))})
    assert Case(both, held(both, as_of=day(-5)), stands).plan().changes == ()


# Weakening.


@pytest.mark.parametrize("weaker", [never(ReasonCode.UNKNOWN), until(day(9))])
def test_weaker_terms_need_a_release(weaker: Terms) -> None:
    before, stands = held(claims(("a.yaml", A, ONE, never()))), live({KEY: entry(never())})
    assert told(Case(claims(("a.yaml", A, ONE, weaker)), before, stands).plan()) == []
    with_release = claims(("a.yaml", A, ONE, weaker), releases=[release()])
    assert told(Case(with_release, before, stands).plan()) == [(Action.UPDATE, A, (ONE,))]


def test_an_earlier_end_is_weaker_even_where_the_wire_does_not_carry_it() -> None:
    before, stands = held(claims(("a.yaml", A, ONE, until(day(9))))), live({KEY: entry(until(day(9)))})
    plan = Case(claims(("a.yaml", A, ONE, until(day(5)))), before, stands).plan()
    assert plan.target_state.get(KEY) == until(day(9))
    assert blocked(plan) == [(BlockedBy.NO_RELEASE,)]


# Lines that move.


def test_a_line_may_move_from_file_to_file() -> None:
    before = held(claims(("a.yaml", A, ONE, never())))
    plan = Case(claims(("b.yaml", A, ONE, never())), before, live({KEY: entry(never())})).plan()
    assert (plan.changes, dict(plan.target_state.retained)) == ((), {})


def test_a_line_of_another_kind_does_not_stand_in() -> None:
    before = held(claims(("a.yaml", A, ONE, never(ReasonCode.NATIONAL))))
    plan = Case(claims(("b.yaml", A, ONE, never())), before, live({KEY: entry(never())})).plan()
    assert plan.target_state.retained[KEY] == kept(never(ReasonCode.NATIONAL))
    assert plan.changes == ()
