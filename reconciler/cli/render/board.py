"""A period on one page: text, Markdown and JSON say the same."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.escaped import plain
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.words import REASONS, count
from reconciler.reconcile.board import Board
from reconciler.reconcile.changed_rules import RuleChange
from reconciler.reconcile.late_requests import LateRequest
from reconciler.reconcile.removals import Removal

_SHOWN = 20  # late requests on one page


def board_json(told: Board) -> dict[str, Any]:
    """Say all of it, whole numbers and all."""
    first, last = told.period.first, told.period.last
    took = {str(days): number for days, number in sorted(told.honoured.took.items())}
    return {
        "format_version": "1.0",
        "tenant": told.tenant,
        "errored": False,
        "from": first.isoformat() if first else None,
        "to": last.isoformat() if last else None,
        "reports": {
            "count": len(told.reports),
            "first": told.reports[0].path if told.reports else None,
            "newest": told.reports[-1].path if told.reports else None,
            "sha256": told.reports[-1].sha256 if told.reports else None,
            "failed": told.failed,
        },
        "requests": {
            "received": told.received,
            "honoured": told.honoured.requests,
            "in_time": told.in_time,
            "took": took,
            "days": {
                "p50": told.honoured.percentile(0.5),
                "p95": told.honoured.percentile(0.95),
                "max": told.honoured.percentile(1),
            },
            "reports_without_counts": told.honoured.untold,
            "late": [_late_json(one) for one in told.late],
            "open": list(told.open),
        },
        "put_on": told.put_on,
        "removed": [_removal_json(one) for one in told.removed],
        "restored": told.restored,
        "adopted": told.adopted,
        "verified": {"days": told.verified, "of": told.days},
        "alarms": list(told.alarms),
        "rule_changes": [_change_json(one) for one in told.rule_changes],
        "overrides": [{"seq": seq, **said} for seq, said in told.overrides],
    }


def _late_json(one: LateRequest) -> dict[str, Any]:
    return {
        "list_id": one.list_id,
        "phone": one.phone,
        "requested_on": one.requested_on.isoformat(),
        "due": one.due.isoformat(),
        "live_on": one.live_on.isoformat(),
        "days_late": one.days_late,
        "rule": one.rule,
        "seq": one.seq,
        "why": one.why,
    }


def _removal_json(one: Removal) -> dict[str, Any]:
    return {
        "why": one.why,
        "numbers": one.numbers,
        "with_evidence": one.with_evidence,
        "approved": one.approved,
    }


def _change_json(one: RuleChange) -> dict[str, Any]:
    return {"day": one.day.isoformat(), "seq": one.seq, "what": list(one.what), "revision": one.revision}


def board_text(told: Board, shown: Shown) -> str:
    """Show it in plain text."""
    lines = [_title(told)]
    for name, said, details in _rows(told, shown):
        lines.append(f"  {name:<13} {said}")
        lines += [f"      {detail}" for detail in details]
    return "\n".join(lines)


def board_markdown(told: Board, shown: Shown) -> str:
    """Show it as a page of Markdown."""
    lines = [f"# {plain(_title(told))}", "", "| | |", "| --- | --- |"]
    rows = list(_rows(told, shown))
    lines += [f"| {name} | {plain(said)} |" for name, said, _ in rows]
    for name, _, details in rows:
        if details:
            lines += ["", f"## {name}", "", *(f"- {plain(detail)}" for detail in details)]
    return "\n".join(lines)


def _title(told: Board) -> str:
    seqs = [stored.report.seq for stored in told.reports]
    reports = f"reports {seqs[0]} to {seqs[-1]}" if seqs else "no report"
    return f"{told.tenant}, {told.period.first} to {told.period.last} ({reports})"


def _rows(told: Board, shown: Shown) -> Iterator[tuple[str, str, list[str]]]:
    honoured = told.honoured
    p50, p95, most = (honoured.percentile(share) for share in (0.5, 0.95, 1))
    days = f"; days until live: p50 {p50}, p95 {p95}, most {most}" if honoured.requests else ""
    told_less = f"; {count(honoured.untold, 'report')} without counts" if honoured.untold else ""
    asked = f"{told.received:,} received, {honoured.requests:,} honoured ({told.in_time:,} by their day)"
    open_now = sum(len(row["phones"]) for row in told.open)
    yield (
        "Requests",
        f"{asked}, {open_now:,} open{days}{told_less}",
        [],
    )
    late = [_late(one, shown) for one in told.late[:_SHOWN]]
    more = len(told.late) - len(late)
    yield "Late", f"{len(told.late):,}", [*late, *([f"and {more:,} more"] if more else [])]
    yield "Put on", f"{told.put_on:,}", []
    yield (
        "Removed",
        f"{sum(one.numbers for one in told.removed):,}",
        [_removal(one) for one in told.removed],
    )
    yield "Restored", f"{told.restored:,}", []
    yield "Adopted", f"{told.adopted:,}", []
    failed = f"; {count(told.failed, 'run')} failed" if told.failed else ""
    yield "Verified", f"{told.verified:,} of {count(told.days, 'day')}{failed}", []
    yield "Open alarms", f"{len(told.alarms):,}", [f"{a['rule']}: {a['message']}" for a in told.alarms]
    yield (
        "Rule changes",
        f"{len(told.rule_changes):,}",
        [f"{c.day}, report {c.seq}, {c.revision[:12]}: {', '.join(c.what)}" for c in told.rule_changes],
    )
    yield (
        "Overrides",
        f"{len(told.overrides):,}",
        [f"report {seq}: up to {o['allow_removals']:,} removals, by {o['by']}" for seq, o in told.overrides],
    )


def _late(one: LateRequest, shown: Shown) -> str:
    days = f"{one.days_late} day{'s' * (one.days_late != 1)} late"
    asked = f"asked {one.requested_on}, due {one.due}, live {one.live_on}"
    return f"{shown.number(one.phone)} on {one.list_id}: {asked} ({days}, {one.rule}): {one.why}"


def _removal(one: Removal) -> str:
    name = REASONS.get(one.why, one.why)
    if not one.with_evidence:
        return f"{name}: {one.numbers:,}"
    return (
        f"{name}: {one.numbers:,}, {one.with_evidence:,} with evidence, {one.approved:,} approved by others"
    )
