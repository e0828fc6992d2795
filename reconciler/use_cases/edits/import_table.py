"""`dnc import`: the numbers of a table into new list files. Bad rows are refused one by one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path

from reconciler.config.import_profile import ImportProfile
from reconciler.core.model.entries import Terms, is_list_id, strongest_terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.changes import Keys, new_lists, with_rows
from reconciler.lists.edit.tables import Columns, Row, find_columns, read_table
from reconciler.lists.phone_input import parse_phone_input
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.ended_terms import IMPOSSIBLE_YEARS, ended_reason
from reconciler.use_cases.workspace.ended_terms import RULE as ENDED_TERM
from reconciler.use_cases.workspace.files import open_private_table, write_file, write_table
from reconciler.use_cases.workspace.tenant_lists import TenantLists

_ENTRY_PATH = re.compile(r"/entries/([0-9]+)(?:/phones/([0-9]+)|/.*)?")


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
    """One row: its line, why it was refused and the way out, and its cells as they were."""

    line: int
    reason: str
    cells: tuple[str, ...]


def write_rejects(file: Path, header: tuple[str, ...], rejects: Sequence[RejectedRow]) -> None:
    """Write the rows with their columns, and line and reason before them. It holds whole numbers.

    Raises InvalidInput where it cannot be written.
    """
    width = max(len(header), *(len(reject.cells) for reject in rejects))
    titles = [*header, *(f"column {column_number}" for column_number in range(len(header) + 1, width + 1))]
    try:
        with open_private_table(file) as stream:
            rows = ([reject.line, reject.reason, *reject.cells] for reject in rejects)
            write_table(stream, ["line", "why", *titles], rows)
    except OSError as error:
        fact = f"the refused rows cannot be written: {error.strerror}; nothing was imported"
        raise InvalidInput(fact, "name another file: --rejects FILE", where=str(file)) from error


_STEP = 100_000


@dataclass(frozen=True, slots=True)
class ImportTable:
    """A table to import, and what its rows get where they do not say it themselves.

    `mapped_columns` says which column a field has. `batch` names the import; by its day and content
    otherwise. `profile` is the name of one in the configuration; what is said here counts before what it
    says. `is_new_list` says that the list may be one that nothing names yet.
    """

    file: Path
    list_id: str | None
    keys: Mapping[str, str]
    mapped_columns: Mapping[str, str] = field(default_factory=dict)
    batch: str | None = None
    rejects: Path | None = None
    profile: str | None = None
    is_new_list: bool = False

    @property
    def rejects_path(self) -> Path:
        """Say where the rows that are refused go."""
        return self.rejects or self.file.with_name(f"{self.file.name}.rejects.csv")


@dataclass(frozen=True, slots=True)
class TableRows:
    """What a table says.

    `accepted` are rows with the terms that they would have. `unread_lines` are the lines of those whose
    number is none, `ignored_counts` counts what the profile ignores, by column and value. `numbers` are all
    that were read, in the order of the table, those of rows that were refused or left out, too. `data` is the
    raw table.
    """

    list_id: str
    sha256: str
    keys: Mapping[str, str]
    accepted: list[tuple[Candidate, Terms]]
    rejected: tuple[RejectedRow, ...]
    unread_lines: tuple[int, ...]
    ignored_counts: Mapping[str, int]
    numbers: Mapping[str, None]
    columns: Columns
    data: bytes = field(repr=False)

    @property
    def row_count(self) -> int:
        """Count the rows."""
        return len(self.accepted) + len(self.rejected) + sum(self.ignored_counts.values())

    def without(self, reasons: Mapping[Candidate, str]) -> "TableRows":
        """Refuse some of the good rows, each with the reason."""
        accepted = [(row, terms) for row, terms in self.accepted if row not in reasons]
        rejects = (RejectedRow(row.line, reason, row.cells) for row, reason in reasons.items())
        return replace(self, accepted=accepted, rejected=tuple(sorted([*self.rejected, *rejects])))


def read_rows(tenant_lists: TenantLists, table: ImportTable) -> TableRows:
    """Read and judge a table. Raises InvalidInput where it is none that can be read."""
    profile = _profile(tenant_lists, table.profile)
    list_id = _list_id(tenant_lists, table, profile)
    keys = {**profile.defaults, **table.keys}
    data = _read_table_file(table.file)
    name = table.file.name
    columns, rows = find_columns(
        name, read_table(name, data), table.mapped_columns, tenant_lists.tenant.region, profile
    )
    _demand_reason_and_policy(columns, keys, name)
    collector = _RowCollector(tenant_lists, columns, keys)
    for count, row in enumerate(rows, 1):
        collector.add_row(row)
        if count % _STEP == 0:
            tenant_lists.ctx.say(f"{count:,} rows read")
    accepted, rejected = _validate_rows(tenant_lists, list_id, collector.candidates)
    all_rejected = tuple(sorted([*collector.rejected, *rejected]))
    return TableRows(
        list_id=list_id,
        sha256=sha256(data).hexdigest(),
        keys=keys,
        accepted=accepted,
        rejected=all_rejected,
        unread_lines=tuple(collector.unread_lines),
        ignored_counts=collector.ignored_counts,
        numbers=collector.numbers,
        columns=columns,
        data=data,
    )


def write_rejected_rows(table: ImportTable, rows: TableRows) -> Path | None:
    """Write the rows that were refused, and give the file; None where there are none."""
    if not rows.rejected:
        return None
    write_rejects(table.rejects_path, rows.columns.header, rows.rejected)
    return table.rejects_path


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
        raise InvalidInput("nothing says which list the numbers go on", way_out, where=table.file.name)
    where = "--list" if table.list_id else profile.key_path("listId")
    if not is_list_id(list_id):
        raise InvalidInput("this is no name of a list", "write letters, digits and . _ - only", where=where)
    tenant_lists.demand_known_list(list_id, is_new=table.is_new_list, where=where)
    return list_id


def _read_table_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error


def _demand_reason_and_policy(columns: Columns, keys: Mapping[str, str], name: str) -> None:
    """See that reason and policy come from somewhere, before every row is refused for it."""
    for key, option in (("reasonCode", "--reason"), ("expirationPolicy", "--policy")):
        if key not in columns.indexes and key not in keys:
            fact = f"neither a column nor {option} says the {key}"
            raise InvalidInput(fact, f"say it: {option}, or --map {key}=COLUMN", where=name)


@dataclass(slots=True)
class _RowCollector:
    """What was found so far, row by row. Keys that repeat are kept once."""

    tenant_lists: TenantLists
    columns: Columns
    keys: Mapping[str, str]
    candidates: list[Candidate] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    unread_lines: list[int] = field(default_factory=list)
    ignored_counts: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, None] = field(default_factory=dict)
    _shared: dict[Keys, Keys] = field(default_factory=dict)

    def add_row(self, row: Row) -> None:
        """Take a row in."""
        line, cells = row
        fields = self.columns.parse_row(cells)
        number = parse_phone_input(fields.pop("phone", ""), self.tenant_lists.tenant.region)
        if number.phone:
            self.numbers[number.phone] = None
        if ignored_value := self.columns.ignored_value(cells):
            self.ignored_counts[ignored_value] += 1
        elif number.problem:
            self.unread_lines.append(line)
            self.rejected.append(RejectedRow(line, number.problem, cells))
        elif ignored_value := self.columns.profile.refusal_reason(fields):
            self.rejected.append(RejectedRow(line, ignored_value, cells))
        else:
            fields = self.columns.profile.translate(fields)
            row_keys = tuple(sorted({**self.keys, **fields}.items()))
            self.candidates.append(
                Candidate(line, cells, number.phone, self._shared.setdefault(row_keys, row_keys))
            )


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


MAX_FILE_NUMBERS = 5_000  # numbers a file: more is hard to review
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
    refused: tuple[RejectedRow, ...]
    files: tuple[str, ...]
    rejects: Path | None
    ignored: tuple[str, ...]
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, rows: TableRows, added: int, files: Iterable[str], rejects: Path | None) -> "ImportedRows":
        """Count the rows that were read. `files` are those that changed."""
        return cls(
            list_id=rows.list_id,
            read=rows.row_count,
            added=added,
            present=len(rows.accepted) - added,
            refused=rows.rejected,
            files=tuple(files),
            rejects=rejects,
            ignored=rows.columns.ignored_titles,
            left_out=rows.ignored_counts,
        )


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a table's rows, under the name of their batch."""

    batch: str
    rows: ImportedRows


