"""Where tenants stand, for reading and for machines."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.cli.render.coverage_text import COVERAGE_TITLE, standing_lines
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import age_text, not_at_remote_text
from reconciler.cli.render.protection import protection_counts_json, protection_text, stopped_by_text
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.status import Standing


def status_json(standings: Sequence[Standing], age_limit: timedelta) -> dict[str, Any]:
    """Say where every tenant stands."""
    return {
        "format_version": "1.0",
        "max_age_seconds": round(age_limit.total_seconds()),
        "errored": False,
        "tenants": [_standing_json(one, age_limit) for one in standings],
    }


def _standing_json(one: Standing, age_limit: timedelta) -> dict[str, Any]:
    newest, verified = one.newest, one.verified
    return {
        "tenant": one.tenant,
        "older": one.is_older(age_limit),
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
        "by_hand": one.deviations.by_hand,
        "not_removed": one.deviations.not_removed,
        "not_live": one.deviations.not_live,
        "restored": one.deviations.restored,
        "protection": protection_counts_json(one.protection),
        "stopped_by": newest.report.stopped_by if newest else None,
        "not_at_remote": one.not_at_remote,
        "coverage": _coverage_json(one),
        "doubts": [doubt.fact for doubt in one.doubts],
        "chain_head": {"path": newest.path, "sha256": newest.sha256} if newest else None,
    }


def _coverage_json(one: Standing) -> dict[str, Any] | None:
    """Say which skills honour the lists, as last read; None where no run has looked."""
    coverage = one.coverage
    if coverage is None:
        return None
    age = one.coverage_age
    return {
        "read_at": coverage.read_at,
        "age_seconds": round(age.total_seconds()) if age is not None else None,
        "lists": coverage.to_json()["coverage"],
    }


def status_text(standings: Sequence[Standing], age_limit: timedelta, number_format: NumberFormat) -> str:
    """Show every tenant in one line; below it what people have to do, and who can still be called."""
    lines = [line for one in standings for line in _standing_lines(one, age_limit, number_format)]
    return "\n".join(lines) or "no tenant has a report yet"


def _standing_lines(one: Standing, age_limit: timedelta, number_format: NumberFormat) -> Iterator[str]:
    yield _standing(one, age_limit)
    report = one.newest.report if one.newest else None
    if report is not None and report.stopped_by is not None:
        yield f"    report {report.seq}: stopped by {stopped_by_text(report.stopped_by)}"
    for doubt in one.doubts:
        fix = f"fix: {doubt.fix}" if doubt.fix else "see: dnc audit verify"
        yield f"    In doubt: {doubt.fact} ({fix})"
    if one.not_at_remote:
        yield f"    {not_at_remote_text(one.not_at_remote)}"
    if one.deviations.kept:
        kept = count_text(one.deviations.kept)
        yield f"    Blocked: {kept}, in CXone and no longer in the files (see: dnc blocked)"
    if lines := standing_lines(one.coverage):
        age = f", skills read {_age(one.coverage_age)} ago" if one.coverage_age is not None else ""
        yield f"    {COVERAGE_TITLE} (report {report.seq if report else '-'}{age}):"
        yield from (f"      {line}" for line in lines)
    yield from (f"    {line}" for line in protection_text(one.protection, number_format).splitlines())


def _age(age: timedelta) -> str:
    return age_text(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC) + age)


def _standing(one: Standing, age_limit: timedelta) -> str:
    if one.newest is None:
        return f"! {one.tenant}: no report yet: dnc apply writes the first"
    mark = "!" if one.is_older(age_limit) or one.needs_attention else " "
    newest = one.newest
    if one.verified is None:
        verified_text = "no verified run"
    else:
        finished_at = one.verified.finished_at
        verified_text = f"verified {age_text(finished_at, finished_at + (one.age or age_limit))} ago"
    parts = [
        f"{verified_text} (report {one.verified.seq if one.verified else '-'})",
        f"newest {newest.report.status}",
        f"{one.late:,} late",
        f"{one.deviations.not_live:,} not live",
        *([f"{one.deviations.unverified:,} not verified"] if one.deviations.unverified else []),
        f"{one.deviations.kept:,} blocked",
        *([f"{one.deviations.by_hand:,} to remove by hand"] if one.deviations.by_hand else []),
        *([f"{one.deviations.not_removed:,} not removed"] if one.deviations.not_removed else []),
        f"{one.deviations.restored:,} restored",
        f"chain {newest.report.seq}:{newest.sha256[:12]}",
    ]
    return f"{mark} {one.tenant}: {', '.join(parts)}"
