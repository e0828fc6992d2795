"""Every seeded fault is noticed: a law or a test fails with it and holds without it."""

from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import Phase

from tests.properties.catalogue import LAWS, Law
from tests.properties.seeded_faults import FAULTS
from tests.properties.seeding import Fault, seeded
from tests.unit.apply import test_applier, test_early, test_run
from tests.unit.planning import test_counted as counted
from tests.unit.planning import test_early as choice
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

MODULES: dict[str, ModuleType] = {
    "applier": test_applier,
    "early": test_early,
    "choice": choice,
    "counted": counted,
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


def _tests(fault: Fault) -> list[Callable[[], None]]:
    """Look up the tests that a fault names, outside of what counts as noticing it."""
    names = [name.split(".") for name in fault.tests]
    return [getattr(MODULES[module], test) for module, test in names]


def _laws(fault: Fault) -> list[Law]:
    return [LAWS[name] for name in fault.laws]


def _fails(check: Callable[[], None]) -> bool:
    try:
        check()
    except NOTICED:
        return True
    return False


def _noticed(fault: Fault) -> bool:
    tests, laws = _tests(fault), _laws(fault)
    with seeded(fault):
        return any(_fails(test) for test in tests) or any(
            _fails(lambda law=law: law.hold(EXAMPLES, phases=(Phase.generate,))) for law in laws
        )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_seeded_fault_is_noticed(fault: Fault) -> None:
    assert _noticed(fault)


@pytest.mark.parametrize(
    "fault", [Fault("", None, "", "", ("none",)), Fault("", None, "", "", (), ("rules.none",))]
)
def test_an_unknown_name_is_no_notice(fault: Fault) -> None:
    with pytest.raises((KeyError, AttributeError)):
        _noticed(fault)


def test_the_tests_hold_without_a_fault() -> None:
    for test in dict.fromkeys(test for fault in FAULTS for test in _tests(fault)):
        test()
