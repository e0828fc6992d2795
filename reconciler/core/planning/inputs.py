"""All that a plan is made of besides the reading of CXone."""

from dataclasses import dataclass, field
from datetime import date

from reconciler.core.model.deadline import DeadlineSource, NoDeadlines
from reconciler.core.model.entries import DeclaredEntries, Hold
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.cost import SendRate
from reconciler.core.planning.ports import ApprovalCheck, History, unasked
from reconciler.core.planning.state import LastApplied


@dataclass(frozen=True, slots=True)
class Limits:
    """The safety limits in force for this run. `allow` is `--allow-removals N`; it replaces the others."""

    max_removals: int = 500
    max_removal_percent: float = 1.0
    allow: int | None = None
    removable: bool = False


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The same setting serves the plan and the decision on the read-back. `as_of` is the date at UTC-12.

    `lingering_holds` are holds that the files had when they were last applied, and have no longer: they hold
    until it has been said for a day.
    """

    declared: DeclaredEntries
    last_applied: LastApplied
    dialect: Dialect
    history: History
    as_of: date
    limits: Limits = field(default_factory=Limits)
    rate: SendRate = field(default_factory=SendRate)
    deadlines: DeadlineSource = field(default_factory=NoDeadlines)
    is_approved: ApprovalCheck = unasked
    lingering_holds: tuple[Hold, ...] = ()
