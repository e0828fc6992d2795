"""What a use case tells its meter, where there is one: what was found, what was done, what is left."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.audit.report import StoredReport
from reconciler.core.planning.change import DriftKind
from reconciler.use_cases.workspace.context import TenantMetrics

if TYPE_CHECKING:
    from reconciler.core.apply.run import Run
    from reconciler.core.planning.deadlines import OpenRequest
    from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan


def meter_plan(prepared: "PreparedPlan") -> None:
    """Tell what a plan found in CXone, and what it would do."""
    if prepared.ctx.run.meter is None:
        return
    measured = prepared.ctx.run.meter.of_tenant(prepared.inputs.tenant.name)
    measured.entries = {list_id: len(entries) for list_id, entries in prepared.state.live.lists.items()}
    measured.changes = {action: prepared.plan.summary[action] for action in ("create", "update", "delete")}
    drift: Counter[str] = Counter(dict.fromkeys((kind.value for kind in DriftKind), 0))
    for drift_row in prepared.plan.drift:
        drift[drift_row.kind.value] += len(drift_row.phones)
    measured.drift = drift
    measured.uncovered = prepared.coverage.current.uncovered_counts()
    _meter_waiting(measured, prepared.waiting(prepared.plan), len(prepared.plan.blocked_keys))


def meter_run(prepared: "PreparedPlan", run: "Run", status: str, stored_report: StoredReport | None) -> None:
    """Tell what a run did, and what it left."""
    if prepared.ctx.run.meter is None:
        return
    measured = prepared.ctx.run.meter.of_tenant(prepared.inputs.tenant.name)
    measured.status = status
    measured.entries = {list_id: len(entries) for list_id, entries in run.live_after.lists.items()}
    measured.outcomes = {outcome.value: count for outcome, count in run.tally.results.counts.items()}
    measured.not_live = len(run.not_live)
    measured.uncovered = prepared.coverage.current.uncovered_counts()
    measured.conflicts = sum(len(sent_request.answer.conflicts) for sent_request in run.tally.sent_requests)
    if stored_report is not None and stored_report.report.is_verified:
        measured.verified_at = stored_report.report.finished_at
    _meter_waiting(measured, prepared.waiting(run.final_plan), len(run.blocked_keys))


def _meter_waiting(measured: TenantMetrics, waiting: "tuple[OpenRequest, ...]", blocked: int) -> None:
    measured.blocked = blocked
    measured.waiting, measured.late = (
        _count_numbers(waiting),
        _count_numbers(open_request for open_request in waiting if open_request.is_overdue),
    )


def _count_numbers(waiting: "Iterable[OpenRequest]") -> int:
    return sum(len(open_request.phones) for open_request in waiting)
