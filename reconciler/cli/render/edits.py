"""What the commands that edit files did, in words and for machines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.call import complain
from reconciler.cli.render.masking import Shown
from reconciler.core.model.entries import terms_json
from reconciler.core.model.finding import finding_json

if TYPE_CHECKING:
    from reconciler.use_cases.edits.add import Added
    from reconciler.use_cases.edits.fmt import Formatted
    from reconciler.use_cases.edits.import_table import Imported, ImportedRows
    from reconciler.use_cases.edits.pull import Pulled
    from reconciler.use_cases.edits.registry_snapshot import Taken
    from reconciler.use_cases.edits.release import Released, Stays
    from reconciler.use_cases.edits.restore import Restored
    from reconciler.use_cases.edits.undo import Undone
    from reconciler.use_cases.operations.adoption import Requested


def added_json(done: "Added", list_id: str) -> dict[str, Any]:
    """Say what was added, and what was there already, with its line."""
    return {
        "list_id": list_id,
        "files": [done.file] if done.numbers else [],
        "file": done.file,
        "added": list(done.numbers),
        "present": [{"phone": number, "line": line} for number, line in done.present.items()],
        "terms": terms_json(done.terms),
        "findings": [finding_json(finding) for finding in done.odd],
    }


def imported_json(done: "Imported") -> dict[str, Any]:
    """Say what became of a table's rows."""
    return {"batch": done.batch, **_rows_json(done.rows), "snapshot": None}


def taken_json(done: "Taken") -> dict[str, Any]:
    """Say what a snapshot changed, and what it did not."""
    snapshot = {
        "registry": done.block.name,
        "retrieved_at": done.block.retrieved_at,
        "sha256": done.block.sha256,
        "evidence": done.evidence,
        "released": _by_list({done.rows.list_id: done.released} if done.released else {}),
        "unchanged": [{"area_code": code, "why": why} for code, why in done.unchanged.items()],
        "stays": _stays(done.stays),
        "strangers": [{"file": path, "count": count} for path, count in done.strangers.items()],
        "doubts": list(done.doubts),
    }
    return {"batch": None, **_rows_json(done.rows), "snapshot": snapshot}


def _rows_json(rows: "ImportedRows") -> dict[str, Any]:
    return {
        "list_id": rows.list_id,
        "files": list(rows.files),
        "summary": {
            "read": rows.read,
            "added": rows.added,
            "present": rows.present,
            "refused": len(rows.refused),
            "ignored": sum(rows.left_out.values()),
        },
        "ignored_rows": dict(rows.left_out),
        "ignored_columns": list(rows.ignored),
        "rejects": str(rows.rejects) if rows.rejects else None,
        "refused": [{"line": reject.line, "why": reject.why} for reject in rows.refused],
    }


def formatted_json(done: "Formatted", *, check: bool) -> dict[str, Any]:
    """Say which files were not canonical, and why some were left alone."""
    return {
        "checked": done.files,
        "changed": list(done.changed),
        "files": [] if check else list(done.changed),
        "findings": [finding_json(finding) for finding in done.findings],
    }


def released_json(done: "Released | Undone") -> dict[str, Any]:
    """Say what was let off, and what stays all the same."""
    return {
        "files": list(done.files),
        "released": _by_list(done.released),
        "stays": _stays(done.stays),
    }


def restored_json(done: "Restored") -> dict[str, Any]:
    """Say what was put back, and where it came from."""
    return {
        "files": list(done.files),
        "restored": [
            {"phone": one.number, "list_id": one.list_id, "file": one.file, "revision": one.revision}
            for one in done.back
        ],
        "present": list(done.present),
    }


def pulled_json(done: "Pulled", asked: "Requested | None" = None) -> dict[str, Any]:
    """Say what was adopted, and, with a merge request, where it is."""
    return {
        "tenant": done.tenant,
        "files": list(done.files),
        "summary": {
            "read": done.read,
            "written": sum(done.written.values()),
            "present": done.present,
            "unreadable": len(done.unreadable),
        },
        "written": dict(done.written),
        "not_adopted": list(done.left),
        "unreadable": done.csv,
        "merge_request": None
        if asked is None
        else {"branch": asked.branch, "target": asked.target, "commit": asked.commit, "opened": asked.opened},
    }


