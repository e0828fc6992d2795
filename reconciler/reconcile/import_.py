"""`dnc import`: the numbers of a table into new list files. What is bad is refused row by row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.addition import Keys, new_lists
from reconciler.desired.trial import Candidate
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import Terms
from reconciler.reconcile.files import put
from reconciler.reconcile.rejects import Reject
from reconciler.reconcile.rows import Table, put_aside, read_rows
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk

MOST = 5_000  # numbers a file: more is hard to review
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a table's rows: each was added, was there already, was refused, or was left out.

    `left_out` counts those that the profile ignores, by column and value; `ignored` names the columns that
    nothing was taken from.
    """

    batch: str
    list_id: str
    read: int
    added: int
    present: int
    refused: tuple[Reject, ...]
    files: tuple[str, ...]
    rejects: Path | None
    ignored: tuple[str, ...]
    left_out: Mapping[str, int]


def import_(around: Surroundings, table: Table) -> Imported:
    """Import a table. Raises InvalidInput, and writes nothing, where it is no table that can be read."""
    desk = Desk.open(around)
    rows = read_rows(desk, table)
    batch = table.batch or f"{around.clock():%Y%m%d}-{rows.sha256[:8]}"
    if not _BATCH.fullmatch(batch):
        raise InvalidInput(
            "this is no name of a batch", "write letters, digits and . _ - only", where="--batch"
        )
    chosen = chosen_of(rows.good, _strongest(desk, rows.list_id))
    files = _files(desk, rows.list_id, batch, chosen)
    rejects = put_aside(table, rows)
    for path, written in files.items():
        put(around.folder, path, written)
    return Imported(
        batch=batch,
        list_id=rows.list_id,
        read=rows.read,
        added=len(chosen),
        present=len(rows.good) - len(chosen),
        refused=rows.refused,
        files=tuple(files),
        rejects=rejects,
        ignored=rows.columns.ignored,
        left_out=rows.left_out,
    )


def chosen_of(good: list[tuple[Candidate, Terms]], has: Mapping[str, Terms]) -> dict[str, Candidate]:
    """Choose one row for each number that is not there under terms as strong: the strongest."""
    best: dict[str, tuple[Candidate, Terms]] = {}
    for row, terms in good:
        known = best[row.phone][1] if row.phone in best else has.get(row.phone)
        if known is None or terms.strength > known.strength:
            best[row.phone] = (row, terms)
    return {number: row for number, (row, _) in best.items()}


def _strongest(desk: Desk, list_id: str) -> dict[str, Terms]:
    has: dict[str, Terms] = {}
    for file in desk.lists.claims.files:
        if file.list_id == list_id:
            for number, terms in file.numbers.items():
                if number not in has or terms.strength > has[number].strength:
                    has[number] = terms
    return has


def _files(desk: Desk, list_id: str, batch: str, chosen: Mapping[str, Candidate]) -> dict[str, bytes]:
    """Write the new files, each validated; nothing is on the disk yet."""
    groups: dict[Keys, list[str]] = {}
    for number, row in chosen.items():
        groups.setdefault(row.keys, []).append(number)
    taken = {source.path for source in desk.sources}
    files: dict[str, bytes] = {}
    count = 0
    for write in new_lists(list_id, groups, most=MOST, description=f"Batch {batch}"):
        while (path := f"{desk.home}{list_id}-{batch}-{(count := count + 1):04}.yaml") in taken:
            pass
        if not desk.reaches(path):
            fact = (
                f"the lists of tenant {desk.tenant.name} do not reach this file, so it would protect nobody"
            )
            raise InvalidInput(fact, f"add {desk.home}**/*.yaml to its lists", where=path)
        files[path] = write(path)
        desk.flawless(path, files[path])
    return files
