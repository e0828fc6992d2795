"""Changes as a table for auditors, and as JSON."""

from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from reconciler.audit.report import Report
from reconciler.cli.call import json_text
from reconciler.cli.render.words import count, terms
from reconciler.reconcile.audit_export import Exported
from reconciler.reconcile.cells import write_table
from reconciler.reconcile.changes import ChangeRow

COLUMNS = (
    *("finished_at", "seq", "report", "action", "direction", "list_id", "phone", "reason"),
    *("before", "after", "outcome", "revision"),
    *("release_reason", "evidence", "approved_by", "self_approved", "file", "author", "merge_request"),
    *("actor", "actor_how"),
)
_SELF = {None: "", True: "yes", False: "no"}


def write_csv(exported: Exported, out: TextIO) -> None:
    """Write every change as it comes."""
    write_table(out, COLUMNS, (_values(row) for row in exported.rows()))


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
        said: dict[str, Any] = dict(zip(COLUMNS, _values(row), strict=True))
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
    report = row.stored.report
    return [
        *(
            report["finished_at"],
            report.seq,
            row.stored.path,
            row.action,
            row.direction,
            row.list_id,
            row.phone,
        ),
        *(row.reason, _said(row.before), _said(row.after), row.outcome, report.revision),
        _joined(permit.reason for permit in row.permits),
        _joined(permit.evidence for permit in row.permits),
        _joined(name for permit in row.permits for name in permit.approved_by),
        _joined(_SELF[permit.self_approved] for permit in row.permits),
        _joined(permit.file for permit in row.permits),
        _joined(permit.author for permit in row.permits),
        _joined(permit.merge_request for permit in row.permits),
        *_actor(report),
    ]


def _joined(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))


def _actor(report: Report) -> tuple[str, str]:
    """Name who started the run, and how that is known: by GitLab's word where the report has it."""
    triggerer = (report.get("actors") or {}).get("triggerer") or {}
    told = triggerer if triggerer.get("login") else report["actor"]
    return str(told.get("login") or told.get("name") or ""), str(told.get("how") or "")


def _said(wire: Any) -> str:  # noqa: ANN401  (JSON)
    return terms(wire) if wire else ""
