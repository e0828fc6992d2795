"""`dnc import`: the numbers of a table into new list files. What is bad is refused row by row."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from reconciler.desired.addition import Keys, new_lists
from reconciler.desired.columns import Columns, columns_of
from reconciler.desired.table import Row, read_table
from reconciler.desired.trial import Candidate, trials
from reconciler.desired.typed import typed
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import Terms
from reconciler.reconcile.files import put
from reconciler.reconcile.rejects import Reject, write_rejects
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import LIST_ID, Desk

MOST = 5_000  # numbers a file: more is hard to review
_STEP = 100_000
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table to import, and what its rows get where they do not say it themselves.

    `named` says which column a field has. `batch` names the import; by its day and content otherwise.
    """

    file: Path
    list_id: str
    keys: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)
    batch: str | None = None
    rejects: Path | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a table's rows: each was added, was there already, or was refused."""

    batch: str
    read: int
    added: int
    present: int
    refused: tuple[Reject, ...]
    files: tuple[str, ...]
    rejects: Path | None
    ignored: tuple[str, ...]


def import_(around: Surroundings, table: Table) -> Imported:
    """Import a table. Raises InvalidInput, and writes nothing, where it is no table that can be read."""
    if not LIST_ID.fullmatch(table.list_id):
        raise InvalidInput(
            "this is no name of a list", "write letters, digits and . _ - only", where="--list"
        )
    data = _data(table.file)
    desk = Desk.open(around)
    batch = table.batch or f"{around.clock():%Y%m%d}-{sha256(data).hexdigest()[:8]}"
    if not _BATCH.fullmatch(batch):
        raise InvalidInput(
            "this is no name of a batch", "write letters, digits and . _ - only", where="--batch"
        )
    name = table.file.name
    columns, rows = columns_of(name, read_table(name, data), table.named, desk.tenant.region)
    _said(columns, table)
    candidates, refused = _candidates(desk, columns, rows, table.keys)
    good, bad = _judged(desk, table.list_id, candidates)
    refused = sorted([*refused, *bad])
    has = _strongest(desk, table.list_id)
    chosen = _chosen(good, has)
    files = _files(desk, table.list_id, batch, chosen)
    rejects = table.rejects or table.file.with_name(f"{table.file.name}.rejects.csv")
    if refused:
        write_rejects(rejects, columns.header, refused)
    for path, written in files.items():
        put(around.folder, path, written)
    read = len(candidates) + len(refused) - len(bad)
    present = len(good) - len(chosen)
    return Imported(
        batch,
        read,
        len(chosen),
        present,
        tuple(refused),
        tuple(files),
        rejects if refused else None,
        columns.ignored,
    )


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error


def _said(columns: Columns, table: Table) -> None:
    """See that reason and policy come from somewhere, before every row is refused for it."""
    for key, option in (("reasonCode", "--reason"), ("expirationPolicy", "--policy")):
        if key not in columns.places and key not in table.keys:
            fact = f"neither a column nor {option} says the {key}"
            raise InvalidInput(fact, f"say it: {option}, or --map {key}=COLUMN", where=table.file.name)


def _candidates(
    desk: Desk, columns: Columns, rows: Iterator[Row], keys: Mapping[str, str]
) -> tuple[list[Candidate], list[Reject]]:
    good: list[Candidate] = []
    bad: list[Reject] = []
    shared: dict[Keys, Keys] = {}  # keys that repeat are kept once
    for count, (line, cells) in enumerate(rows, 1):
        said = columns.read(cells)
        number = typed(said.pop("phone", ""), desk.tenant.region)
        if number.why_not:
            bad.append(Reject(line, number.why_not, cells))
        else:
            own = tuple(sorted({**keys, **said}.items()))
            good.append(Candidate(line, cells, number.phone, shared.setdefault(own, own)))
        if count % _STEP == 0:
            desk.around.say(f"{count:,} rows read")
    return good, bad


def _judged(
    desk: Desk, list_id: str, candidates: list[Candidate]
) -> tuple[list[tuple[Candidate, Terms]], list[Reject]]:
    """Judge every row as an entry, and give its terms, or why it is refused."""
    good: list[tuple[Candidate, Terms]] = []
    bad: dict[Candidate, str] = {}
    for trial in trials(candidates):
        lists = desk.read("rows", trial.data(list_id))
        for row, why in trial.refused(lists.findings):
            bad.setdefault(row, why)
        terms = {number: held for file in lists.claims.files for number, held in file.numbers.items()}
        for rows in trial.entries.values():
            good += [(row, terms[row.phone]) for row in rows if row not in bad]
    return good, [Reject(row.line, why, row.cells) for row, why in bad.items()]


def _strongest(desk: Desk, list_id: str) -> dict[str, Terms]:
    has: dict[str, Terms] = {}
    for file in desk.lists.claims.files:
        if file.list_id == list_id:
            for number, terms in file.numbers.items():
                if number not in has or terms.strength > has[number].strength:
                    has[number] = terms
    return has


def _chosen(good: list[tuple[Candidate, Terms]], has: Mapping[str, Terms]) -> dict[str, Candidate]:
    """Choose one row for each number that is not on the list under terms as strong: the strongest."""
    best: dict[str, tuple[Candidate, Terms]] = {}
    for row, terms in good:
        known = best[row.phone][1] if row.phone in best else has.get(row.phone)
        if known is None or terms.strength > known.strength:
            best[row.phone] = (row, terms)
    return {number: row for number, (row, _) in best.items()}


def _files(desk: Desk, list_id: str, batch: str, chosen: Mapping[str, Candidate]) -> dict[str, bytes]:
    """Write the new files, each validated; nothing is on the disk yet."""
    groups: dict[Keys, list[str]] = {}
    for number, row in chosen.items():
        groups.setdefault(row.keys, []).append(number)
    taken = {source.path for source in desk.sources}
    files: dict[str, bytes] = {}
    count = 0
    for write in new_lists(list_id, groups, most=MOST, description=f"Batch {batch}"):
        while (path := f"dnc-lists/{list_id}-{batch}-{(count := count + 1):04}.yaml") in taken:
            pass
        if not desk.reaches(path):
            fact = (
                f"the lists of tenant {desk.tenant.name} do not reach this file, so it would protect nobody"
            )
            raise InvalidInput(fact, "add dnc-lists/**/*.yaml to its lists", where=path)
        files[path] = write(path)
        desk.flawless(path, files[path])
    return files
