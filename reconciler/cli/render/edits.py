"""What the commands that edit files did, in words and for machines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.call import print_error
from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.entries import terms_to_json
from reconciler.core.model.finding import count_text, finding_to_json
from reconciler.lists.tables.titles import titles_text

if TYPE_CHECKING:
    from reconciler.use_cases.edits.add import AddResult
    from reconciler.use_cases.edits.fmt import FmtResult
    from reconciler.use_cases.edits.import_table import ImportedRows, ImportResult
    from reconciler.use_cases.edits.pull import PullResult
    from reconciler.use_cases.edits.registry_snapshot import SnapshotResult
    from reconciler.use_cases.edits.release import ReleaseResult, RetainedNumber
    from reconciler.use_cases.edits.restore import RestoreResult
    from reconciler.use_cases.edits.undo import UndoResult
    from reconciler.use_cases.operations.adoption import AdoptionRequest


def add_json(result: "AddResult") -> dict[str, Any]:
    """Say what was added, and what was there already, with its line."""
    return {
        "list_id": result.list_id,
        "files": [result.file] if result.numbers else [],
        "file": result.file,
        "added": list(result.numbers),
        "present": [{"phone": number, "line": line} for number, line in result.already_present.items()],
        "terms": terms_to_json(result.terms),
        "findings": [finding_to_json(finding) for finding in result.warnings],
    }


def import_json(result: "ImportResult") -> dict[str, Any]:
    """Say what became of a table's rows."""
    return {"batch": result.batch, **_rows_json(result.rows), "snapshot": None}


def snapshot_json(result: "SnapshotResult") -> dict[str, Any]:
    """Say what a snapshot changed, and what it did not."""
    snapshot = {
        "registry": result.block.name,
        "retrieved_at": result.block.retrieved_at,
        "sha256": result.block.sha256,
        "evidence": result.evidence,
        "released": _by_list(
            {result.rows.list_id: result.released_numbers} if result.released_numbers else {}
        ),
        "unchanged": [{"area_code": code, "why": reason} for code, reason in result.unchanged_codes.items()],
        "stays": _retained_json(result.retained),
        "strangers": [{"file": path, "count": count} for path, count in result.unmaintained_files.items()],
        "doubts": list(result.doubts),
    }
    return {"batch": None, **_rows_json(result.rows), "snapshot": snapshot}


def _rows_json(rows: "ImportedRows") -> dict[str, Any]:
    return {
        "list_id": rows.list_id,
        "files": list(rows.files),
        "summary": {
            "read": rows.read,
            "added": rows.added,
            "present": rows.present,
            "refused": rows.refused_count,
            "ignored": sum(rows.left_out.values()),
            "removals": rows.removals,
            "repeated": rows.repeated,
            "file_rows": rows.file_rows,
            "header": rows.header,
            "set_aside": dict(rows.set_aside),
        },
        "ignored_rows": dict(rows.left_out),
        "ignored_columns": list(rows.ignored),
        "rejects": str(rows.rejects) if rows.rejects else None,
        "refused": [{"line": reject.line, "why": reject.reason} for reject in rows.refused],
    }


def fmt_json(result: "FmtResult", *, check: bool) -> dict[str, Any]:
    """Say which files were not canonical, and why some were left alone."""
    return {
        "checked": result.files,
        "changed": list(result.changed_paths),
        "files": [] if check else list(result.changed_paths),
        "findings": [finding_to_json(finding) for finding in result.findings],
    }


def release_json(result: "ReleaseResult | UndoResult") -> dict[str, Any]:
    """Say what was let off, and what stays all the same."""
    return {
        "files": list(result.files),
        "released": _by_list(result.released_numbers),
        "stays": _retained_json(result.retained),
    }


def restore_json(result: "RestoreResult") -> dict[str, Any]:
    """Say what was put back, and where it came from."""
    return {
        "files": list(result.files),
        "restored": [
            {
                "phone": restored_line.number,
                "list_id": restored_line.list_id,
                "file": restored_line.file,
                "revision": restored_line.revision,
            }
            for restored_line in result.restored_lines
        ],
        "present": list(result.already_present),
    }


def pull_json(result: "PullResult", adoption_request: "AdoptionRequest | None" = None) -> dict[str, Any]:
    """Say what was adopted, and, with a merge request, where it is."""
    return {
        "tenant": result.tenant,
        "files": list(result.files),
        "summary": {
            "read": result.entry_count,
            "written": sum(result.added_counts.values()),
            "present": result.present_count,
            "unreadable": len(result.unreadable),
        },
        "written": dict(result.added_counts),
        "not_adopted": list(result.skipped_lists),
        "unreadable": result.csv,
        "merge_request": None
        if adoption_request is None
        else {
            "branch": adoption_request.branch,
            "target": adoption_request.target,
            "commit": adoption_request.commit,
            "opened": adoption_request.is_opened,
        },
    }


def _by_list(numbers: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"list_id": list_id, "phones": list(phones)} for list_id, phones in numbers.items()]


