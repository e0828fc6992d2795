"""`dnc drift`: what CXone has that git does not, and the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.core.model.finding import Finding, Severity, finding_to_json
from reconciler.core.planning.change import Drift
from reconciler.core.planning.deadlines import open_requests_to_json
from reconciler.core.planning.plan import drift_to_json, live_to_json
from reconciler.use_cases.reconcile.kept_read import save_read
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.workspace.context import CommandContext, iso

UNREPORTED = "AUDIT-RUN"


@dataclass(frozen=True, slots=True)
class DriftResult:
    """What somebody changed in CXone, and the alarms that stand."""

    tenant: str
    drift: tuple[Drift, ...]
    findings: tuple[Finding, ...]
    foreign: dict[str, int]
    document: dict[str, Any]

    @property
    def alarms(self) -> int:
        """Count what only time brought."""
        return sum(finding.severity is Severity.ALARM for finding in self.findings)


def _unreported_findings(prepared: PreparedPlan) -> Iterator[Finding]:
    """Say that a run of this clone left no report, so what it changed may be listed as drift."""
    for run in prepared.state.last_applied.unreported_runs:
        message = (
            f"a run that began at {run.started_at[:19]}Z left no report: what it changed in CXone may be "
            "listed as drift here; fix: dnc apply, which reports it"
        )
        yield Finding("", 0, 0, "", UNREPORTED, Severity.WARNING, message)


def drift(ctx: CommandContext) -> DriftResult:
    """Compare live with the files and with what is held. Reads only."""
    with prepare_plan(ctx) as prepared:
        meter_plan(prepared)
        tenant, live = prepared.inputs.tenant.name, prepared.state.live
        findings = (*prepared.findings, *_unreported_findings(prepared))
        save_read(prepared, live, prepared.state.last_applied.newest)
        document = {
            "format_version": "1.0",
            "tenant": tenant,
            "revision": prepared.heading.revision,
            "held_revision": prepared.heading.last_applied_revision,
            "as_of": prepared.heading.as_of.isoformat(),
            "created_at": iso(ctx.clock()),
            "complete": prepared.plan.complete,
            "errored": False,
            "live": live_to_json(live),
            "drift": [drift_to_json(drift_row) for drift_row in prepared.plan.drift],
            "requests": open_requests_to_json(prepared.waiting(prepared.plan)),
            "findings": [finding_to_json(finding) for finding in findings],
        }
        return DriftResult(tenant, prepared.plan.drift, findings, dict(live.foreign), document)
