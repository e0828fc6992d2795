"""Where tenants stand, and what is kept there, for reading and for machines."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, age, count, way_out
from reconciler.use_cases.history.status import Blocked, Standing


def status_json(standings: Sequence[Standing], most: timedelta) -> dict[str, Any]:
    """Say where every tenant stands."""
    return {
        "format_version": "1.0",
        "max_age_seconds": round(most.total_seconds()),
        "errored": False,
        "tenants": [_standing_json(one, most) for one in standings],
    }


def _standing_json(one: Standing, most: timedelta) -> dict[str, Any]:
    newest, verified = one.newest, one.verified
    return {
        "tenant": one.tenant,
        "older": one.is_older(most),
        "age_seconds": round(one.age.total_seconds()) if one.age is not None else None,
        "verified": {"seq": verified.seq, "finished_at": verified.finished_text} if verified else None,
        "newest": {
            "seq": newest.report.seq,
            "status": newest.report.status,
            "revision": newest.report.revision,
            "finished_at": newest.report.finished_text,
        }
        if newest
        else None,
        "late_requests": one.late,
        "blocked": one.deviations.kept,
        "not_live": one.deviations.not_live,
        "restored": one.deviations.restored,
        "chain_head": {"path": newest.path, "sha256": newest.sha256} if newest else None,
    }


def status_text(standings: Sequence[Standing], most: timedelta) -> str:
    """Show every tenant in one line."""
    return "\n".join(_standing(one, most) for one in standings) or "no tenant has a report yet"


def _standing(one: Standing, most: timedelta) -> str:
    if one.newest is None:
        return f"! {one.tenant}: no report yet: dnc apply writes the first"
    mark = "!" if one.is_older(most) or one.late or one.deviations.not_live else " "
    newest = one.newest
    if one.verified is None:
        told = "no verified run"
    else:
        told = f"verified {age(one.verified.finished_at, one.verified.finished_at + (one.age or most))} ago"
    parts = [
        f"{told} (report {one.verified.seq if one.verified else '-'})",
        f"newest {newest.report.status}",
        f"{one.late:,} late",
        f"{one.deviations.not_live:,} not live",
        f"{one.deviations.kept:,} blocked",
        f"{one.deviations.restored:,} restored",
        f"chain {newest.report.seq}:{newest.sha256[:12]}",
    ]
    return f"{mark} {one.tenant}: {', '.join(parts)}"


def blocked_json(found: Blocked) -> dict[str, Any]:
    """Say what is kept, whole numbers and all."""
    return {
        "format_version": "1.0",
        "tenant": found.tenant,
        "report": found.report.path if found.report else None,
        "errored": False,
        "kept": [
            {
                "list_id": row.list_id,
                "blocked_by": list(row.blocked_by),
                "file": row.path,
                "terms": dict(row.terms_json),
                "since": row.since,
                "phones": list(row.phones),
            }
            for row in found.rows
        ],
    }


def blocked_text(found: Blocked, shown: Shown) -> str:
    """Show what is kept, by list, with the ways out."""
    if found.report is None:
        return f"no report for {found.tenant} yet: dnc apply writes the first"
    report = found.report.report
    head = f"as of report {report.seq}, {age(report.finished_at, found.asked_at)} ago"
    if not found.rows:
        return f"nothing is kept without permission on {found.tenant}, {head}"
    return "\n".join([f"{found.tenant}, {head}:", *_rows(found, shown)])


def _rows(found: Blocked, shown: Shown) -> Iterator[str]:
    for row in found.rows:
        terms = row.claim.terms
        until = f" until {terms.end}" if terms.end else ""
        policy = f"{terms.reason_code.value} {terms.expiration_policy.value}{until}"
        yield f"  {row.list_id}: {count(len(row.phones))}, {policy}, from {row.path}"
        yield f"      {shown.sample(row.phones)}"
        for why in row.blocked_by:
            out = way_out(why, row.list_id, row.phones, shown)
            yield f"      {why}: {BLOCKED[why]}. Way out: {out}"
