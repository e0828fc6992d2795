"""`dnc import`: the numbers of a table into new list files. Bad rows are refused one by one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reconciler.core.model.entries import FileEntries, Terms, strongest_terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.gc_pause import collector_off
from reconciler.lists.edit.changes import Keys, new_lists
from reconciler.use_cases.edits.edit_lock import edit, write_list_files
from reconciler.use_cases.edits.table_rows import Candidate, ImportTable, RejectedRow, TableRows, read_rows
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import open_private_table, write_table
from reconciler.use_cases.workspace.tenant_lists import TenantLists

MAX_FILE_NUMBERS = 5_000  # numbers a file: more is hard to review
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REJECTS_BEGIN = b"line,why"
_REMOVAL = "this row takes its number off, which no import does: dnc release; or, of a registry, --snapshot"


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """What became of a table's rows: each was added, was there already, was refused, or was left out.

    `file_rows` is how many rows the file has by a count of its own, and the sum of `set_aside` (what is no
    row of the table, by what it is), `header`, `added`, `present`, the refused, `removals` and `left_out`.
    `left_out` counts those that the profile ignores, by column and value; `repeated` those of a number that
    another row of the table has too, and `ignored` names the columns that nothing was taken from.
    """

    list_id: str
    file_rows: int
    set_aside: Mapping[str, int]
    header: int
    added: int
    present: int
    repeated: int
    removals: int
    refused: tuple[RejectedRow, ...]
    files: tuple[str, ...]
    rejects: Path | None
    ignored: tuple[str, ...]
    left_out: Mapping[str, int]

    @property
    def refused_count(self) -> int:
        """Count the rows that were refused; one with several numbers may have several reasons."""
        return len({row.line for row in self.refused})

    @property
    def read(self) -> int:
        """Count the rows of data."""
        known = self.added + self.present + self.refused_count + self.removals
        return known + sum(self.left_out.values())


def account_for_rows(
    rows: TableRows, added: Iterable[Candidate], files: Iterable[str], rejects: Path | None
) -> ImportedRows:
    """Count what became of each row. Raises InvalidInput where one is left over."""
    refused_lines = {row.line for row in rows.rejected}
    added_lines = {row.line for row in added} - refused_lines
    accepted_lines = {row.line for row, _ in rows.accepted} - refused_lines
    result = ImportedRows(
        list_id=rows.list_id,
        file_rows=rows.table.file_rows,
        set_aside=rows.table.set_aside,
        header=int(bool(rows.columns.header)),
        added=len(added_lines),
        present=len(accepted_lines - added_lines),
        repeated=len(rows.accepted) - len({row.phone for row, _ in rows.accepted}),
        removals=len({row.line for row in rows.removals} - refused_lines),
        refused=rows.rejected,
        files=tuple(files),
        rejects=rejects,
        ignored=rows.columns.ignored_titles,
        left_out=rows.ignored_counts,
    )
    known = sum(result.set_aside.values()) + result.header + result.read
    if known != result.file_rows:
        fact = f"the file has {result.file_rows:,} rows, but {known:,} are accounted for: nothing was written"
        raise InvalidInput(fact, "report this, with the form of the file", where=rows.table.name)
    return result


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a table's rows, under the name of their batch."""

    batch: str
    rows: ImportedRows


@edit("dnc import")
@collector_off()
def import_(ctx: CommandContext, table: ImportTable) -> ImportResult:
    """Import a table. Raises InvalidInput, and writes nothing, where it is no table that can be read."""
    tenant_lists = TenantLists.open(ctx)
    rows = read_rows(tenant_lists, table).without_removals(_REMOVAL)
    batch = table.batch or f"{ctx.clock():%Y%m%d}-{rows.sha256[:8]}"
    if not _BATCH.fullmatch(batch):
        raise InvalidInput(
            "this is no name of a batch", "write letters, digits and . _ - only", where="--batch"
        )
    list_files = [file for file in tenant_lists.lists.declared_entries.files if file.list_id == rows.list_id]
    chosen = chosen_rows(rows.accepted, list_files)
    files = _new_files(tenant_lists, rows.list_id, batch, chosen)
    added = [row for number_rows in chosen.values() for row in number_rows]
    imported = account_for_rows(rows, added, files, table.rejects_path if rows.rejected else None)
    write_rejected_rows(table, rows)
    write_list_files(ctx, files, tenant_lists.sources)
    return ImportResult(batch, imported)


