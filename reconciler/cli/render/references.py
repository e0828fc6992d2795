"""References and until when they must be kept: for reading, as a table, and as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from reconciler.cli.call import json_text
from reconciler.cli.render.words import count
from reconciler.reconcile.cells import write_table
from reconciler.reconcile.references import RULE, Reference, References

COLUMNS = (
    *("evidence", "kind", "list_id", "numbers", "first_seen", "last_seen"),
    *("stands", "counts_from", "keep_until"),
)
_CELL: Mapping[object, str] = {None: "", True: "yes", False: "no"}


def references_csv(found: References, out: TextIO) -> None:
    """Write a row for each; a day that is not known yet is empty."""
    write_table(out, COLUMNS, ([_CELL.get(v, v) for v in _row(one).values()] for one in found.all))


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
