"""The rows of a table as entries: each is accepted with its terms, ignored, or refused with the reason."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path

from phonenumbers import country_code_for_region

from reconciler.config.import_profile import ImportProfile
from reconciler.core.model.entries import Policy, Terms, is_list_id
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity, count_text
from reconciler.lists.edit.changes import Keys, with_rows
from reconciler.lists.phone_input import parse_phone_input, reads_with_lost_plus
from reconciler.lists.tables.columns import CHANGES, ColumnChoice, Columns, find_columns
from reconciler.lists.tables.days import day_as_written
from reconciler.lists.tables.rows import Row
from reconciler.lists.tables.table import Table, TablePlace, read_table
from reconciler.lists.tables.titles import ACTION
from reconciler.use_cases.workspace.ended_terms import IMPOSSIBLE_YEARS, ended_reason
from reconciler.use_cases.workspace.ended_terms import RULE as ENDED_TERM
from reconciler.use_cases.workspace.tenant_lists import TenantLists

STANDARD_INPUT = Path("-")
_STEP = 100_000
_ENTRY_PATH = re.compile(r"/entries/([0-9]+)(?:/phones/([0-9]+)|/.*)?")
_DAYS = ("requestedOn", "listedOn", "firstSeenOn", "expirationDate")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that has a number: its line and cells, to be named by, and the keys that its entry would get."""

    line: int
    cells: tuple[str, ...]
    phone: str
    keys: Keys


@dataclass(slots=True)
class TrialFile:
    """A file that would have some of the rows, no number twice, those with the same keys in one entry."""

    entries: dict[Keys, list[Candidate]] = field(default_factory=dict)
    phones: set[str] = field(default_factory=set)

    def to_bytes(self, list_id: str) -> bytes:
        """Write the file."""
        numbers = {keys: [row.phone for row in rows] for keys, rows in self.entries.items()}
        return with_rows(list_id, numbers)

    def rejected_rows(self, findings: Sequence[Finding]) -> Iterator[tuple[Candidate, str]]:
        """Give the rows that errors or impossible years were found in, with the sentence of each."""
        entries = list(self.entries.values())
        for finding in findings:
            match = _ENTRY_PATH.fullmatch(finding.path)
            if match and (finding.severity is Severity.ERROR or finding.rule == IMPOSSIBLE_YEARS):
                rows = entries[int(match[1])]
                for row in [rows[int(match[2])]] if match[2] else rows:
                    key = finding.path.rpartition("/")[2]
                    key_prefix = f"{key}: " if any(key == name for name, _ in row.keys) else ""
                    yield row, f"{key_prefix}{finding.message} [{finding.rule}]"


def trial_files(rows: Sequence[Candidate]) -> list[TrialFile]:
    """Put rows on trial: the second of a number goes into a second file, and so on."""
    files: list[TrialFile] = []
    for row in rows:
        file = next((file for file in files if row.phone not in file.phones), None)
        if file is None:
            files.append(file := TrialFile())
        file.phones.add(row.phone)
        file.entries.setdefault(row.keys, []).append(row)
    return files