def write_rejected_rows(table: ImportTable, rows: TableRows) -> Path | None:
    """Write the rows that were refused, and give the file; None where there are none.

    Then a file of the same name that an earlier import wrote goes: it would look as if it were of this one.
    """
    file = table.rejects_path
    if rows.rejected:
        write_rejects(file, rows.columns.header, rows.rejected)
        return file
    with suppress(OSError):
        with file.open("rb") as stream:
            is_ours = stream.read(len(_REJECTS_BEGIN)) == _REJECTS_BEGIN
        if is_ours and file != table.file:
            file.unlink()
    return None


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


def chosen_rows(
    accepted: list[tuple[Candidate, Terms]], list_files: Sequence[FileEntries]
) -> dict[str, list[Candidate]]:
    """Choose the rows of each number that say more than the list does, none where all is there already.

    The strongest counts, and of several requests the earliest, with its evidence. Where these are two rows,
    as where each request has a term of its own, both are entries.
    """
    present_terms = strongest_terms(list_files)
    ordered = sorted(accepted, key=lambda one: (_request_day(one[1]), one[0].line))
    strongest = strongest_candidates(ordered, next(iter(present_terms.values()), {}))
    present_days = _earliest_days(list_files, {row.phone for row, terms in accepted if terms.requested_on})
    chosen = {number: [row] for number, row in strongest.items()}
    terms_of = {id(row): terms for row, terms in ordered}
    is_first: set[str] = set()
    for row, terms in ordered:
        if terms.requested_on is None or row.phone in is_first:
            continue
        is_first.add(row.phone)
        days = [_request_day(terms_of[id(one)]) for one in chosen.get(row.phone, ())]
        if row.phone in present_days:
            days.append(present_days[row.phone])
        if days and terms.requested_on < min(days):
            chosen.setdefault(row.phone, []).append(row)
    return chosen


def _request_day(terms: Terms) -> date:
    return terms.requested_on or date.max


def _earliest_days(list_files: Iterable[FileEntries], numbers: set[str]) -> dict[str, date]:
    """Give the earliest day on which each of these numbers was asked for, by the files."""
    days: dict[str, date] = {}
    for file in list_files:
        for number in numbers & file.numbers.keys():
            day = file.numbers[number].requested_on
            if day is not None:
                days[number] = min(day, days.get(number, day))
    return days


def _new_files(
    tenant_lists: TenantLists, list_id: str, batch: str, chosen: Mapping[str, Sequence[Candidate]]
) -> dict[str, bytes]:
    """Write the new files, each validated; nothing is on the disk yet. No file has a number twice."""
    existing_paths = {source.path for source in tenant_lists.sources}
    files: dict[str, bytes] = {}
    count = 0
    for turn in range(max(map(len, chosen.values()), default=0)):
        groups: dict[Keys, list[str]] = {}
        for number, rows in chosen.items():
            if turn < len(rows):
                groups.setdefault(rows[turn].keys, []).append(number)
        for write in new_lists(list_id, groups, limit=MAX_FILE_NUMBERS, description=f"Batch {batch}"):
            while (
                path := f"{tenant_lists.new_file_folder}{list_id}-{batch}-{(count := count + 1):04}.yaml"
            ) in existing_paths:
                pass
            if not tenant_lists.is_reached(path):
                fact = (
                    f"the lists of tenant {tenant_lists.tenant.name} do not reach this file, so it would "
                    "not be applied"
                )
                fix = f"add {tenant_lists.new_file_folder}**/*.yaml to its lists"
                raise InvalidInput(fact, fix, where=path)
            files[path] = write(path)
            tenant_lists.read_valid_file(path, files[path])
    return files
