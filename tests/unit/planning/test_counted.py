"""Which runs need no read: all that is new was sent, and nothing has permission that it had not before."""

from dataclasses import replace
from datetime import date

import pytest

from reconciler.core.model.provider import Write
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.counted import plan_without_read
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.state import AppliedEntry, LastApplied, Retained
from tests.unit.planning.builders import (
    DIALECT,
    ONE,
    THREE,
    TODAY,
    TWO,
    A,
    Ledger,
    claims,
    never,
    release,
    until,
)

HELD = ("p.yaml", A, ONE, never())
NEW = ("p.yaml", A, TWO, never())


def plan_of(lines, *, held=(HELD,), sent=(), releases=None, before=None, **past):
    files = claims(*held).files
    last_applied = LastApplied(files, before or {}, revision="r1", **past)
    declared = replace(claims(*lines), releases=releases or {})
    facts = PlanFacts(declared, last_applied, DIALECT, Ledger(), TODAY, Limits(removable=True))
    return plan_without_read(facts, Circumstances(), [Write(A, phone, never()) for phone in sent])


def test_what_was_sent_is_the_plan():
    plan = plan_of([HELD, NEW], sent=[TWO])
    assert plan is not None
    assert [(change.action, change.phones) for change in plan.changes] == [(Action.CREATE, (TWO,))]
    assert plan.target_state.retained == {}


def test_where_nothing_is_new_nothing_is_planned():
    plan = plan_of([HELD])
    assert plan is not None
    assert plan.changes == ()


@pytest.mark.parametrize(
    "lines",
    [
        [HELD, NEW, ("p.yaml", A, THREE, until(date(2027, 1, 1)))],
        [HELD, NEW, ("q.yaml", "dnc-other", ONE, never())],
    ],
)
def test_a_new_entry_that_was_not_sent_waits_for_the_read(lines):
    assert plan_of(lines, sent=[TWO]) is None


def test_terms_that_got_stronger_wait_for_the_read():
    weaker = ("p.yaml", A, ONE, until(date(2027, 1, 1)))
    assert plan_of([HELD], held=(weaker,)) is None


def test_what_vanished_without_permission_stays_and_needs_no_read():
    plan = plan_of([NEW], sent=[TWO])
    assert plan is not None
    assert plan.target_state.retained[A, ONE].blocked_by == (BlockedBy.NO_RELEASE,)
    assert plan.exposing_keys == frozenset()


def test_a_release_needs_the_read():
    permitted = {(A, ONE): (release(A, ONE),)}
    assert plan_of([NEW], sent=[TWO], releases=permitted) is None


def test_a_lapse_needs_the_read():
    over = ("p.yaml", A, ONE, until(date(2020, 1, 1)))
    assert plan_of([NEW], held=(over,), sent=[TWO]) is None


def test_what_a_later_opt_out_keeps_stays_as_it_was_told():
    over = AppliedEntry("p.yaml", until(date(2020, 1, 1)), last_revision="r0")
    kept = Retained((over,), (BlockedBy.LATER_OPT_OUT,))
    plan = plan_of([HELD], retained={(A, THREE): kept})
    assert plan is not None
    assert plan.target_state.retained == {(A, THREE): kept}
    assert plan.blocks == {(A, THREE): (BlockedBy.LATER_OPT_OUT,)}
    assert plan.exposing_keys == frozenset()
