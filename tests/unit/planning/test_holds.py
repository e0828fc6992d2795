"""Holds: what one names is not deleted, weakened or moved, whatever permits it."""

from dataclasses import replace
from datetime import date

import pytest

from reconciler.core.model.entries import Hold, ReasonCode
from reconciler.core.model.entries import ReleaseReason as Why
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits
from reconciler.core.planning.state import LastApplied, removed_holds
from tests.unit.planning.builders import (
    KEY,
    OFF,
    ONE,
    TODAY,
    TWO,
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

SINCE = date(2026, 11, 2)
PHONE = Hold("LIT-7", SINCE, phones=frozenset({ONE}))
LIST = Hold("LIT-7", SINCE, list_id=A)
ALL = Hold("LIT-7", SINCE, everything=True)
OTHERS = (
    Hold("LIT-7", SINCE, phones=frozenset({TWO})),
    Hold("LIT-7", SINCE, list_id=B),
    replace(ALL, until=day(-1)),
)
WEAKER = never(ReasonCode.LOCAL)


def holding(case: Case, *holds: Hold) -> Case:
    return replace(case, desired=replace(case.desired, holds=holds))


def weakened(*holds: Hold) -> Case:
    now = claims(("a.yaml", A, ONE, WEAKER), releases=[release()], holds=holds)
    return Case(now, held(claims(("a.yaml", A, ONE, never()))), live({KEY: entry(never())}))


# What it names.


def test_a_hold_on_the_number_keeps_what_a_release_lets_off() -> None:
    assert blocked(holding(gone(), PHONE).plan()) == [(BlockedBy.HOLD,)]


def test_a_hold_on_the_list_keeps_what_a_release_lets_off() -> None:
    assert blocked(holding(gone(), LIST).plan()) == [(BlockedBy.HOLD,)]


def test_a_hold_on_everything_keeps_what_a_release_lets_off() -> None:
    assert blocked(holding(gone(), ALL).plan()) == [(BlockedBy.HOLD,)]


def test_one_hold_of_several_is_enough() -> None:
    assert blocked(holding(gone(), *OTHERS, PHONE).plan()) == [(BlockedBy.HOLD,)]


@pytest.mark.parametrize("other", OTHERS)
def test_a_hold_on_something_else_or_that_is_over_keeps_nothing(other: Hold) -> None:
    assert told(holding(gone(), other).plan()) == OFF


def test_a_hold_stands_until_its_last_day_is_over_everywhere() -> None:
    last = replace(PHONE, until=TODAY)
    assert blocked(holding(gone(), last).plan()) == [(BlockedBy.HOLD,)]
    assert told(replace(holding(gone(), last), as_of=day(1)).plan()) == OFF


# What it keeps from happening.


def test_a_lapsed_term_stays() -> None:
    assert told(lapsing(-1).plan()) == OFF
    assert blocked(holding(lapsing(-1), PHONE).plan()) == [(BlockedBy.HOLD,)]


def test_terms_are_not_weakened() -> None:
    assert told(weakened().plan()) == [(Action.UPDATE, A, (ONE,))]
    plan = weakened(PHONE).plan()
    assert blocked(plan) == [(BlockedBy.HOLD,)]
    assert plan.target_state.get(KEY) == never()
    assert not plan.target_state.authorizations


def test_what_is_weaker_in_cxone_is_restored_as_held() -> None:
    case = replace(weakened(PHONE), live=live({KEY: entry(WEAKER)}))
    assert [(c.action, c.after) for c in case.plan().changes if c.is_allowed] == [(Action.UPDATE, never())]


def test_what_somebody_took_off_is_restored_although_a_release_permits_it() -> None:
    case = replace(holding(gone(), PHONE), live=live())
    assert told(case.plan()) == [(Action.CREATE, A, (ONE,))]


def test_a_number_arrives_where_it_moves_to_and_stays_where_it_was() -> None:
    now = claims(
        ("b.yaml", B, ONE, never()), releases=[release(reason=Why.MOVED, to=B)], holds=[replace(LIST)]
    )
    case = Case(now, held(claims(("a.yaml", A, ONE, never()))), live({KEY: entry(never())}))
    assert told(case.plan()) == [(Action.CREATE, B, (ONE,))]
    case.live = live({KEY: entry(never()), (B, ONE): entry(never())})
    case.met = Circumstances(protective_sent=True)
    assert blocked(case.plan()) == [(BlockedBy.HOLD,)]


def test_nothing_on_hold_is_left_to_people() -> None:
    for case in (gone(), lapsing(-1), weakened()):
        case.limits = Limits(removable=False)
        assert case.plan().summary["by_hand"] == 1
        plan = holding(case, PHONE).plan()
        assert (plan.summary["by_hand"], plan.summary["blocked"]) == (0, 1)


def test_allowed_removals_do_not_overrule_it() -> None:
    case = replace(holding(gone(), PHONE), limits=Limits(allow=1, removable=True))
    assert blocked(case.plan()) == [(BlockedBy.HOLD,)]


def test_a_claim_that_another_files_claim_stands_in_for_needs_no_keeping() -> None:
    now = claims(("b.yaml", A, ONE, never()), holds=[PHONE])
    plan = Case(now, held(claims(("a.yaml", A, ONE, never()))), live({KEY: entry(never())})).plan()
    assert (plan.changes, dict(plan.target_state.retained)) == ((), {})


def test_what_is_protective_goes_on() -> None:
    now = claims(("a.yaml", A, ONE, never()), ("a.yaml", A, TWO, WEAKER), holds=[ALL])
    case = Case(now, held(claims(("a.yaml", A, ONE, WEAKER))), live({KEY: entry(WEAKER)}))
    assert told(case.plan()) == [(Action.CREATE, A, (TWO,)), (Action.UPDATE, A, (ONE,))]


def test_it_does_not_bring_back_what_is_not_held() -> None:
    assert Case(claims(releases=[release()], holds=[ALL]), LastApplied(), live()).plan().changes == ()


# Its reason, beside others.


def test_it_is_said_beside_what_else_keeps_the_number() -> None:
    case = holding(gone(releases=()), PHONE)
    assert blocked(case.plan()) == [(BlockedBy.NO_RELEASE, BlockedBy.HOLD)]
    odd = holding(gone(releases=(release(reason=Why.REGISTRY_REMOVED),)), PHONE)
    assert blocked(odd.plan()) == [(BlockedBy.RELEASE_DOES_NOT_FIT, BlockedBy.HOLD)]
    touched = holding(gone(modified=None), PHONE)
    assert blocked(touched.plan()) == [(BlockedBy.LATER_OPT_OUT, BlockedBy.HOLD)]


# When it is lifted.


def test_a_release_that_a_hold_alone_held_back_is_not_spent() -> None:
    plan = holding(gone(), PHONE).plan()
    after = held(claims(releases=[release()]), kept=dict(plan.target_state.retained))
    case = Case(claims(releases=[release()]), after, live({KEY: entry(never())}))
    assert told(case.plan()) == OFF


def test_a_release_that_was_spent_before_the_hold_stays_spent() -> None:
    before = held(claims(("a.yaml", A, ONE, never()), releases=[release()]))
    now = claims(releases=[release()])
    case = Case(now, before, live({KEY: entry(never())}))
    plan = holding(case, PHONE).plan()
    assert blocked(plan) == [(BlockedBy.NO_RELEASE, BlockedBy.HOLD)]
    lifted = Case(now, held(now, kept=dict(plan.target_state.retained)), live({KEY: entry(never())}))
    assert blocked(lifted.plan()) == [(BlockedBy.NO_RELEASE,)]


def test_a_release_that_came_while_the_hold_stood_lets_the_number_off() -> None:
    keeping = {KEY: replace(kept(never()), blocked_by=(BlockedBy.NO_RELEASE, BlockedBy.HOLD))}
    now = claims(releases=[release()])
    held_back = holding(Case(now, held(claims(), kept=keeping), live({KEY: entry(never())})), PHONE).plan()
    assert blocked(held_back) == [(BlockedBy.HOLD,)]
    lifted = Case(now, held(now, kept=dict(held_back.target_state.retained)), live({KEY: entry(never())}))
    assert told(lifted.plan()) == OFF


def test_a_term_that_was_over_while_the_hold_stood_lapses_when_it_is_lifted() -> None:
    plan = holding(lapsing(-1), PHONE).plan()
    case = replace(lapsing(-1), held=held(claims(), kept=dict(plan.target_state.retained)))
    assert told(case.plan()) == OFF


def test_weaker_terms_that_a_hold_held_back_go_when_it_is_lifted() -> None:
    plan = weakened(PHONE).plan()
    now = weakened().desired
    case = Case(now, held(now, kept=dict(plan.target_state.retained)), live({KEY: entry(never())}))
    assert told(case.plan()) == [(Action.UPDATE, A, (ONE,))]


def test_an_end_that_was_moved_earlier_under_hold_stays_as_held() -> None:
    now = claims(("a.yaml", A, ONE, until(day(5))), releases=[release()], holds=[LIST])
    plan = Case(
        now, held(claims(("a.yaml", A, ONE, until(day(9))))), live({KEY: entry(until(day(9)))})
    ).plan()
    assert blocked(plan) == [(BlockedBy.HOLD,)]
    assert plan.target_state.get(KEY) == until(day(9))


# Holds that went.


def test_only_what_names_as_much_and_as_long_stands_in() -> None:
    """S26: a hold that was taken out, narrowed, ended early or called otherwise is gone."""
    both = replace(PHONE, phones=frozenset({ONE, TWO}), until=day(9))
    one = replace(both, phones=frozenset({ONE}))
    two = replace(both, phones=frozenset({TWO}))
    for fewer in ((), (one,), (replace(both, until=day(8)),), (replace(both, matter="LIT-8"),)):
        assert list(removed_holds([both], fewer, TODAY)) == [both]
    for enough in ((replace(both, until=day(10)),), (one, two), (replace(ALL, until=None),)):
        assert not list(removed_holds([both], enough, TODAY))


def test_a_hold_that_reaches_its_end_simply_ends() -> None:
    assert not list(removed_holds([replace(PHONE, until=day(-1))], (), TODAY))
