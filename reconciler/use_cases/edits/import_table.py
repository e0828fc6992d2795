"""`dnc import`: the numbers of a table into new list files. Bad rows are refused one by one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from reconciler.config.import_profile import Profile
from reconciler.core.model.entries import Terms, is_list_id, strongest_terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.changes import Keys, new_lists, with_rows
from reconciler.lists.edit.tables import Columns, Row, columns_of, read_table
from reconciler.lists.phone_input import typed
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import own_table, put, write_table
from reconciler.use_cases.workspace.tenant_lists import Desk

_PLACE = re.compile(r"/entries/([0-9]+)(?:/phones/([0-9]+)|/.*)?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that has a number: its line and cells, to be named by, and the keys that its entry would get."""

    line: int
    cells: tuple[str, ...]
    phone: str
    keys: Keys


@dataclass(slots=True)
class Trial:
    """A file that would have some of the rows, no number twice, those with the same keys in one entry."""

    entries: dict[Keys, list[Candidate]] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)

    def data(self, list_id: str) -> bytes:
        """Write the file."""
        numbers = {keys: [row.phone for row in rows] for keys, rows in self.entries.items()}
        return with_rows(list_id, numbers)

    def refused(self, findings: Sequence[Finding]) -> Iterator[tuple[Candidate, str]]:
        """Give the rows that errors were found in, with the sentence of each error."""
        entries = list(self.entries.values())
        for finding in findings:
            found = _PLACE.fullmatch(finding.path)
            if finding.severity is Severity.ERROR and found:
                rows = entries[int(found[1])]
                for row in [rows[int(found[2])]] if found[2] else rows:
                    key = finding.path.rpartition("/")[2]
                    about = f"{key}: " if any(key == name for name, _ in row.keys) else ""
                    yield row, f"{about}{finding.message} [{finding.rule}]"


def trials(rows: Sequence[Candidate]) -> list[Trial]:
    """Put rows on trial: the second of a number goes into a second file, and so on."""
    files: list[Trial] = []
    for row in rows:
        file = next((file for file in files if row.phone not in file.phones), None)
        if file is None:
            files.append(file := Trial())
        file.phones.add(row.phone)
        file.entries.setdefault(row.keys, []).append(row)
    return files


@dataclass(frozen=True, slots=True, order=True)
class Reject:
    """One row: its line, why it was refused and the way out, and its cells as they were."""

    line: int
    why: str
    cells: tuple[str, ...]


def write_rejects(file: Path, header: tuple[str, ...], rejects: Sequence[Reject]) -> None:
    """Write the rows with their columns, and line and reason before them. It holds whole numbers.

    Raises InvalidInput where it cannot be written.
    """
    width = max(len(header), *(len(reject.cells) for reject in rejects))
    titles = [*header, *(f"column {n}" for n in range(len(header) + 1, width + 1))]
    try:
        with own_table(file) as out:
            rows = ([reject.line, reject.why, *reject.cells] for reject in rejects)
            write_table(out, ["line", "why", *titles], rows)
    except OSError as error:
        fact = f"the refused rows cannot be written: {error.strerror}; nothing was imported"
        raise InvalidInput(fact, "name another file: --rejects FILE", where=str(file)) from error


_STEP = 100_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table to import, and what its rows get where they do not say it themselves.

    `named` says which column a field has. `batch` names the import; by its day and content otherwise.
    `profile` is the name of one in the configuration; what is said here counts before what it says.
    """

    file: Path
    list_id: str | None
    keys: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)
    batch: str | None = None
    rejects: Path | None = None
    profile: str | None = None

    @property
    def refused_rows(self) -> Path:
        """Say where the rows that are refused go."""
        return self.rejects or self.file.with_name(f"{self.file.name}.rejects.csv")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table says.

    `good` are rows with the terms that they would have. `unread` are the lines of those whose number is
    none, `left_out` counts what the profile ignores, by column and value. `numbers` are all that were read,
    in the order of the table, those of rows that were refused or left out, too. `data` is the raw table.
    """

    list_id: str
    sha256: str
    keys: Mapping[str, str]
    good: list[tuple[Candidate, Terms]]
    refused: tuple[Reject, ...]
    unread: tuple[int, ...]
    left_out: Mapping[str, int]
    numbers: Mapping[str, None]
    columns: Columns
    data: bytes = field(repr=False)

    @property
    def read(self) -> int:
        """Count the rows."""
        return len(self.good) + len(self.refused) + sum(self.left_out.values())

    def without(self, bad: Mapping[Candidate, str]) -> "Rows":
        """Refuse some of the good rows, each with the reason."""
        good = [(row, terms) for row, terms in self.good if row not in bad]
        rejects = (Reject(row.line, why, row.cells) for row, why in bad.items())
        return replace(self, good=good, refused=tuple(sorted([*self.refused, *rejects])))