@dataclass(frozen=True, slots=True, order=True)
class RejectedRow:
    """One row: its line, why it was refused and the fix, and its cells as they were."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vouching:
    """What whoever made a file says of it: how many rows of data it has, and its SHA-256."""

    rows: int | None = None
    sha256: str | None = None

    def __bool__(self) -> bool:
        return self.rows is not None or self.sha256 is not None


@dataclass(frozen=True, slots=True)
class ImportTable:
    """A table to import, and what its rows get where they do not say it themselves.

    `mapped_columns` says which column a field has, `phone_columns` all those with numbers. `batch` names the
    import; by its day and content otherwise. `profile` is the name of one in the configuration; what is said
    here counts before what it says. `is_new_list` says that the list may be one that nothing names yet.
    """

    file: Path
    list_id: str | None
    keys: Mapping[str, str]
    mapped_columns: Mapping[str, str] = field(default_factory=dict)
    batch: str | None = None
    rejects: Path | None = None
    profile: str | None = None
    is_new_list: bool = False
    phone_columns: Sequence[str] = ()
    place: TablePlace = field(default_factory=TablePlace)
    vouching: Vouching = field(default_factory=Vouching)

    @property
    def name(self) -> str:
        """Name the table in messages."""
        return "standard input" if self.file == STANDARD_INPUT else self.file.name

    @property
    def rejects_path(self) -> Path:
        """Say where the rows that are refused go: beside the table, or here where it is no file."""
        if self.rejects:
            return self.rejects
        if self.file == STANDARD_INPUT or (self.file.exists() and not self.file.is_file()):
            return Path("import.rejects.csv")
        return self.file.with_name(f"{self.file.name}.rejects.csv")


@dataclass(frozen=True, slots=True)
class TableRows:
    """What a table says.

    `accepted` are rows with the terms that they would have, `removals` the numbers that a change list takes
    off, with their rows. `unread_lines` are the lines of rows whose number is not known, `ignored_counts`
    counts what the profile ignores, by column and value. `numbers` are all that were read, in the order of
    the table, those of rows that were refused or left out, too. `table` has its rows no longer.
    """

    list_id: str
    sha256: str
    keys: Mapping[str, str]
    accepted: list[tuple[Candidate, Terms]]
    rejected: tuple[RejectedRow, ...]
    removals: tuple[Candidate, ...]
    unread_lines: tuple[int, ...]
    ignored_counts: Mapping[str, int]
    numbers: Mapping[str, None]
    columns: Columns
    table: Table = field(repr=False)

    def without(self, reasons: Mapping[Candidate, str]) -> "TableRows":
        """Refuse some of the good rows, each with the reason."""
        accepted = [(row, terms) for row, terms in self.accepted if row not in reasons]
        return replace(self, accepted=accepted, rejected=self._with_rejected(reasons))

    def without_removals(self, reason: str) -> "TableRows":
        """Refuse the rows that take numbers off."""
        return replace(self, removals=(), rejected=self._with_rejected(dict.fromkeys(self.removals, reason)))

    def _with_rejected(self, reasons: Mapping[Candidate, str]) -> tuple[RejectedRow, ...]:
        rejects = (RejectedRow(row.line, reason, row.cells) for row, reason in reasons.items())
        return tuple(sorted([*self.rejected, *rejects]))


def read_rows(tenant_lists: TenantLists, table: ImportTable) -> TableRows:
    """Read and judge a table. Raises InvalidInput where it is none that can be read."""
    profile = _profile(tenant_lists, table.profile)
    list_id = _list_id(tenant_lists, table, profile)
    keys = {**profile.defaults, **table.keys}
    data = _read_table_file(table)
    digest = sha256(data).hexdigest()
    _demand_digest(table, digest)
    read = read_table(table.name, data, table.place)
    del data
    choice = ColumnChoice(table.mapped_columns, table.phone_columns, profile)
    columns, rows = find_columns(read, choice, tenant_lists.tenant.region, table.place)
    _demand_count(table, len(rows))
    _demand_reason_and_policy(columns, keys, table.name)
    collector = _RowCollector(tenant_lists, columns, keys)
    for count, row in enumerate(rows, 1):
        collector.add_row(row)
        if count % _STEP == 0:
            tenant_lists.ctx.say(f"{count:,} rows read")
    collector.reject_lost_plus()
    accepted, rejected = _validate_rows(tenant_lists, list_id, collector.candidates)
    return TableRows(
        list_id=list_id,
        sha256=digest,
        keys=keys,
        accepted=accepted,
        rejected=tuple(sorted([*collector.rejected, *rejected])),
        removals=tuple(collector.removals),
        unread_lines=tuple(collector.unread_lines),
        ignored_counts=collector.ignored_counts,
        numbers=collector.numbers,
        columns=columns,
        table=replace(read, rows=()),
    )


def _profile(tenant_lists: TenantLists, name: str | None) -> ImportProfile:
    if name is None:
        return ImportProfile()
    profiles = tenant_lists.project.configuration.imports
    if name not in profiles:
        fix = f"use one of: {', '.join(sorted(profiles))}; or add it" if profiles else "write it"
        fact = f"there is no import profile {name!r}"
        raise InvalidInput(
            fact, f"{fix} below imports: in {tenant_lists.project.configuration_path}", where="--profile"
        )
    return profiles[name]


def _list_id(tenant_lists: TenantLists, table: ImportTable, profile: ImportProfile) -> str:
    list_id = table.list_id or profile.list_id
    if list_id is None:
        way_out = "say it: --list LIST" + (f", or {profile.key_path('listId')}" if profile.name else "")
        raise InvalidInput("nothing says which list gets the numbers", way_out, where=table.name)
    where = "--list" if table.list_id else profile.key_path("listId")
    if not is_list_id(list_id):
        raise InvalidInput("this is no name of a list", "write letters, digits and . _ - only", where=where)
    tenant_lists.demand_known_list(list_id, is_new=table.is_new_list, where=where)
    return list_id


def _read_table_file(table: ImportTable) -> bytes:
    if table.file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return table.file.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", "check the file", where=str(table.file)
        ) from error


def _demand_digest(table: ImportTable, digest: str) -> None:
    wanted = table.vouching.sha256
    if wanted is not None and wanted.strip().lower() != digest:
        fact = f"this file has the SHA-256 {digest}, which is another: nothing was imported"
        raise InvalidInput(fact, "download it again", where="--sha256")


def _demand_count(table: ImportTable, count: int) -> None:
    wanted = table.vouching.rows
    if wanted is not None and wanted != count:
        fact = f"this file has {count_text(count, 'row')} of data: nothing was imported"
        raise InvalidInput(fact, "download it again, or ask for the right count", where="--expect-rows")


def _demand_reason_and_policy(columns: Columns, keys: Mapping[str, str], name: str) -> None:
    """See that reason and policy come from somewhere, before every row is refused for it.

    An end says the policy, too.
    """
    known = {*columns.indexes, *keys}
    if "expirationDate" in columns.indexes:
        known.add("expirationPolicy")
    for key, option in (("reasonCode", "--reason"), ("expirationPolicy", "--policy")):
        if key not in known:
            fact = f"neither a column nor {option} says the {key}"
            raise InvalidInput(fact, f"say it: {option}, or --map {key}=COLUMN", where=name)


@dataclass(slots=True)
class _RowCollector:
    """What was found so far, row by row. Terms that repeat are worked out once.

    `has_foreign_plus` tells whether the table has numbers of other countries than the tenant's with a +.
    """

    tenant_lists: TenantLists
    columns: Columns
    keys: Mapping[str, str]
    candidates: list[Candidate] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    removals: list[Candidate] = field(default_factory=list)
    unread_lines: list[int] = field(default_factory=list)
    ignored_counts: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, None] = field(default_factory=dict)
    has_foreign_plus: bool = False
    _own_code: str = field(init=False)
    _terms_places: tuple[int, ...] = field(init=False)
    _terms: dict[tuple[str, ...], tuple[str, Keys]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own_code = f"+{country_code_for_region(self.tenant_lists.tenant.region)}"
        self._terms_places = self.columns.terms_places

    def add_row(self, row: Row) -> None:
        """Take a row in."""
        cells, region = row.cells, self.tenant_lists.tenant.region
        inputs = [] if row.problem else self.columns.numbers(cells, region)
        phones = [phone_input.phone for phone_input in inputs if phone_input.phone]
        self.numbers.update(dict.fromkeys(phones))
        if row.problem:
            self.unread_lines.append(row.line)
            self._reject(row, row.problem)
        elif ignored_value := self.columns.ignored_value(cells):
            self.ignored_counts[ignored_value] += 1
        elif problem := self._row_problem(cells) or self._terms_of(cells)[0]:
            self._reject(row, problem)
        else:
            for phone_input in inputs:
                if phone_input.problem:
                    self._reject(row, phone_input.problem)
            if len(phones) < len(inputs):
                self.unread_lines.append(row.line)
            self._take_numbers(row, dict.fromkeys(phones))

    def reject_lost_plus(self) -> None:
        """Refuse the numbers whose plus sign may be lost, where the table is of several countries."""
        if not self.has_foreign_plus:
            return
        region = self.tenant_lists.tenant.region
        reason = (
            "this may be a number of another country that lost its +, as others in this table have one: "
            "write + and the country code"
        )
        kept: list[Candidate] = []
        for row in self.candidates:
            texts = self.columns.phone_texts(row.cells)
            if any(
                reads_with_lost_plus(text, region) and parse_phone_input(text, region).phone == row.phone
                for text in texts
            ):
                self.rejected.append(RejectedRow(row.line, reason, row.cells))
            else:
                kept.append(row)
        self.candidates = kept

    def _reject(self, row: Row, reason: str) -> None:
        self.rejected.append(RejectedRow(row.line, reason, row.cells))

    def _row_problem(self, cells: tuple[str, ...]) -> str:
        width = len(self.columns.header)
        if width and any(cells[width:]):
            return f"it has {len(cells):,} cells, the header {width:,}: quote the cell with the mark in it"
        if self.columns.is_change_list and self.columns.value(ACTION, cells) not in CHANGES:
            return "it says neither A nor D, as the others in this change list do: correct it"
        return ""

    def _terms_of(self, cells: tuple[str, ...]) -> tuple[str, Keys]:
        """Give why the profile refuses what a row says besides its number, and the keys of its entry."""
        texts = tuple(cells[place] if place < len(cells) else "" for place in self._terms_places)
        if texts not in self._terms:
            fields, profile = self.columns.fields(cells), self.columns.profile
            problem = profile.refusal_reason(fields)
            fields = {} if problem else profile.translate(fields)
            days = {key: day_as_written(fields[key]) for key in _DAYS if key in fields}
            has_end = "expirationDate" in self.columns.indexes
            keys = _with_policy({**self.keys, **fields, **days}, has_end=has_end)
            self._terms[texts] = (problem, tuple(sorted(keys.items())))
        return self._terms[texts]

    def _take_numbers(self, row: Row, phones: Iterable[str]) -> None:
        if self.columns.is_removal(row.cells):
            self.removals += [Candidate(row.line, row.cells, phone, ()) for phone in phones]
            return
        _, keys = self._terms_of(row.cells)
        for phone in phones:
            self.candidates.append(Candidate(row.line, row.cells, phone, keys))
            if not phone.startswith(self._own_code) and "+" in self.columns.phone_text(row.cells):
                self.has_foreign_plus = True


def _with_policy(keys: dict[str, str], *, has_end: bool) -> dict[str, str]:
    """Say the policy where a column has ends: none is NEVER, and a day without a retention is ABSOLUTE."""
    if not has_end:
        return keys
    policy = keys.get("expirationPolicy", Policy.ABSOLUTE)
    if "expirationDate" not in keys:
        return {**keys, "expirationPolicy": Policy.NEVER if policy == Policy.ABSOLUTE else policy}
    if policy == Policy.RELATIVE and "retention" not in keys:
        policy = Policy.ABSOLUTE
    return {**keys, "expirationPolicy": policy}


def _validate_rows(
    tenant_lists: TenantLists, list_id: str, candidates: list[Candidate]
) -> tuple[list[tuple[Candidate, Terms]], list[RejectedRow]]:
    """Judge every row as an entry, and give its terms, or why it is refused."""
    accepted: list[tuple[Candidate, Terms]] = []
    reasons: dict[Candidate, str] = {}
    for trial in trial_files(candidates):
        lists = tenant_lists.read_file("rows", trial.to_bytes(list_id))
        for row, reason in trial.rejected_rows(lists.findings):
            reasons.setdefault(row, reason)
        terms = {
            number: entry_terms
            for file in lists.declared_entries.files
            for number, entry_terms in file.numbers.items()
        }
        as_of = tenant_lists.today.as_of
        for row in chain.from_iterable(trial.entries.values()):
            if row in reasons:
                continue
            if reason := ended_reason(terms[row.phone], as_of):
                reasons[row] = f"{reason} [{ENDED_TERM}]"
            else:
                accepted.append((row, terms[row.phone]))
    return accepted, [RejectedRow(row.line, reason, row.cells) for row, reason in reasons.items()]