def import_(ctx: CommandContext, table: ImportTable) -> ImportResult:
    """Import a table. Raises InvalidInput, and writes nothing, where it is no table that can be read."""
    tenant_lists = TenantLists.open(ctx)
    rows = read_rows(tenant_lists, table)
    batch = table.batch or f"{ctx.clock():%Y%m%d}-{rows.sha256[:8]}"
    if not _BATCH.fullmatch(batch):
        raise InvalidInput(
            "this is no name of a batch", "write letters, digits and . _ - only", where="--batch"
        )
    present = strongest_terms(
        file for file in tenant_lists.lists.declared_entries.files if file.list_id == rows.list_id
    )
    chosen = strongest_candidates(rows.accepted, present.get(rows.list_id, {}))
    files = _new_files(tenant_lists, rows.list_id, batch, chosen)
    rejects = write_rejected_rows(table, rows)
    for path, data in files.items():
        write_file(ctx.folder, path, data)
    return ImportResult(batch, ImportedRows.of(rows, len(chosen), files, rejects))


def strongest_candidates(
    accepted: list[tuple[Candidate, Terms]], present_terms: Mapping[str, Terms]
) -> dict[str, Candidate]:
    """Choose one row for each number that is not there under terms as strong: the strongest."""
    best: dict[str, tuple[Candidate, Terms]] = {}
    for row, terms in accepted:
        best_terms = best[row.phone][1] if row.phone in best else present_terms.get(row.phone)
        if best_terms is None or terms.strength > best_terms.strength:
            best[row.phone] = (row, terms)
    return {number: row for number, (row, _) in best.items()}


def _new_files(
    tenant_lists: TenantLists, list_id: str, batch: str, chosen: Mapping[str, Candidate]
) -> dict[str, bytes]:
    """Write the new files, each validated; nothing is on the disk yet."""
    groups: dict[Keys, list[str]] = {}
    for number, row in chosen.items():
        groups.setdefault(row.keys, []).append(number)
    existing_paths = {source.path for source in tenant_lists.sources}
    files: dict[str, bytes] = {}
    count = 0
    for write in new_lists(list_id, groups, limit=MAX_FILE_NUMBERS, description=f"Batch {batch}"):
        while (
            path := f"{tenant_lists.new_file_folder}{list_id}-{batch}-{(count := count + 1):04}.yaml"
        ) in existing_paths:
            pass
        if not tenant_lists.is_reached(path):
            fact = (
                f"the lists of tenant {tenant_lists.tenant.name} do not reach this file, so it would "
                "protect nobody"
            )
            raise InvalidInput(fact, f"add {tenant_lists.new_file_folder}**/*.yaml to its lists", where=path)
        files[path] = write(path)
        tenant_lists.read_valid_file(path, files[path])
    return files
