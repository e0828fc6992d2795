"""`dnc drift`: what CXone has that git does not, and the other way round."""

from dataclasses import dataclass
from typing import Any

from reconciler.core.model.finding import Finding, Severity, finding_json
from reconciler.core.planning.change import Drift
from reconciler.core.planning.deadlines import requests_json
from reconciler.core.planning.plan import drift_json, live_json
from reconciler.use_cases.reconcile.kept_read import keep
from reconciler.use_cases.reconcile.prepared_plan import prepare_plan
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.workspace.context import CommandContext, iso


@dataclass(frozen=True, slots=True)
class Drifted:
    """What somebody changed in CXone, and the alarms that stand."""

    tenant: str
    drift: tuple[Drift, ...]
    findings: tuple[Finding, ...]
    foreign: dict[str, int]
    document: dict[str, Any]

    @property
    def alarms(self) -> int:
        """Count what only time brought."""
        return sum(f.severity is Severity.ALARM for f in self.findings)


def drift(ctx: CommandContext) -> Drifted:
    """Compare live with the files and with what is held. Reads only."""
    with prepare_plan(ctx) as prepared:
        meter_plan(prepared)
        tenant, live = prepared.inputs.tenant.name, prepared.state.live
        keep(prepared, live, prepared.state.last_applied.newest)
        document = {
            "format_version": "1.0",
            "tenant": tenant,
            "revision": prepared.heading.revision,
            "held_revision": prepared.heading.held_revision,
            "as_of": prepared.heading.as_of.isoformat(),
            "created_at": iso(ctx.clock()),
            "complete": prepared.plan.complete,
            "errored": False,
            "live": live_json(live),
            "drift": [drift_json(d) for d in prepared.plan.drift],
            "requests": requests_json(prepared.waiting(prepared.plan)),
            "findings": [finding_json(f) for f in prepared.findings],
        }
        return Drifted(tenant, prepared.plan.drift, prepared.findings, dict(live.foreign), document)
