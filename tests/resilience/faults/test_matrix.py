"""Every fault in every phase, once and for a whole run; and one more apply sets everything right.

There are more than a thousand cases. By default every ninth is played, spread so that each fault and each
phase has its share; `DNC_FAULTS=all` plays them all.
"""

import os
from itertools import product

import pytest

from reconciler.core.planning.change import DriftKind
from tests.resilience.faults.cases import FAULTS, LIES, PHASES, fault
from tests.resilience.faults.wired import (
    ADDED,
    FOREIGN,
    LIST,
    OPT_OUT,
    RELEASED,
    exposed,
    put_right,
    set_up,
    untold,
    wired,
)

_ALL = [
    (name, phase, lasting)
    for name, phase, lasting in product(FAULTS, PHASES, (False, True))
    # A lasting time-out is eight real ones a request; one phase shows what there is to see.
    if not (lasting and name == "time-out, stored" and phase != "create")
    if not (name in LIES and phase.startswith("delete"))
]
_PLAYED = (
    _ALL if os.environ.get("DNC_FAULTS") == "all" else [case for n, case in enumerate(_ALL) if not n % 9]
)


@pytest.mark.parametrize(
    ("name", "phase", "lasting"), _PLAYED, ids=lambda v: {True: "lasting", False: "once"}.get(v, v)
)
def test_nothing_is_lost(name, phase, lasting):
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(fault(name, phase, lasting=lasting))
        ended = made.apply()
        assert untold(made, ended, stood, before) == []
        assert ended.requests < 300
        assert put_right(made, stood) == []
    assert made.seen.leaked == []
    assert "\x1b" not in made.seen.text.getvalue()


def test_what_is_played_by_default_has_every_fault_and_every_phase():
    played = [case for n, case in enumerate(_ALL) if not n % 9]
    assert {name for name, _, _ in played} == set(FAULTS)
    assert {(phase, lasting) for _, phase, lasting in played} == set(product(PHASES, (False, True)))


@pytest.mark.parametrize("name", LIES)
def test_a_removal_that_cxone_claims_and_did_not_do_leaves_the_number_silent(name):
    """Nothing but a reading could tell; the next one does, and takes the number for an opt-out."""
    with wired() as made:
        stood = set_up(made)
        made.sandbox.plan(fault(name, "delete", lasting=True))
        assert made.apply().run.is_clean
        made.sandbox.faults.clear()
        made.clock.tick(60)
        last = made.apply().run
        assert exposed(made, stood) == []
        assert {(LIST, phone) for phone in RELEASED} <= made.stored.keys()
        (drift,) = last.plan.drift
        assert (drift.kind, set(drift.phones)) == (DriftKind.UNMANAGED, {OPT_OUT, *RELEASED})


def test_the_scene_is_what_the_matrix_thinks_it_is():
    with wired() as made:
        stood = set_up(made)
        assert len(stood) == 6 + 3 + 1 + FOREIGN
        ended = made.apply()
        assert ended.run.plan.summary == {
            "create": len(ADDED) + 1,
            "update": 3,
            "delete": 2,
            "unchanged": 6,
            "unmanaged": 1,
            "blocked": 0,
            "by_hand": 0,
        }
        assert [asked.kind for asked in made.sandbox.requests.list_requests()][-13:] == [
            "token",
            *["read"] * 3,
            *["bulk"] * 4,
            *["read"] * 3,
            *["delete"] * 2,
        ]