def _retained_json(retained: "Iterable[RetainedNumber]") -> list[dict[str, str]]:
    return [
        {"phone": retained_number.number, "list_id": retained_number.list_id, "why": retained_number.reason}
        for retained_number in retained
    ]


_MAX_PRINTED = 10


def print_import(result: "ImportResult") -> None:
    """Say what became of a table's rows."""
    _print_rows(result.rows, "that file")
    for path in result.rows.files:
        print(path)
    print_error(f"batch {result.batch}: {_counts_text(result.rows)}")
    if result.rows.files:
        print_error("next: commit these files; dnc plan shows what they change")


def print_snapshot(result: "SnapshotResult", number_format: NumberFormat) -> None:
    """Say what a snapshot changed, and what it did not."""
    _print_rows(result.rows, "the snapshot")
    for path in result.rows.files:
        print(path)
    block, list_id = result.block, result.rows.list_id
    print_error(
        f"{block.name} of {block.retrieved_at}, sha256 {block.sha256[:12]}…: {_counts_text(result.rows)}"
    )
    if result.released_numbers:
        print_error(
            f"{len(result.released_numbers):,} released from {list_id}: REGISTRY_REMOVED, {result.evidence}"
        )
    _print_doubts(result)
    _print_some(
        f"{number_format.number(retained_number.number)} stays on {retained_number.list_id}: "
        f"{retained_number.reason}"
        for retained_number in result.retained
    )
    for code, reason in result.unchanged_codes.items():
        print_error(f"nothing of area code {code} is released: {reason}")
    if not result.doubts and any("lost" in reason for reason in result.unchanged_codes.values()):
        print_error(
            "  fix: retrieve it again; or look at the numbers, and release them: "
            f"`dnc release NUMBER --list {list_id} --reason REGISTRY_REMOVED --evidence {result.evidence}`"
        )
    for path, count in result.unmaintained_files.items():
        print_error(
            f"{path}: {count:,} numbers of {block.name} are in no snapshot's file, and stay whatever it says"
            "\n  fix: give the file a registry block, with name and retrievedAt, to make it one"
        )
    if result.rows.files:
        print_error("next: commit these files; dnc plan shows what they change")
    elif not result.rows.refused and not result.doubts:
        print_error("nothing to do: the files have this snapshot already")


def _print_doubts(result: "SnapshotResult") -> None:
    """Say why a snapshot releases nothing, and how to go on."""
    for doubt in result.doubts:
        print_error(doubt)
    if result.doubts:
        print_error(
            "nothing was released: a snapshot releases numbers only if every row of its file is "
            "accounted for; new numbers were added all the same\n"
            "  fix: download the file again, or repair what is named above, and import the snapshot again"
        )


def _print_rows(rows: "ImportedRows", retry_command: str) -> None:
    _print_some((f"line {reject.line}: {reject.reason}" for reject in rows.refused), f"are in {rows.rejects}")
    if rows.refused:
        print_error(
            f"refused rows: {rows.rejects} (whole numbers: do not commit it). Correct and import "
            f"{retry_command}"
        )
    if rows.ignored:
        print_error(f"ignored columns: {titles_text(rows.ignored)}")
    if rows.left_out:
        ignored_text = ", ".join(f"{value} ({count:,})" for value, count in sorted(rows.left_out.items()))
        print_error(f"rows that the profile ignores: {ignored_text}")
    if rows.repeated:
        print_error(
            f"{count_text(rows.repeated, 'row')} of numbers that other rows have, too: of several requests "
            "for a number the earliest counts"
        )
    print_error(f"rows in the file: {_sum_text(rows)}")


def _sum_text(rows: "ImportedRows") -> str:
    """Say how the rows of the file add up."""
    ignored, removals = sum(rows.left_out.values()), rows.removals
    parts = [
        *(f"{count:,} {_SET_ASIDE.get(what, what)}" for what, count in rows.set_aside.items()),
        f"{rows.header} header",
        f"{rows.added:,} added",
        f"{rows.present:,} already there",
        f"{rows.refused_count:,} refused",
        *([f"{ignored:,} ignored"] if ignored else []),
        *(
            [f"{removals:,} that {'takes its number' if removals == 1 else 'take their numbers'} off"]
            if removals
            else []
        ),
    ]
    return f"{rows.file_rows:,} = {' + '.join(parts)}"


_SET_ASIDE = {"sep=": "line that names the delimiter"}


def _print_some(lines: Iterable[str], rest_place: str = "stay, too") -> None:
    all_lines = list(lines)
    for line in all_lines[:_MAX_PRINTED]:
        print_error(line)
    if rest_count := len(all_lines[_MAX_PRINTED:]):
        print_error(f"{rest_count:,} more {rest_place}")


def _counts_text(rows: "ImportedRows") -> str:
    left_out = sum(rows.left_out.values())
    return (
        f"{rows.read:,} rows read, {rows.added:,} added, {rows.present:,} already there, "
        f"{rows.refused_count:,} refused" + (f", {left_out:,} ignored" if left_out else "")
    )
