"""The certificate of a run: what was read and written, by what, how old that is, and until when it holds."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.git.runner import SIGNING_KEY
from reconciler.git.signed_files import sign_file
from reconciler.use_cases.reconcile.report.run_facts import actor_json, pipeline_json
from reconciler.use_cases.scrub.on_list import OnList, report_json
from reconciler.use_cases.scrub.outputs import KIND
from reconciler.use_cases.scrub.request import Basis, ScrubRequest
from reconciler.use_cases.workspace.context import CommandContext, Today, iso

if TYPE_CHECKING:
    from reconciler.use_cases.scrub.scrub import Tally

FORMAT_VERSION = "1.0"
NAMESPACE = "dnc-scrub"
_LONGEST = timedelta(days=1)
_LATEST_ZONE = timedelta(hours=14)  # UTC+14: where a day ends first
NOT_PROVED = (
    "no query of the Reassigned Numbers Database was made (for calls to Maine one is required)",
    "calling hours were not checked",
    "consent was not checked",
    "what was put on a list after created_at is not in it",
)


def certificate_json(  # noqa: PLR0913, PLR0917  (what it is made of)
    ctx: CommandContext,
    request: ScrubRequest,
    on_list: OnList,
    table: Mapping[str, Any],
    outputs: Mapping[str, Mapping[str, Any]],
    tally: "Tally",
) -> dict[str, Any]:
    """Say what was done. No number of anybody is in it."""
    now = ctx.clock()
    today = Today.at(now)
    until = request.until or today.latest
    cxone = on_list.cxone
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "created_at": iso(now),
        "valid_until": iso(valid_until(on_list, now)),
        "days": {"from": today.as_of.isoformat(), "until": until.isoformat()},
        "who": actor_json(ctx, on_list.repository, on_list.revision),
        "pipeline": pipeline_json(ctx.pipeline),
        "tenant": on_list.tenant.name,
        "revision": on_list.revision,
        "branch": on_list.branch,
        "working_tree_differs": on_list.differs,
        "basis": {
            "how": request.basis.value,
            "record_only": request.basis is Basis.RECORD_ONLY,
            "report": report_json(on_list.newest),
            "reading": cxone.how or None,
            "read_at": iso(cxone.read_at) if cxone.read_at else None,
            "age_seconds": round((now - cxone.read_at).total_seconds()) if cxone.read_at else None,
            "max_age_hours": round(on_list.max_age.total_seconds() / 3600),
        },
        "input": {**table, "rows": tally.rows["read"]},
        "outputs": {kind: dict(output) for kind, output in outputs.items()},
        "rows": {kind: tally.rows[kind] for kind in ("read", "clean", "blocked", "unreadable")},
        "blocked": {
            "by_list": dict(sorted(tally.by_list.items())),
            "by_reason": dict(sorted(tally.by_reason.items())),
        },
        "unreadable": {"by_reason": dict(sorted(tally.why.items()))},
        "columns": {"read": tally.columns, "left_out": tally.left_out},
        "lists": {
            "looked_at": [{"list_id": name, "numbers": count} for name, count in on_list.counts.items()],
            "not_looked_at": [dict(one) for one in on_list.not_looked_at],
            "files_with_errors": list(on_list.broken_files),
        },
        "registries": [copy.to_json(until) for copy in on_list.registries],
        "registry_copies": bool(on_list.registries),
        "stale_allowed": request.allow_stale,
        "hashes": dict(on_list.hashes),
        "not_proved": list(NOT_PROVED),
        "signed": bool(ctx.environ.get(SIGNING_KEY)),
    }


def valid_until(on_list: OnList, now: datetime) -> datetime:
    """Give when it ends: a day later, or where the first copy of a registry gets stale before that.

    The last fresh day of a copy ends where a day ends first: stale in one place is stale.
    """
    fresh_days = [copy.fresh_until for copy in on_list.registries if copy.fresh_until is not None]
    return max(now, min([now + _LONGEST, *map(_first_end, fresh_days)]))


def _first_end(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1) - _LATEST_ZONE


def certificate_bytes(document: Mapping[str, Any]) -> bytes:
    """Write a certificate."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def sign(ctx: CommandContext, data: bytes) -> bytes | None:
    """Sign a certificate where reports are signed; None where there is no key."""
    return sign_file(data, NAMESPACE, ctx.environ)
