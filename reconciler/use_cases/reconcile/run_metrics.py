"""What a use case tells its meter, where there is one: what was found, what was done, what is left."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.audit.report import StoredReport
from reconciler.core.planning.change import DriftKind
from reconciler.use_cases.workspace.context import Measured

if TYPE_CHECKING:
    from reconciler.core.apply.run import Run
    from reconciler.core.planning.deadlines import OpenRequest
    from reconciler.core.planning.plan import Plan
    from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan


def meter_plan(prepared: "PreparedPlan") -> None:
    """Tell what a plan found in CXone, and what it would do."""
    if prepared.ctx.run.meter is None:
        return
    told = prepared.ctx.run.meter.of(prepared.inputs.tenant.name)
    told.entries = {list_id: len(entries) for list_id, entries in prepared.state.live.lists.items()}
    told.changes = {action: prepared.plan.summary[action] for action in ("create", "update", "delete")}
    drift: Counter[str] = Counter(dict.fromkeys((kind.value for kind in DriftKind), 0))
    for one in prepared.plan.drift:
        drift[one.kind.value] += len(one.phones)
    told.drift = drift
    _waiting(told, prepared.waiting(prepared.plan), prepared.plan)


def meter_run(prepared: "PreparedPlan", run: "Run", status: str, stored: StoredReport | None) -> None:
    """Tell what a run did, and what it left."""
    if prepared.ctx.run.meter is None:
        return
    told = prepared.ctx.run.meter.of(prepared.inputs.tenant.name)
    told.status = status
    told.entries = {list_id: len(entries) for list_id, entries in run.after.lists.items()}
    told.outcomes = {outcome.value: count for outcome, count in run.tally.results.counts.items()}
    told.not_live = len(run.not_live)
    told.conflicts = sum(len(sent.answer.conflicts) for sent in run.tally.sent)
    if stored is not None and stored.report.is_verified:
        told.verified_at = stored.report.finished_at
    _waiting(told, prepared.waiting(run.final), run.final)


def _waiting(told: Measured, waiting: "tuple[OpenRequest, ...]", plan: "Plan") -> None:
    told.blocked = len(plan.blocked)
    told.waiting, told.late = _count(waiting), _count(one for one in waiting if one.past)


def _count(waiting: "Iterable[OpenRequest]") -> int:
    return sum(len(one.phones) for one in waiting)