def read_rows(desk: Desk, table: Table) -> Rows:
    """Read and judge a table. Raises InvalidInput where it is none that can be read."""
    profile = _profile(desk, table.profile)
    list_id = _list_id(table, profile)
    keys = {**profile.defaults, **table.keys}
    data = _data(table.file)
    name = table.file.name
    columns, rows = columns_of(name, read_table(name, data), table.named, desk.tenant.region, profile)
    _demand_said(columns, keys, name)
    found = _Found(desk, columns, keys)
    for count, row in enumerate(rows, 1):
        found.take(row)
        if count % _STEP == 0:
            desk.ctx.say(f"{count:,} rows read")
    good, bad = _judged(desk, list_id, found.candidates)
    refused = tuple(sorted([*found.refused, *bad]))
    return Rows(
        list_id=list_id,
        sha256=sha256(data).hexdigest(),
        keys=keys,
        good=good,
        refused=refused,
        unread=tuple(found.unread),
        left_out=found.left_out,
        numbers=found.numbers,
        columns=columns,
        data=data,
    )


def put_aside(table: Table, rows: Rows) -> Path | None:
    """Write the rows that were refused, and give the file; None where there are none."""
    if not rows.refused:
        return None
    write_rejects(table.refused_rows, rows.columns.header, rows.refused)
    return table.refused_rows


def _profile(desk: Desk, name: str | None) -> Profile:
    if name is None:
        return Profile()
    profiles = desk.project.configuration.imports
    if name not in profiles:
        known = f"use one of: {', '.join(sorted(profiles))}; or add it" if profiles else "write it"
        fact = f"there is no import profile {name!r}"
        raise InvalidInput(
            fact, f"{known} below imports: in {desk.project.configuration_path}", where="--profile"
        )
    return profiles[name]


def _list_id(table: Table, profile: Profile) -> str:
    list_id = table.list_id or profile.list_id
    if list_id is None:
        way_out = "say it: --list LIST" + (f", or {profile.at('listId')}" if profile.name else "")
        raise InvalidInput("nothing says which list the numbers go on", way_out, where=table.file.name)
    if not is_list_id(list_id):
        raise InvalidInput(
            "this is no name of a list", "write letters, digits and . _ - only", where="--list"
        )
    return list_id


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error


def _demand_said(columns: Columns, keys: Mapping[str, str], name: str) -> None:
    """See that reason and policy come from somewhere, before every row is refused for it."""
    for key, option in (("reasonCode", "--reason"), ("expirationPolicy", "--policy")):
        if key not in columns.places and key not in keys:
            fact = f"neither a column nor {option} says the {key}"
            raise InvalidInput(fact, f"say it: {option}, or --map {key}=COLUMN", where=name)


@dataclass(slots=True)
class _Found:
    """What was found so far, row by row. Keys that repeat are kept once."""

    desk: Desk
    columns: Columns
    keys: Mapping[str, str]
    candidates: list[Candidate] = field(default_factory=list)
    refused: list[Reject] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, None] = field(default_factory=dict)
    _shared: dict[Keys, Keys] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Take a row in."""
        line, cells = row
        said = self.columns.read(cells)
        number = typed(said.pop("phone", ""), self.desk.tenant.region)
        if number.phone:
            self.numbers[number.phone] = None
        if why := self.columns.left_out(cells):
            self.left_out[why] += 1
        elif number.why_not:
            self.unread.append(line)
            self.refused.append(Reject(line, number.why_not, cells))
        elif why := self.columns.profile.why_not(said):
            self.refused.append(Reject(line, why, cells))
        else:
            said = self.columns.profile.translated(said)
            own = tuple(sorted({**self.keys, **said}.items()))
            self.candidates.append(Candidate(line, cells, number.phone, self._shared.setdefault(own, own)))


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


MOST = 5_000  # numbers a file: more is hard to review
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """What became of a table's rows: each was added, was there already, was refused, or was left out.

    `left_out` counts those that the profile ignores, by column and value; `ignored` names the columns that
    nothing was taken from.
    """

    list_id: str
    read: int
    added: int
    present: int
    refused: tuple[Reject, ...]
    files: tuple[str, ...]
    rejects: Path | None
    ignored: tuple[str, ...]
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, rows: Rows, added: int, files: Iterable[str], rejects: Path | None) -> "ImportedRows":
        """Count the rows that were read. `files` are those that changed."""
        return cls(
            list_id=rows.list_id,
            read=rows.read,
            added=added,
            present=len(rows.good) - added,
            refused=rows.refused,
            files=tuple(files),
            rejects=rejects,
            ignored=rows.columns.ignored,
            left_out=rows.left_out,
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a table's rows, under the name of their batch."""

    batch: str
    rows: ImportedRows


def import_(ctx: CommandContext, table: Table) -> Imported:
    """Import a table. Raises InvalidInput, and writes nothing, where it is no table that can be read."""
    desk = Desk.open(ctx)
    rows = read_rows(desk, table)
    batch = table.batch or f"{ctx.clock():%Y%m%d}-{rows.sha256[:8]}"
    if not _BATCH.fullmatch(batch):
        raise InvalidInput(
            "this is no name of a batch", "write letters, digits and . _ - only", where="--batch"
        )
    present = strongest_terms(file for file in desk.lists.claims.files if file.list_id == rows.list_id)
    chosen = chosen_of(rows.good, present.get(rows.list_id, {}))
    files = _files(desk, rows.list_id, batch, chosen)
    rejects = put_aside(table, rows)
    for path, written in files.items():
        put(ctx.folder, path, written)
    return Imported(batch, ImportedRows.of(rows, len(chosen), files, rejects))


def chosen_of(good: list[tuple[Candidate, Terms]], has: Mapping[str, Terms]) -> dict[str, Candidate]:
    """Choose one row for each number that is not there under terms as strong: the strongest."""
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
