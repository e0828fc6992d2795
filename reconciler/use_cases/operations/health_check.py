"""One check of `dnc doctor`: its name, how it ended, what was seen and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.model.errors import DncError


class State(StrEnum):
    """How a check ended. UNKNOWN: it was not tried."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `exit_code` is what a failure comes to."""

    name: str
    state: State
    message: str
    fix: str = ""
    exit_code: int = 0


def passed_check(name: str, message: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, State.OK, message)


def failed_check(name: str, error: DncError) -> Check:
    """Say an error as a check. Several findings are too many for a line: the first, and how many."""
    own_findings = error.findings
    fact = f"{error.where}: {error.fact}" if error.where else error.fact
    if own_findings and own_findings[0].line:
        fact = f"{own_findings[0]}" + (
            f" (and {len(own_findings) - 1} more: dnc validate)" if len(own_findings) > 1 else ""
        )
    return Check(name, State.FAIL, fact, error.fix, error.exit_code)
