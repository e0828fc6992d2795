"""A release that needs approval: until then it is as good as not there, and waiting does not spend it."""

from dataclasses import replace

import pytest

from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import make_plan
from tests.unit.planning.builders import (
    DIALECT,
    KEY,
    OFF,
    ONE,
    TODAY,
    A,
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
)

OLD, NEW = release(on=day(-9), evidence="FORM-0"), release()


def plan(case: Case, *approved):
    """Plan where these releases are approved."""
    setting = PlanFacts(
        case.desired,
        case.held,
        DIALECT,
        case.ledger,
        case.as_of,
        case.limits,
        is_approved=lambda r: r in approved,
    )
    return make_plan(setting, case.live, case.met)


def waiting(*why: BlockedBy, then=(), now=(NEW,)) -> Case:
    """Make the case of a number that is kept for these reasons since a run that saw some releases."""
    known = {KEY: replace(kept(never()), blocked_by=why)}
    return Case(claims(releases=now), held(claims(releases=then), kept=known), live({KEY: entry(never())}))


def test_one_that_nobody_approved_permits_nothing():
    assert blocked(plan(gone())) == [(BlockedBy.APPROVAL,)]


def test_one_that_is_approved_permits():
    assert told(plan(gone(), NEW)) == OFF


def test_one_that_waited_permits_once_it_is_approved():
    case = waiting(BlockedBy.APPROVAL, then=(NEW,))
    assert blocked(plan(case)) == [(BlockedBy.APPROVAL,)]
    assert told(plan(case, NEW)) == OFF


@pytest.mark.parametrize("late", [NEW, replace(NEW, released_on=day(-1))])
def test_an_older_release_that_is_spent_does_not_spend_the_one_that_waits(late):
    line = ("a.yaml", A, ONE, never())
    first = Case(
        claims(releases=(OLD, late)), held(claims(line, releases=(OLD,))), live({KEY: entry(never())})
    )
    assert blocked(plan(first, OLD)) == [(BlockedBy.APPROVAL,)]
    then = waiting(BlockedBy.APPROVAL, then=(OLD, late), now=(OLD, late))
    assert told(plan(then, OLD, late)) == OFF


def test_nor_does_the_one_that_waits_revive_an_older_one():
    then = waiting(BlockedBy.APPROVAL, then=(OLD, NEW), now=(OLD, NEW))
    assert told(plan(then, OLD)) == []


def test_a_newer_one_that_is_spent_says_so():
    """It might count again, if the report forgot that it is spent."""
    line = ("a.yaml", A, ONE, never())
    case = Case(claims(releases=(OLD, NEW)), held(claims(line, releases=(NEW,))), live({KEY: entry(never())}))
    assert blocked(plan(case, NEW)) == [(BlockedBy.NO_RELEASE, BlockedBy.APPROVAL)]


def test_one_beside_a_standing_line_is_spent_whether_or_not_it_was_approved():
    line = ("a.yaml", A, ONE, never())
    case = Case(claims(releases=(NEW,)), held(claims(line, releases=(NEW,))), live({KEY: entry(never())}))
    assert blocked(plan(case, NEW)) == [(BlockedBy.NO_RELEASE,)]


def test_a_lapse_needs_nobody():
    assert told(plan(lapsing(-1))) == OFF


def test_nobody_is_asked_about_a_release_that_would_permit_nothing():
    def asked(_):
        raise AssertionError

    line = ("a.yaml", A, ONE, never())
    stands = Case(claims(line, releases=(NEW,)), held(claims(line)), live({KEY: entry(never())}))
    setting = PlanFacts(
        stands.desired, stands.held, DIALECT, stands.ledger, TODAY, stands.limits, is_approved=asked
    )
    assert make_plan(setting, stands.live).changes == ()
