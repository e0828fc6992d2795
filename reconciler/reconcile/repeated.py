"""A report of what read nothing: it repeats what the one before told, so that nothing held changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler import __version__
from reconciler.apply.tally import Outcome
from reconciler.audit.report import Content, Report
from reconciler.planning.plan import COUNTS
from reconciler.reconcile.actors import triggerer_json
from reconciler.reconcile.asserted import actor_json, pipeline_json
from reconciler.reconcile.clock import iso
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.traffic import clock_json, latency_json
from reconciler.repository.repository import Repository


def repeated(  # noqa: PLR0913  (what a report is told by)
    around: Surroundings,
    repository: Repository,
    before: Report,
    started: datetime,
    *,
    status: str,
    error: dict[str, Any] | None = None,
) -> Content:
    """Write it: revision, date, kept and not live, known refusals, limits and target are as before."""
    finished, head = max(started, around.clock()), repository.head()
    outcomes = dict.fromkeys((outcome.value.replace("-", "_") for outcome in Outcome), 0)
    return Content(
        tool_version=__version__,
        tenant=before.tenant,
        target=before["target"],
        revision=before.revision,
        held_revision=before["held_revision"],
        as_of=before["as_of"],
        plan_digest="",
        actor=actor_json(around, repository, head),
        pipeline=pipeline_json(around.pipeline),
        hashes=before["hashes"],
        safety=before["safety"],
        overrides={},
        started_at=iso(started),
        finished_at=iso(finished),
        status=status,
        summary={**dict.fromkeys(COUNTS, 0), **outcomes},
        chunks=[],
        latency_ms=latency_json(()),
        failures=before["failures"],
        not_live=before["not_live"],
        kept=[_kept(row, finished) for row in before["kept"]],
        releases_used={},
        others={},
        touched=None,
        lingering_holds=before.get("lingering_holds", []),
        restored=[],
        restored_windows=[],
        adopted=[],
        renewed=[],
        read_back=None,
        clock=clock_json(None, finished),
        write_window=None,
        removed={},
        interrupted=[],
        requests={
            "days": {"p50": None, "p95": None, "max": None},
            "in_time": 0,
            "late": [],
            "open": before.get("requests", {}).get("open", []),
        },
        alarms=before.get("alarms", []),
        live={"before": {}, "after": {}},
        reasons={},
        error=error,
        actors=triggerer_json(around, repository),
        ran={},
    )


def _kept(row: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Repeat what is kept; since later than now it can only be where a clock was ahead before."""
    since = row["since"]
    return {**row, "since": iso(now)} if since and datetime.fromisoformat(since) > now else row
