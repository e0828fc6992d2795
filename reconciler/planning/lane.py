"""Which lane a plan goes in: one that only protects may be quick, one that exposes needs people."""

from collections.abc import Iterable
from enum import StrEnum

from reconciler.planning.change import Change


class Lane(StrEnum):
    """What a plan comes to as a whole, over everything that `apply` would send."""

    PROTECTIVE = "protective"
    EXPOSING = "exposing"
    NONE = "none"


def lane(changes: Iterable[Change]) -> Lane:
    """Tell the lane. One exposing change is enough for `exposing`; what guards keep is not sent."""
    going = [change.exposing for change in changes if change.goes]
    if not going:
        return Lane.NONE
    return Lane.EXPOSING if any(going) else Lane.PROTECTIVE
