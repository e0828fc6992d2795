"""Answers from past reports: a period's summary, its changes, a comparison, and evidence references."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TextIO

from reconciler.audit.report_rows import count_numbers
from reconciler.cli.call import json_text
from reconciler.cli.render.markdown import plain
from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import REASONS, count, terms
from reconciler.use_cases.history.changes import ChangeRow, Exported
from reconciler.use_cases.history.compare import Compared, Counted, ListCompared
from reconciler.use_cases.history.evidence import RULE, Reference, References
from reconciler.use_cases.history.summary import Board, LateRequest, Removal, RuleChange
from reconciler.use_cases.workspace.files import write_table

_SHOWN = 20  # late requests on one page


def board_json(told: Board) -> dict[str, Any]:
    """Say all of it, whole numbers and all."""
    first, last = told.period.first, told.period.last
    took = {str(days): number for days, number in sorted(told.requests.honoured.took.items())}
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
            "failed": told.runs.failed,
        },
        "requests": {
            "received": told.requests.received,
            "honoured": told.requests.honoured.requests,
            "in_time": told.requests.in_time,
            "took": took,
            "days": {
                "p50": told.requests.honoured.percentile(0.5),
                "p95": told.requests.honoured.percentile(0.95),
                "max": told.requests.honoured.percentile(1),
            },
            "reports_without_counts": told.requests.honoured.untold,
            "late": [_late_json(one) for one in told.requests.late],
            "open": [row.fields for row in told.requests.open],
        },
        "put_on": told.changes.put_on,
        "removed": [_removal_json(one) for one in told.changes.removed],
        "restored": told.changes.restored,
        "adopted": told.changes.adopted,
        "verified": {"days": told.runs.verified_days, "of": told.runs.days},
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
    honoured = told.requests.honoured
    p50, p95, most = (honoured.percentile(share) for share in (0.5, 0.95, 1))
    days = f"; days until live: p50 {p50}, p95 {p95}, most {most}" if honoured.requests else ""
    told_less = f"; {count(honoured.untold, 'report')} without counts" if honoured.untold else ""
    asked = (
        f"{told.requests.received:,} received, {honoured.requests:,} honoured "
        f"({told.requests.in_time:,} by their day)"
    )
    open_now = count_numbers(told.requests.open)
    yield (
        "Requests",
        f"{asked}, {open_now:,} open{days}{told_less}",
        [],
    )
    late = [_late(one, shown) for one in told.requests.late[:_SHOWN]]
    more = len(told.requests.late) - len(late)
    yield "Late", f"{len(told.requests.late):,}", [*late, *([f"and {more:,} more"] if more else [])]
    yield "Put on", f"{told.changes.put_on:,}", []
    yield (
        "Removed",
        f"{sum(one.numbers for one in told.changes.removed):,}",
        [_removal(one) for one in told.changes.removed],
    )
    yield "Restored", f"{told.changes.restored:,}", []
    yield "Adopted", f"{told.changes.adopted:,}", []
    failed = f"; {count(told.runs.failed, 'run')} failed" if told.runs.failed else ""
    yield "Verified", f"{told.runs.verified_days:,} of {count(told.runs.days, 'day')}{failed}", []
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


CHANGE_COLUMNS = (
    *("finished_at", "seq", "report", "action", "direction", "list_id", "phone", "reason"),
    *("before", "after", "outcome", "revision"),
    *("release_reason", "evidence", "approved_by", "self_approved", "file", "author", "merge_request"),
    *("actor", "actor_how"),
)
_SELF = {None: "", True: "yes", False: "no"}


def write_csv(exported: Exported, out: TextIO) -> None:
    """Write every change as it comes."""
    write_table(out, CHANGE_COLUMNS, (_values(row) for row in exported.rows()))


def write_json(exported: Exported, out: TextIO) -> None:
    """Write one document: every change, what was counted, and whether it is what the reports sum up."""
    rows = list(_rows_json(exported))
    document = {
        "format_version": "1.0",
        "tenant": exported.tenant,
        "errored": bool(exported.differences),
        "reports": len(exported.reports),
        "rows": exported.given,
        "actions": dict(sorted(exported.actions.items())),
        "outcomes": dict(sorted(exported.outcomes.items())),
        "differences": exported.differences,
        "changes": rows,
    }
    out.write(json_text(document, indent=2) + "\n")


def _rows_json(exported: Exported) -> Iterator[dict[str, Any]]:
    for row in exported.rows():
        said: dict[str, Any] = dict(zip(CHANGE_COLUMNS, _values(row), strict=True))
        yield said | {"before": row.before, "after": row.after}


def sums_text(exported: Exported) -> str:
    """Say the same in a line."""
    if not exported.reports:
        return f"no report of {exported.tenant} is of these days"
    first, last = (exported.reports[place].report.seq for place in (0, -1))
    reports = f"report {first}" if first == last else f"reports {first} to {last}"
    told = ", ".join(f"{number:,} {name}" for name, number in sorted(exported.outcomes.items())) or "none"
    agree = "does not add up" if exported.differences else "as the reports sum up"
    return f"{exported.tenant}, {reports}: {count(exported.given, 'row')}; all changes: {told}; {agree}"


def _values(row: ChangeRow) -> list[Any]:
    report, by = row.stored.report, row.authorizations
    return [
        *(
            report.finished_text,
            report.seq,
            row.stored.path,
            row.action,
            row.direction,
            row.list_id,
            row.phone,
        ),
        *(row.reason, _said(row.before), _said(row.after), row.outcome, report.revision),
        _joined(authorization.release for authorization in by),
        _joined(authorization.evidence for authorization in by),
        _joined(name for authorization in by for name in authorization.approvers),
        _joined(_SELF[authorization.self_approved] for authorization in by),
        _joined(authorization.file for authorization in by),
        _joined(authorization.author for authorization in by),
        _joined(authorization.merge_request.reference for authorization in by if authorization.merge_request),
        *report.initiator,
    ]


def _joined(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))


def _said(wire: Any) -> str:  # noqa: ANN401  (JSON)
    return terms(wire) if wire else ""


_DIFFERING = {
    "only_in_report": "live as the report and git tell it, and not in the export",
    "only_in_export": "in the export, and not told by the report and git",
    "weaker": "in both, and weaker in the export than the files said",
}


def compared_text(done: Compared, shown: Shown) -> str:
    """Say for each list whether it is equal, else what differs."""
    report, export = done.stored.report, done.export
    lines = [
        f"report {report.seq} of {report.tenant}, run at {report.finished_text}",
        f"  report    SHA-256 {done.stored.sha256}",
        f"  export    {count(export.rows, 'row')}, SHA-256 {export.sha256}",
    ]
    if export.unreadable:
        lines.append(f"  left out  {count(export.unreadable, 'row')} whose number is none")
    if export.repeated:
        lines.append(f"  repeated  {count(export.repeated, 'row')}: the strongest of a number counts")
    if export.foreign:
        named = (f"{name or '(no name)'} {number:,}" for name, number in sorted(export.foreign.items()))
        lines.append(f"  foreign   rows of lists that are not compared: {', '.join(named)}")
    for one in done.lists:
        lines += _list(one, shown)
    return "\n".join(lines)


def _list(one: ListCompared, shown: Shown) -> Iterator[str]:
    if one.is_equal:
        yield f"{one.list_id}: equal: {count(one.report.count)}, SHA-256 {one.report.sha256}"
        return
    yield f"{one.list_id}: differs"
    yield f"  report    {_counted(one.report)}"
    yield f"  export    {_counted(one.export)}"
    for name, words in _DIFFERING.items():
        phones = getattr(one.differing, name)
        if phones:
            yield f"  {count(len(phones))} {words}: {shown.sample(phones)}"
    if not any(asdict(one.differing).values()):
        yield "  the same numbers, under other terms"
    if one.retold != one.report.count:
        yield (
            f"  git and the report tell {count(one.retold or 0)} of the {one.report.count:,} that were live: "
            "the difference by number is as far as they tell"
        )


def _counted(side: Counted) -> str:
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in side.reasons.items())
    return f"{count(side.count)}{f' ({reasons})' if reasons else ''}, SHA-256 {side.sha256}"


def compared_json(done: Compared) -> dict[str, Any]:
    """Say the same for programs, numbers whole."""
    export = done.export
    return {
        "tenant": done.stored.report.tenant,
        "report": {"seq": done.stored.report.seq, "path": done.stored.path, "sha256": done.stored.sha256},
        "export": {
            "sha256": export.sha256,
            "rows": export.rows,
            "unreadable": export.unreadable,
            "repeated": export.repeated,
            "foreign": export.foreign,
        },
        "equal": done.is_equal,
        "lists": [
            {
                "list_id": one.list_id,
                "equal": one.is_equal,
                "report": asdict(one.report),
                "export": asdict(one.export),
                "differing": {name: list(phones) for name, phones in asdict(one.differing).items()},
                "retold": one.retold,
            }
            for one in done.lists
        ],
    }


REFERENCE_COLUMNS = (
    *("evidence", "kind", "list_id", "numbers", "first_seen", "last_seen"),
    *("stands", "counts_from", "keep_until"),
)
_CELL: Mapping[object, str] = {None: "", True: "yes", False: "no"}


def references_csv(found: References, out: TextIO) -> None:
    """Write a row for each; a day that is not known yet is empty."""
    write_table(out, REFERENCE_COLUMNS, ([_CELL.get(v, v) for v in _row(one).values()] for one in found.all))


def references_json(found: References, out: TextIO) -> None:
    """Write one document."""
    document = {
        "format_version": "1.0",
        "tenant": found.tenant,
        "errored": False,
        "rule": RULE,
        "keep": str(found.keep),
        "first_report": found.first.path if found.first else None,
        "newest_report": found.newest.path if found.newest else None,
        "revisions_gone": list(found.gone),
        "references": [_row(one) for one in found.all],
    }
    out.write(json_text(document, indent=2) + "\n")


def references_text(found: References, out: TextIO) -> None:
    """Write a line for each, and what the days mean."""
    out.writelines(f"{line}\n" for line in _lines(found))


def _row(one: Reference) -> dict[str, Any]:
    return {
        "evidence": one.evidence,
        "kind": one.kind,
        "list_id": one.list_id,
        "numbers": len(one.phones),
        "first_seen": one.first_seen.isoformat(),
        "last_seen": one.last_seen.isoformat(),
        "stands": one.stands,
        "counts_from": one.counts_from.isoformat() if one.counts_from else None,
        "keep_until": one.keep_until.isoformat() if one.keep_until else None,
    }


def _lines(found: References) -> Iterator[str]:
    if found.first is None or found.newest is None:
        yield f"there is no report of {found.tenant}: dnc apply writes the first"
        return
    first, newest = found.first.report.seq, found.newest.report.seq
    reports = f"reports {first} to {newest}"
    yield f"{found.tenant}, {reports}: {count(len(found.all), 'reference')}, kept {found.keep} [{RULE}]"
    for one in found.all:
        yield f"  {one.evidence}: {one.kind} on {one.list_id}, {count(len(one.phones))}: {_until(one, found)}"
    for revision in found.gone:
        yield f"  the files of {revision[:12]} are gone from this repository: what they named is not told"


def _until(one: Reference, found: References) -> str:
    if one.keep_until:
        return f"keep until {one.keep_until} (counted from {one.counts_from})"
    return f"stands: keep it while it does, and {found.keep} more"
