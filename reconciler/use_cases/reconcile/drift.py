"""`dnc drift`: what CXone has that git does not, and the other way round."""

from dataclasses import dataclass
from typing import Any

from reconciler.core.model.finding import Finding, Severity, finding_json
from reconciler.core.planning.change import Drift
from reconciler.core.planning.deadlines import requests_json
from reconciler.core.planning.plan import drift_json, live_json
from reconciler.use_cases.reconcile.kept_read import keep
from reconciler.use_cases.reconcile.prepared_plan import planned
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
    with planned(ctx) as made:
        meter_plan(made)
        keep(made, made.live, made.past.newest)
        document = {
            "format_version": "1.0",
            "tenant": made.tenant.name,
            "revision": made.heading.revision,
            "held_revision": made.heading.held_revision,
            "as_of": made.heading.as_of.isoformat(),
            "created_at": iso(ctx.clock()),
            "complete": made.plan.complete,
            "errored": False,
            "live": live_json(made.live),
            "drift": [drift_json(d) for d in made.plan.drift],
            "requests": requests_json(made.waiting(made.plan)),
            "findings": [finding_json(f) for f in made.findings],
        }
        return Drifted(made.tenant.name, made.plan.drift, made.findings, dict(made.live.foreign), document)
