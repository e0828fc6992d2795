"""Answers from past reports: a period's summary, its changes, a comparison, and evidence references."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TextIO

from reconciler.audit.report_rows import count_numbers
from reconciler.cli.call import json_text
from reconciler.cli.render.markdown import escape_markdown
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import REASON_TEXTS, no_report_text, terms_summary
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.changes import ChangeRow, ChangesExport
from reconciler.use_cases.history.compare import ExportComparison, ListComparison, ListContent
from reconciler.use_cases.history.evidence import RULE, Reference, References
from reconciler.use_cases.history.summary import LateRequest, PeriodSummary, Removal, RuleChange
from reconciler.use_cases.workspace.files import write_table

_SHOWN = 20  # late requests on one page


def summary_json(summary: PeriodSummary) -> dict[str, Any]:
    """Say all of it, whole numbers and all."""
    first_day, last_day = summary.period.first, summary.period.last
    took = {str(days): number for days, number in sorted(summary.requests.honoured.counts_by_days.items())}
    return {
        "format_version": "1.0",
        "tenant": summary.tenant,
        "errored": False,
        "from": first_day.isoformat() if first_day else None,
        "to": last_day.isoformat() if last_day else None,
        "reports": {
            "count": len(summary.reports),
            "first": summary.reports[0].path if summary.reports else None,
            "newest": summary.reports[-1].path if summary.reports else None,
            "sha256": summary.reports[-1].sha256 if summary.reports else None,
            "failed": summary.runs.failed,
        },
        "requests": {
            "received": summary.requests.received,
            "honoured": summary.requests.honoured.request_count,
            "in_time": summary.requests.in_time,
            "took": took,
            "days": {
                "p50": summary.requests.honoured.percentile(0.5),
                "p95": summary.requests.honoured.percentile(0.95),
                "max": summary.requests.honoured.percentile(1),
            },
            "reports_without_counts": summary.requests.honoured.reports_without_counts,
            "late": [_late_json(request) for request in summary.requests.late],
            "open": [row.fields for row in summary.requests.open],
        },
        "put_on": summary.changes.put_on,
        "removed": [_removal_json(request) for request in summary.changes.removed],
        "restored": summary.changes.restored,
        "adopted": summary.changes.adopted,
        "verified": {"days": summary.runs.verified_days, "of": summary.runs.days},
        "alarms": list(summary.alarms),
        "note": summary_note(summary) or None,
        "rule_changes": [_change_json(request) for request in summary.rule_changes],
        "overrides": [{"seq": seq, **override} for seq, override in summary.overrides],
    }


def _late_json(request: LateRequest) -> dict[str, Any]:
    return {
        "list_id": request.list_id,
        "phone": request.phone,
        "requested_on": request.requested_on.isoformat(),
        "due": request.due.isoformat(),
        "live_on": request.live_on.isoformat(),
        "days_late": request.days_late,
        "rule": request.rule,
        "seq": request.seq,
        "why": request.reason,
    }


def _removal_json(removal: Removal) -> dict[str, Any]:
    return {
        "why": removal.reason,
        "numbers": removal.numbers,
        "with_evidence": removal.with_evidence,
        "approved": removal.approved_count,
    }


def _change_json(rule_change: RuleChange) -> dict[str, Any]:
    return {
        "day": rule_change.day.isoformat(),
        "seq": rule_change.seq,
        "what": list(rule_change.changed_parts),
        "revision": rule_change.revision,
    }


def summary_text(summary: PeriodSummary, number_format: NumberFormat) -> str:
    """Show it in plain text."""
    lines = [_summary_title(summary)]
    if note := summary_note(summary):
        lines.append(f"  {note}")
    for name, paragraph, details in _summary_rows(summary, number_format):
        lines.append(f"  {name:<13} {paragraph}")
        lines += [f"      {detail}" for detail in details]
    return "\n".join(lines)


def summary_markdown(summary: PeriodSummary, number_format: NumberFormat) -> str:
    """Show it as a page of Markdown."""
    lines = [f"# {escape_markdown(_summary_title(summary))}"]
    if note := summary_note(summary):
        lines += ["", escape_markdown(note)]
    rows = list(_summary_rows(summary, number_format))
    if rows:
        lines += ["", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {escape_markdown(paragraph)} |" for name, paragraph, _ in rows]
    for name, _, details in rows:
        if details:
            lines += ["", f"## {name}", "", *(f"- {escape_markdown(detail)}" for detail in details)]
    return "\n".join(lines)


def _summary_title(summary: PeriodSummary) -> str:
    seqs = [stored_report.report.seq for stored_report in summary.reports]
    reports = f"reports {seqs[0]} to {seqs[-1]}" if seqs else "no report"
    return f"{summary.tenant}, {summary.period.first} to {summary.period.last} ({reports})"


def summary_note(summary: PeriodSummary) -> str:
    """Say what is missing where no report is of the period; empty where there are some."""
    if summary.is_record_empty:
        return no_report_text(summary.tenant)
    if not summary.reports:
        return "no report is of these days: what was done in them, and whether it was in time, is not known"
    return ""


def _summary_rows(
    summary: PeriodSummary, number_format: NumberFormat
) -> Iterator[tuple[str, str, list[str]]]:
    """Give each row of the page; without a report of the period only what later reports tell of it."""
    if not summary.reports:
        if not summary.is_record_empty:
            yield "Requests", f"{summary.requests.received:,} received, as later reports tell", []
            yield "Verified", f"0 of {count_text(summary.runs.days, 'day')}", []
        return
    honour_days = summary.requests.honoured
    p50, p95, longest = (honour_days.percentile(share) for share in (0.5, 0.95, 1))
    days = f"; days until live: p50 {p50}, p95 {p95}, most {longest}" if honour_days.request_count else ""
    told_less = (
        f"; {count_text(honour_days.reports_without_counts, 'report')} without counts"
        if honour_days.reports_without_counts
        else ""
    )
    requests_text = (
        f"{summary.requests.received:,} received, {honour_days.request_count:,} honoured "
        f"({summary.requests.in_time:,} by their day)"
    )
    open_now = count_numbers(summary.requests.open)
    yield (
        "Requests",
        f"{requests_text}, {open_now:,} open{days}{told_less}",
        [],
    )
    late_lines = [_late_text(request, number_format) for request in summary.requests.late[:_SHOWN]]
    rest_count = len(summary.requests.late) - len(late_lines)
    yield (
        "Late",
        f"{len(summary.requests.late):,}",
        [*late_lines, *([f"and {rest_count:,} more"] if rest_count else [])],
    )
    yield "Put on", f"{summary.changes.put_on:,}", []
    yield (
        "Removed",
        f"{sum(request.numbers for request in summary.changes.removed):,}",
        [_removal_text(request) for request in summary.changes.removed],
    )
    yield "Restored", f"{summary.changes.restored:,}", []
    yield "Adopted", f"{summary.changes.adopted:,}", []
    failed_text = f"; {count_text(summary.runs.failed, 'run')} failed" if summary.runs.failed else ""
    yield (
        "Verified",
        f"{summary.runs.verified_days:,} of {count_text(summary.runs.days, 'day')}{failed_text}",
        [],
    )
    yield (
        "Open alarms",
        f"{len(summary.alarms):,}",
        [f"{alarm['rule']}: {alarm['message']}" for alarm in summary.alarms],
    )
    yield (
        "Rule changes",
        f"{len(summary.rule_changes):,}",
        [
            f"{rule_change.day}, report {rule_change.seq}, {rule_change.revision[:12]}: "
            f"{', '.join(rule_change.changed_parts)}"
            for rule_change in summary.rule_changes
        ],
    )
    yield (
        "Overrides",
        f"{len(summary.overrides):,}",
        [
            f"report {seq}: up to {override['allow_removals']:,} removals, by {override['by']}"
            for seq, override in summary.overrides
        ],
    )


def _late_text(request: LateRequest, number_format: NumberFormat) -> str:
    days = f"{count_text(request.days_late, 'day')} late"
    dates_text = f"asked {request.requested_on}, due {request.due}, live {request.live_on}"
    return (
        f"{number_format.number(request.phone)} on {request.list_id}: {dates_text} ({days}, "
        f"{request.rule}): {request.reason}"
    )


def _removal_text(removal: Removal) -> str:
    name = REASON_TEXTS.get(removal.reason, removal.reason)
    if not removal.with_evidence:
        return f"{name}: {removal.numbers:,}"
    return (
        f"{name}: {removal.numbers:,}, {removal.with_evidence:,} with evidence, "
        f"{removal.approved_count:,} approved by others"
    )


CHANGE_COLUMNS = (
    *("finished_at", "seq", "report", "action", "direction", "list_id", "phone", "reason"),
    *("before", "after", "outcome", "revision"),
    *("release_reason", "evidence", "approved_by", "self_approved", "file", "author", "merge_request"),
    *("actor", "actor_how"),
)
_SELF_APPROVED = {None: "", True: "yes", False: "no"}


def write_csv(exported: ChangesExport, out: TextIO) -> None:
    """Write every change as it comes."""
    write_table(out, CHANGE_COLUMNS, (_values(row) for row in exported.rows()))


def write_json(exported: ChangesExport, out: TextIO) -> None:
    """Write one document: every change, what was counted, and whether it is what the reports sum up."""
    rows = list(_rows_json(exported))
    document = {
        "format_version": "1.0",
        "tenant": exported.tenant,
        "errored": bool(exported.differences),
        "reports": len(exported.reports),
        "rows": exported.row_count,
        "actions": dict(sorted(exported.actions.items())),
        "outcomes": dict(sorted(exported.outcomes.items())),
        "differences": exported.differences,
        "remarks": list(exported.remarks),
        "note": None if exported.reports else sums_text(exported),
        "changes": rows,
    }
    out.write(json_text(document, indent=2, encoding=out.encoding) + "\n")


def _rows_json(exported: ChangesExport) -> Iterator[dict[str, Any]]:
    for row in exported.rows():
        row_json: dict[str, Any] = dict(zip(CHANGE_COLUMNS, _values(row), strict=True))
        yield row_json | {"before": row.before, "after": row.after}


def sums_text(exported: ChangesExport) -> str:
    """Say the same in a line."""
    if exported.is_record_empty:
        return no_report_text(exported.tenant)
    if not exported.reports:
        return f"no report of {exported.tenant} is of these days"
    first, last = (exported.reports[place].report.seq for place in (0, -1))
    reports = f"report {first}" if first == last else f"reports {first} to {last}"
    outcomes_text = (
        ", ".join(f"{number:,} {name}" for name, number in sorted(exported.outcomes.items())) or "none"
    )
    agree = "does not add up" if exported.differences else "as the reports sum up"
    return (
        f"{exported.tenant}, {reports}: {count_text(exported.row_count, 'row')}; all changes: "
        f"{outcomes_text}; {agree}"
    )


def _values(row: ChangeRow) -> list[Any]:
    report, by = row.stored_report.report, row.authorizations
    return [
        *(
            report.finished_text,
            report.seq,
            row.stored_report.path,
            row.action,
            row.direction,
            row.list_id,
            row.phone,
        ),
        *(row.reason, _terms_cell(row.before), _terms_cell(row.after), row.outcome, report.revision),
        _join_cells(authorization.release for authorization in by),
        _join_cells(authorization.evidence for authorization in by),
        _join_cells(name for authorization in by for name in authorization.approvers),
        _join_cells(_SELF_APPROVED[authorization.self_approved] for authorization in by),
        _join_cells(authorization.file for authorization in by),
        _join_cells(authorization.author for authorization in by),
        _join_cells(
            authorization.merge_request.reference for authorization in by if authorization.merge_request
        ),
        *report.initiator,
    ]


def _join_cells(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))


def _terms_cell(api_terms: Any) -> str:  # noqa: ANN401  (JSON)
    return terms_summary(api_terms) if api_terms else ""


_DIFFERING = {
    "only_in_report": "live as the report and git tell it, and not in the export",
    "only_in_export": "in the export, and not told by the report and git",
    "weaker": "in both, and weaker in the export than the files said",
}


def comparison_text(comparison: ExportComparison, number_format: NumberFormat) -> str:
    """Say for each list whether it is equal, else what differs."""
    report, export = comparison.stored_report.report, comparison.export
    lines = [
        f"report {report.seq} of {report.tenant}, run at {report.finished_text}",
        f"  report    SHA-256 {comparison.stored_report.sha256}",
        f"  export    {count_text(export.rows, 'row')}, SHA-256 {export.sha256}",
    ]
    if export.unreadable:
        lines.append(f"  left out  {count_text(export.unreadable, 'row')} whose number is none")
    if export.repeated:
        lines.append(f"  repeated  {count_text(export.repeated, 'row')}: the strongest of a number counts")
    if export.foreign:
        list_counts = (f"{name or '(no name)'} {number:,}" for name, number in sorted(export.foreign.items()))
        lines.append(f"  foreign   rows of lists that are not compared: {', '.join(list_counts)}")
    for list_comparison in comparison.lists:
        lines += _list_lines(list_comparison, number_format)
    return "\n".join(lines)


def _list_lines(list_comparison: ListComparison, number_format: NumberFormat) -> Iterator[str]:
    if list_comparison.is_equal:
        yield (
            f"{list_comparison.list_id}: equal: {count_text(list_comparison.report.count)}, SHA-256 "
            f"{list_comparison.report.sha256}"
        )
        return
    yield f"{list_comparison.list_id}: differs"
    yield f"  report    {_content_text(list_comparison.report)}"
    yield f"  export    {_content_text(list_comparison.export)}"
    for name, words in _DIFFERING.items():
        phones = getattr(list_comparison.difference, name)
        if phones:
            yield f"  {count_text(len(phones))} {words}: {number_format.sample(phones)}"
    if not any(asdict(list_comparison.difference).values()):
        yield "  the same numbers, under other terms"
    if list_comparison.reconstructed_count != list_comparison.report.count:
        yield (
            f"  git and the report tell {count_text(list_comparison.reconstructed_count or 0)} of "
            f"the {list_comparison.report.count:,} that were live: "
            "the difference by number is as far as they tell"
        )


def _content_text(side: ListContent) -> str:
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in side.reasons.items())
    return f"{count_text(side.count)}{f' ({reasons})' if reasons else ''}, SHA-256 {side.sha256}"


def comparison_json(comparison: ExportComparison) -> dict[str, Any]:
    """Say the same for programs, numbers whole."""
    export = comparison.export
    return {
        "tenant": comparison.stored_report.report.tenant,
        "report": {
            "seq": comparison.stored_report.report.seq,
            "path": comparison.stored_report.path,
            "sha256": comparison.stored_report.sha256,
        },
        "export": {
            "sha256": export.sha256,
            "rows": export.rows,
            "unreadable": export.unreadable,
            "repeated": export.repeated,
            "foreign": export.foreign,
        },
        "equal": comparison.is_equal,
        "lists": [
            {
                "list_id": list_comparison.list_id,
                "equal": list_comparison.is_equal,
                "report": asdict(list_comparison.report),
                "export": asdict(list_comparison.export),
                "differing": {
                    name: list(phones) for name, phones in asdict(list_comparison.difference).items()
                },
                "retold": list_comparison.reconstructed_count,
            }
            for list_comparison in comparison.lists
        ],
    }


REFERENCE_COLUMNS = (
    *("evidence", "kind", "list_id", "numbers", "first_seen", "last_seen"),
    *("stands", "counts_from", "keep_until"),
)
_CELL: Mapping[object, str] = {None: "", True: "yes", False: "no"}


def references_csv(all_references: References, out: TextIO) -> None:
    """Write a row for each; a day that is not known yet is empty."""
    write_table(
        out,
        REFERENCE_COLUMNS,
        (
            [_CELL.get(value, value) for value in _reference_row(reference).values()]
            for reference in all_references.all
        ),
    )


def references_json(all_references: References, out: TextIO) -> None:
    """Write one document."""
    document = {
        "format_version": "1.0",
        "tenant": all_references.tenant,
        "errored": False,
        "rule": RULE,
        "keep": str(all_references.keep),
        "first_report": all_references.first.path if all_references.first else None,
        "newest_report": all_references.newest.path if all_references.newest else None,
        "revisions_gone": list(all_references.missing_revisions),
        "note": references_note(all_references) or None,
        "references": [_reference_row(reference) for reference in all_references.all],
    }
    out.write(json_text(document, indent=2, encoding=out.encoding) + "\n")


def references_text(all_references: References, out: TextIO) -> None:
    """Write a line for each, and what the days mean."""
    out.writelines(f"{line}\n" for line in _lines(all_references))


def _reference_row(reference: Reference) -> dict[str, Any]:
    return {
        "evidence": reference.evidence,
        "kind": reference.kind,
        "list_id": reference.list_id,
        "numbers": len(reference.phones),
        "first_seen": reference.first_seen.isoformat(),
        "last_seen": reference.last_seen.isoformat(),
        "stands": reference.is_active,
        "counts_from": reference.counts_from.isoformat() if reference.counts_from else None,
        "keep_until": reference.keep_until.isoformat() if reference.keep_until else None,
    }


def references_note(all_references: References) -> str:
    """Say that nothing is known of any reference where there is no report; empty where there are some."""
    return "" if all_references.newest else no_report_text(all_references.tenant)


def _lines(all_references: References) -> Iterator[str]:
    if all_references.first is None or all_references.newest is None:
        yield references_note(all_references)
        return
    first, newest = all_references.first.report.seq, all_references.newest.report.seq
    reports = f"reports {first} to {newest}"
    yield (
        f"{all_references.tenant}, {reports}: {count_text(len(all_references.all), 'reference')}, kept "
        f"{all_references.keep} [{RULE}]"
    )
    for reference in all_references.all:
        yield (
            f"  {reference.evidence}: {reference.kind} on {reference.list_id}, "
            f"{count_text(len(reference.phones))}: {_retention_text(reference, all_references)}"
        )
    for revision in all_references.missing_revisions:
        yield f"  the files of {revision[:12]} are gone from this repository: what they named is not told"


def _retention_text(reference: Reference, all_references: References) -> str:
    if reference.keep_until:
        return f"keep until {reference.keep_until} (counted from {reference.counts_from})"
    return f"in the files: keep it while it is, and {all_references.keep} more"
