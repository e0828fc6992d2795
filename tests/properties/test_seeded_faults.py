"""Every seeded fault is noticed: a law or a test fails with it and holds without it."""

from types import ModuleType

import pytest
from hypothesis import Phase

from tests.properties.catalogue import LAWS
from tests.properties.seeded_faults import FAULTS
from tests.properties.seeding import Fault, seeded
from tests.unit.apply import test_applier, test_run
from tests.unit.planning import (
    test_guards,
    test_holds,
    test_later_opt_out,
    test_permission,
    test_permission_rules,
    test_plan,
    test_requests,
    test_table,
)

ROOMS: dict[str, ModuleType] = {
    "applier": test_applier,
    "guards": test_guards,
    "holds": test_holds,
    "opt-out": test_later_opt_out,
    "permission": test_permission,
    "plan": test_plan,
    "requests": test_requests,
    "rules": test_permission_rules,
    "run": test_run,
    "table": test_table,
}
EXAMPLES = 400
# A number without an outcome is looked up in vain, and "the only change" may be none.
NOTICED = (AssertionError, KeyError, ValueError)


def _noticed(fault: Fault) -> bool:
    with seeded(fault):
        for test in fault.tests:
            room, name = test.split(".")
            try:
                getattr(ROOMS[room], name)()
            except NOTICED:
                return True
        for name in fault.laws:
            try:
                LAWS[name].hold(EXAMPLES, phases=(Phase.generate,))
            except NOTICED:
                return True
    return False


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_seeded_fault_is_noticed(fault: Fault) -> None:
    assert _noticed(fault)


def test_the_tests_hold_without_a_fault() -> None:
    for test in {test for fault in FAULTS for test in fault.tests}:
        room, name = test.split(".")
        getattr(ROOMS[room], name)()
