"""The rows of a table, read and judged: each is good, refused with the reason, or left out by a profile."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from reconciler.desired.addition import Keys
from reconciler.desired.columns import Columns, columns_of
from reconciler.desired.profile import Profile
from reconciler.desired.table import Row, read_table
from reconciler.desired.trial import Candidate, trials
from reconciler.desired.typed import typed
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import Terms
from reconciler.reconcile.rejects import Reject, write_rejects
from reconciler.reconcile.target import LIST_ID, Desk

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
            desk.around.say(f"{count:,} rows read")
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
    if not LIST_ID.fullmatch(list_id):
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