def _by_list(numbers: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"list_id": list_id, "phones": list(phones)} for list_id, phones in numbers.items()]


def _stays(stays: "Iterable[Stays]") -> list[dict[str, str]]:
    return [{"phone": one.number, "list_id": one.list_id, "why": one.why} for one in stays]


_PRINTED = 10


def show_imported(done: "Imported") -> None:
    """Say what became of a table's rows."""
    _show_rows(done.rows, "that file")
    for path in done.rows.files:
        print(path)
    complain(f"batch {done.batch}: {_counts(done.rows)}")
    if done.rows.files:
        complain("next: commit these files; dnc plan shows what they change")


def show_taken(done: "Taken", shown: Shown) -> None:
    """Say what a snapshot changed, and what it did not."""
    _show_rows(done.rows, "the snapshot")
    for path in done.rows.files:
        print(path)
    block, list_id = done.block, done.rows.list_id
    complain(f"{block.name} of {block.retrieved_at}, sha256 {block.sha256[:12]}…: {_counts(done.rows)}")
    if done.released:
        complain(f"{len(done.released):,} released from {list_id}: REGISTRY_REMOVED, {done.evidence}")
    _show_doubts(done)
    _show_some(f"{shown.number(one.number)} stays on {one.list_id}: {one.why}" for one in done.stays)
    for code, why in done.unchanged.items():
        complain(f"nothing of area code {code} comes off: {why}")
    if not done.doubts and any("lost" in why for why in done.unchanged.values()):
        complain(
            "  way out: retrieve it again; or look at the numbers, and release them: "
            f"`dnc release NUMBER --list {list_id} --reason REGISTRY_REMOVED --evidence {done.evidence}`"
        )
    for path, count in done.strangers.items():
        complain(
            f"{path}: {count:,} numbers of {block.name} are in no snapshot's file, and stay whatever it says"
            "\n  way out: give the file a registry block, with name and retrievedAt, to make it one"
        )
    if done.rows.files:
        complain("next: commit these files; dnc plan shows what they change")
    elif not done.rows.refused and not done.doubts:
        complain("nothing to do: the files have this snapshot already")


def _show_doubts(done: "Taken") -> None:
    """Say why a snapshot releases nothing, and how to go on."""
    for doubt in done.doubts:
        complain(doubt)
    if done.doubts:
        complain(
            "nothing was released: a snapshot releases numbers only if every row of its file is "
            "accounted for; new numbers were added all the same\n"
            "  way out: download the file again, or repair what is named above, and import the snapshot again"
        )


def _show_rows(rows: "ImportedRows", again: str) -> None:
    _show_some((f"line {reject.line}: {reject.why}" for reject in rows.refused), f"are in {rows.rejects}")
    if rows.refused:
        complain(
            f"refused rows: {rows.rejects} (whole numbers: do not commit it). Correct and import {again}"
        )
    if rows.ignored:
        complain(f"columns that nothing was taken from: {', '.join(rows.ignored)}")
    if rows.left_out:
        counted = ", ".join(f"{value} ({count:,})" for value, count in sorted(rows.left_out.items()))
        complain(f"rows that the profile ignores: {counted}")


def _show_some(lines: Iterable[str], where: str = "stay, too") -> None:
    told = list(lines)
    for line in told[:_PRINTED]:
        complain(line)
    if more := len(told[_PRINTED:]):
        complain(f"{more:,} more {where}")


def _counts(rows: "ImportedRows") -> str:
    left_out = sum(rows.left_out.values())
    return (
        f"{rows.read:,} rows read, {rows.added:,} added, {rows.present:,} already there, "
        f"{len(rows.refused):,} refused" + (f", {left_out:,} ignored" if left_out else "")
    )
