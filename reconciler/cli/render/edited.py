"""What the commands that edit files did, for machines: numbers whole, files by their paths from the root."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.finding import finding_json
from reconciler.model.terms import terms_json

if TYPE_CHECKING:  # each command loads its own, and no other's
    from reconciler.reconcile.add import Added
    from reconciler.reconcile.adoption_request import Requested
    from reconciler.reconcile.fmt import Formatted
    from reconciler.reconcile.import_ import Imported
    from reconciler.reconcile.pull import Pulled
    from reconciler.reconcile.release import Released, Stays
    from reconciler.reconcile.restore import Restored
    from reconciler.reconcile.snapshot import Taken
    from reconciler.reconcile.undo import Undone


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
    return {"batch": done.batch, **_rows_json(done), "snapshot": None}


def taken_json(done: "Taken") -> dict[str, Any]:
    """Say what a snapshot changed, and what it did not."""
    snapshot = {
        "registry": done.block.name,
        "retrieved_at": done.block.retrieved_at,
        "sha256": done.block.sha256,
        "evidence": done.evidence,
        "released": _by_list({done.list_id: done.released} if done.released else {}),
        "unchanged": [{"area_code": code, "why": why} for code, why in done.unchanged.items()],
        "stays": _stays(done.stays),
        "strangers": [{"file": path, "count": count} for path, count in done.strangers.items()],
        "doubts": list(done.doubts),
    }
    return {"batch": None, **_rows_json(done), "snapshot": snapshot}


def _rows_json(done: "Imported | Taken") -> dict[str, Any]:
    return {
        "list_id": done.list_id,
        "files": list(done.files),
        "summary": {
            "read": done.read,
            "added": done.added,
            "present": done.present,
            "refused": len(done.refused),
            "ignored": sum(done.left_out.values()),
        },
        "ignored_rows": dict(done.left_out),
        "ignored_columns": list(done.ignored),
        "rejects": str(done.rejects) if done.rejects else None,
        "refused": [{"line": reject.line, "why": reject.why} for reject in done.refused],
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
