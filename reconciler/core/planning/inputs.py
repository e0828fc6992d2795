"""All that a plan is made of besides the reading of CXone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from reconciler.core.model.deadline import Honour, NoDeadlines
from reconciler.core.model.entries import Claims, Hold, Release
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.cost import Pace
from reconciler.core.planning.guards import Limits
from reconciler.core.planning.modifications import History
from reconciler.core.planning.state import Held

Approved = Callable[[Release], bool]
"""Tells whether as many people approved a release as must; asked only of one that would permit something."""


def unasked(_: Release) -> bool:
    """Take every release as approved: where nobody besides its author must look."""
    return True


@dataclass(frozen=True, slots=True)
class Setting:
    """The same setting serves the plan and the decision on the read-back. `as_of` is the date at UTC-12.

    `lingering` are holds that the files had when they were last applied, and have no longer: they hold until
    it has been said for a day.
    """

    desired: Claims
    held: Held
    dialect: Dialect
    history: History
    as_of: date
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    honour: Honour = field(default_factory=NoDeadlines)
    approved: Approved = unasked
    lingering: tuple[Hold, ...] = ()
