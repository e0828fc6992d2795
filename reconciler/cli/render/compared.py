"""An export beside a report, list by list."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.words import count
from reconciler.reconcile.compare import Compared, Counted, ListCompared

_DIFFERING = {
    "only_in_report": "live as the report and git tell it, and not in the export",
    "only_in_export": "in the export, and not told by the report and git",
    "weaker": "in both, and weaker in the export than the files said",
}


def compared_text(done: Compared, shown: Shown) -> str:
    """Say for each list whether it is equal, else what differs."""
    report, export = done.stored.report, done.export
    lines = [
        f"report {report.seq} of {report.tenant}, run at {report['finished_at']}",
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
