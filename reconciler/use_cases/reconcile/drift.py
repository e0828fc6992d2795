"""`dnc drift`: what CXone has that git does not, and the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.core.model.finding import Finding, Severity, finding_to_json
from reconciler.core.planning.change import Drift
from reconciler.core.planning.coverage import COVERAGE_RULE
from reconciler.core.planning.deadlines import open_requests_to_json
from reconciler.core.planning.plan import change_to_json, drift_to_json, live_to_json
from reconciler.use_cases.reconcile.kept_read import save_read
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.reconcile.safety import budget_json
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
        """Count what only time brought. Skills count where they are worse than the newest report says."""
        found = sum(
            finding.severity is Severity.ALARM for finding in self.findings if finding.rule != COVERAGE_RULE
        )
        return found + bool(self.document["coverage_worse"])


def _unreported_findings(prepared: PreparedPlan) -> Iterator[Finding]:
    """Say that a run of this clone left no report, so what it changed may be listed as drift."""
    for run in prepared.state.last_applied.unreported_runs:
        message = (
            f"a run that began at {run.started_at[:19]}Z left no report: what it changed in CXone may be "
            "listed as drift here; fix: dnc apply, which reports it"
        )
        yield Finding("", 0, 0, "", UNREPORTED, Severity.WARNING, message)


def drift(ctx: CommandContext) -> DriftResult:
    """Compare live with the files and with what is held. Reads only.

    What guards keep is in CXone and no longer in the files, so the answer has it, too.
    """
    with prepare_plan(ctx) as prepared:
        meter_plan(prepared)
        plan, dialect = prepared.plan, prepared.state.provider.dialect
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
            "complete": plan.complete,
            "errored": False,
            "live": live_to_json(live),
            "summary": {name: plan.summary[name] for name in ("unmanaged", "blocked", "by_hand")},
            "drift": [drift_to_json(drift_row) for drift_row in plan.drift],
            "kept": [change_to_json(c, dialect) for c in plan.changes if c.is_exposing and c.blocked_by],
            "budget": budget_json(ctx, plan.budget),
            "requests": open_requests_to_json(prepared.waiting(plan)),
            **prepared.coverage.plan_json(),
            "coverage_worse": prepared.coverage.is_worse,
            "findings": [finding_to_json(finding) for finding in findings],
        }
        return DriftResult(tenant, plan.drift, findings, dict(live.foreign), document)
