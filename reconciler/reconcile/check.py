"""One thing that `dnc doctor` looked at."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.errors import DncError


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `exit_code` is what a failure comes to."""

    name: str
    state: State
    said: str
    way_out: str = ""
    exit_code: int = 0


def ok(name: str, said: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, State.OK, said)


def failed(name: str, error: DncError) -> Check:
    """Say an error as a check. Several findings are too many for a line: the first, and how many."""
    own = error.findings
    fact = f"{error.where}: {error.fact}" if error.where else error.fact
    if own and own[0].line:
        fact = f"{own[0]}" + (f" (and {len(own) - 1} more: dnc validate)" if len(own) > 1 else "")
    return Check(name, State.FAIL, fact, error.way_out, error.exit_code)
