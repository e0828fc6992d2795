"""`dnc import --snapshot`: the whole of a registry for its area codes. What is gone from it is released."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.model.entries import REGISTRY_REASONS, FileEntries, Release, ReleaseReason, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.gc_pause import collector_off
from reconciler.core.planning.state import LastApplied
from reconciler.lists.edit.changes import Keys, new_lists, with_commented_numbers
from reconciler.lists.edit.registry_copies import (
    MAX_LOSS_PERCENT,
    RegistryBlock,
    RegistryCopy,
    SnapshotComparison,
    area_code,
    compare_changes,
    compare_snapshot,
    missing_numbers,
    parse_registry_block,
    possibly_cut,
    with_registry_block,
)
from reconciler.lists.releases_holds import parse_day
from reconciler.use_cases.edits.edit_lock import edit
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.edits.import_table import (
    MAX_FILE_NUMBERS,
    ImportedRows,
    account_for_rows,
    strongest_candidates,
    write_rejected_rows,
)
from reconciler.use_cases.edits.release import RetainedNumber, release_file_of, terms_text
from reconciler.use_cases.edits.table_rows import Candidate, ImportTable, TableRows, read_rows
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import TenantLists


@dataclass(slots=True)
class RegistryFiles:
    """What becomes of a snapshot's files, step by step. Nothing is on the disk before `write`.

    `block` is the new snapshot's, without area codes: each file has its own. `is_change_list`: it says what
    changed since another, so the files of the last snapshot keep their day, and what is new has files of its
    own. Raises InvalidInput for a copy whose form has errors: what it holds is not known.
    """

    tenant_lists: TenantLists
    list_id: str
    block: RegistryBlock
    copies: Sequence[RegistryCopy]
    is_change_list: bool = False
    _edits: Edits = field(init=False)
    _expected: dict[tuple[str, str, str], Terms | None] = field(default_factory=dict)
    _releases: set[Release] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._edits = Edits(self.tenant_lists)
        for copy in self.copies:
            self._edits.readable_data(copy.path)

    @property
    def evidence(self) -> str:
        """Name the snapshot: the registry, the day on which it gave it out, and the SHA-256."""
        return f"{self.block.name}:{parse_day(self.block.retrieved_at)}:sha256:{self.block.sha256}"

    @property
    def changed_paths(self) -> tuple[str, ...]:
        """Name the files that change."""
        return tuple(sorted(self._edits.files))

    def has_released_before(self, number: str) -> bool:
        """Tell whether this very snapshot released the number before: somebody has put its line back."""
        return self._release(number) in self.tenant_lists.lists.declared_entries.releases.get(
            (self.list_id, number), ()
        )

    def release(self, numbers: Sequence[str]) -> None:
        """Take numbers out, and write what permits it, in files of so many numbers."""
        self._remove(numbers)
        for start, path in zip(range(0, len(numbers), MAX_FILE_NUMBERS), self._release_paths(), strict=False):
            new_releases = [self._release(number) for number in numbers[start : start + MAX_FILE_NUMBERS]]
            self._edits.add_releases(path, new_releases)
            self._releases |= set(new_releases)

    def add(self, accepted: list[tuple[Candidate, Terms]]) -> list[Candidate]:
        """Put in what is new, or stands here under weaker terms, by area code; give the rows."""
        has = {number: terms for copy in self.copies for number, terms in copy.numbers.items()}
        chosen = strongest_candidates(accepted, has)
        self._remove([number for number in chosen if number in has])
        by_code: dict[str, list[Candidate]] = {}
        for number in sorted(chosen):
            by_code.setdefault(area_code(number), []).append(chosen[number])
        terms = {id(row): row_terms for row, row_terms in accepted}
        for code, rows in by_code.items():
            for path, file_rows in self._assign_files(code, rows):
                self._expected |= {(path, self.list_id, row.phone): terms[id(row)] for row in file_rows}
        return list(chosen.values())

    def update_blocks(self, numbers: Collection[str], unchanged_codes: Collection[str]) -> None:
        """Bring the blocks up to date of the files whose area codes were all taken in."""
        updated_codes = {area_code(number) for number in numbers} - set(unchanged_codes)
        for copy in self.copies:
            if copy.area_codes and copy.area_codes <= updated_codes:
                block = replace(self.block, area_codes=tuple(sorted(copy.area_codes)))
                self._edits.replace(
                    copy.path, with_registry_block(copy.path, self._edits.readable_data(copy.path), block)
                )

    def write(self) -> None:
        """Write all files, or none."""
        if self._edits.files:
            self._edits.write(self._expected, self._releases)

    def _release(self, number: str) -> Release:
        day = parse_day(self.block.retrieved_at)
        assert day is not None  # noqa: S101  (a block has a day)
        return Release(self.list_id, number, day, ReleaseReason.REGISTRY_REMOVED, self.evidence)

    def _remove(self, numbers: Collection[str]) -> None:
        removed_numbers = frozenset(numbers)
        for copy in self.copies:
            copy_numbers = [number for number in copy.numbers if number in removed_numbers]
            if copy_numbers:
                self._edits.remove_from_file(copy.path, copy_numbers)
                self._expected |= {(copy.path, self.list_id, number): None for number in copy_numbers}

    def _assign_files(self, code: str, rows: Sequence[Candidate]) -> Iterator[tuple[str, list[Candidate]]]:
        """Write rows of an area code into its files below the limit, then into new ones; say which where."""
        remaining = list(rows)
        numbers_by_file = {
            file.path: set(file.numbers) for file in self.tenant_lists.lists.declared_entries.files
        }
        for copy in () if self.is_change_list else self.copies:
            if copy.area_codes == {code}:
                has = {
                    file_number
                    for file_number in numbers_by_file[copy.path]
                    if self._expected.get((copy.path, self.list_id, file_number), 1)
                }
                file_rows = [row for row in remaining if row.phone not in has][
                    : max(0, MAX_FILE_NUMBERS - len(has))
                ]
                if file_rows:
                    data = self._edits.readable_data(copy.path)
                    groups = {
                        keys: dict.fromkeys(key_numbers, "")
                        for keys, key_numbers in _by_keys(file_rows).items()
                    }
                    self._edits.replace(copy.path, with_commented_numbers(copy.path, data, groups))
                    yield copy.path, file_rows
                    placed_phones = {row.phone for row in file_rows}
                    remaining = [row for row in remaining if row.phone not in placed_phones]
        block = replace(self.block, area_codes=(code,))
        for start, path in zip(
            range(0, len(remaining), MAX_FILE_NUMBERS), self._new_paths(code), strict=False
        ):
            file_rows = remaining[start : start + MAX_FILE_NUMBERS]
            description = f"{self.block.name}, area code {code}"
            (write,) = new_lists(
                self.list_id, _by_keys(file_rows), limit=MAX_FILE_NUMBERS, description=description
            )
            self._edits.replace(path, with_registry_block(path, write(path), block))
            yield path, file_rows

    def _new_paths(self, code: str) -> Iterator[str]:
        """Name new files of an area code."""
        return self._free_paths(f"{self.tenant_lists.new_file_folder}{self.list_id}/{self._path_name}/{code}")

    def _release_paths(self) -> Iterator[str]:
        folder = release_file_of(self.tenant_lists, LastApplied(), self.list_id).rpartition("/")[0]
        yield from self._free_paths(
            f"{folder}/{self.list_id}-{self._path_name}-{parse_day(self.block.retrieved_at)}"
        )

    def _free_paths(self, prefix: str) -> Iterator[str]:
        for count in range(1, 10_000):
            path = f"{prefix}-{count:04}.yaml"
            if not self.tenant_lists.is_reached(path):
                fact = f"the lists of tenant {self.tenant_lists.tenant.name} do not reach this file"
                raise InvalidInput(
                    fact, f"add {self.tenant_lists.new_file_folder}**/*.yaml to its lists", where=path
                )
            if self._edits.data(path) is None:
                yield path

    @property
    def _path_name(self) -> str:
        """The registry's name, as a part of a path."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.block.name)


def _by_keys(rows: Sequence[Candidate]) -> dict[Keys, list[str]]:
    numbers_by_keys: dict[Keys, list[str]] = {}
    for row in rows:
        numbers_by_keys.setdefault(row.keys, []).append(row.phone)
    return numbers_by_keys


_RETRIEVED_AT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """What a snapshot changed.

    `released_numbers` are the numbers that are gone from it, `unchanged_codes` the area codes of which
    nothing came off, with the reason, and `retained` the numbers that stay on the list all the same.
    `unmaintained_files` are files with numbers of the same source that are no part of any snapshot, with how
    many. `doubts` say what in the file cannot be accounted for: with one, nothing is released.
    """

    block: RegistryBlock
    rows: ImportedRows
    evidence: str
    released_numbers: tuple[str, ...]
    unchanged_codes: Mapping[str, str]
    retained: tuple[RetainedNumber, ...]
    unmaintained_files: Mapping[str, int]
    doubts: tuple[str, ...]


@edit("dnc import --snapshot")
@collector_off()
def snapshot(
    ctx: CommandContext, table: ImportTable, retrieved_at: str, max_loss: float | None = None
) -> SnapshotResult:
    """Take a snapshot in. `max_loss` (per cent) can only make the limit stricter.

    Raises InvalidInput, and writes nothing, where it is no table that can be read, or no registry's.
    """
    tenant_lists = TenantLists.open(ctx)
    rows = read_rows(tenant_lists, table)
    block = _snapshot_block(tenant_lists, rows, retrieved_at)
    rows = _without_foreign_rows(rows, block)
    copies = tuple(_find_copies(tenant_lists, rows.list_id, block.name))
    comparison, missing, cut = _compare(table, rows, copies, retrieved_at, max_loss)
    doubts = tuple(_doubts(table.name, rows, missing, cut, is_vouched=bool(table.vouching)))
    if doubts:
        comparison = _without_removals(comparison, cut)
    is_change_list = rows.columns.is_change_list
    files = RegistryFiles(tenant_lists, rows.list_id, block, copies, is_change_list)
    released_before = [
        number
        for numbers in comparison.removed_numbers.values()
        for number in numbers
        if files.has_released_before(number)
    ]
    to_release = sorted(
        {number for numbers in comparison.removed_numbers.values() for number in numbers}
        - set(released_before)
    )
    files.release(to_release)
    added = files.add(rows.accepted)
    if not doubts and not is_change_list:
        files.update_blocks(rows.numbers, comparison.unchanged_codes)
    rejects = table.rejects_path if rows.rejected else None
    imported = account_for_rows(rows, added, files.changed_paths, rejects)
    write_rejected_rows(table, rows)
    files.write()
    put_back = dict.fromkeys(released_before, "this snapshot released it before, and its line was put back")
    retained = [
        RetainedNumber(number, rows.list_id, reason)
        for number, reason in {**comparison.retained_numbers, **put_back}.items()
    ]
    retained += _listed_elsewhere(
        tenant_lists, rows.list_id, to_release, {copy.path: copy for copy in copies}
    )
    return SnapshotResult(
        block=block,
        rows=imported,
        evidence=files.evidence,
        released_numbers=tuple(to_release),
        unchanged_codes=comparison.unchanged_codes,
        retained=tuple(sorted(retained, key=lambda one: (one.number, one.reason))),
        unmaintained_files=dict(
            _unmaintained_files(tenant_lists, rows.list_id, block.name, {copy.path for copy in copies})
        ),
        doubts=doubts,
    )


def _compare(
    table: ImportTable,
    rows: TableRows,
    copies: Sequence[RegistryCopy],
    retrieved_at: str,
    max_loss: float | None,
) -> tuple[SnapshotComparison, set[str], set[str]]:
    """Compare with the last snapshot. Give with it the missing numbers, and those that may be cut off."""
    if rows.columns.is_change_list:
        removals = {row.phone for row in rows.removals} - {row.phone for row, _ in rows.accepted}
        return compare_changes(copies, removals, retrieved_at, rows.unread_lines), set(), set()
    limits = (MAX_LOSS_PERCENT, max_loss, rows.columns.profile.max_loss_percent)
    comparison = compare_snapshot(
        copies,
        rows.numbers,
        retrieved_at,
        max_loss=min(limit for limit in limits if limit is not None),
        unread_lines=rows.unread_lines,
    )
    missing = missing_numbers(copies, rows.numbers)
    cut = set() if table.vouching else possibly_cut(missing, tuple(rows.numbers))
    return comparison, missing, cut


def _doubts(
    name: str, rows: TableRows, missing: Collection[str], cut_numbers: Collection[str], *, is_vouched: bool
) -> Iterator[str]:
    """Say why it is not certain that the file is whole, and that all of it was read."""
    yield from rows.table.doubts
    yield from () if is_vouched else rows.table.cut_doubts
    if unread := rows.table.find(frozenset(missing)):
        yield (
            f"{name}: {len(unread):,} of the missing numbers are somewhere in the file, "
            "but no row has them as its number"
        )
    if rows.rejected:
        yield f"{name}: {len({row.line for row in rows.rejected}):,} rows were refused"
    if cut_numbers:
        yield (
            f"{name}: {len(cut_numbers):,} missing numbers would follow its last number: the "
            "file may be cut; "
            "if the registry confirms how many rows it has, or its SHA-256, say it: --expect-rows, --sha256"
        )


def _without_removals(comparison: SnapshotComparison, cut_numbers: Collection[str]) -> SnapshotComparison:
    """Let every area code keep what the file does not have, and name what may be cut off."""
    reasons = {
        code: f"it lost {len(removed):,}, and the file is in doubt"
        for code, removed in comparison.removed_numbers.items()
    }
    may_be_cut = dict.fromkeys(cut_numbers, "it is missing at the end of the file, which may be cut")
    return SnapshotComparison(
        {}, {**comparison.unchanged_codes, **reasons}, {**may_be_cut, **comparison.retained_numbers}
    )


def _snapshot_block(tenant_lists: TenantLists, rows: TableRows, retrieved_at: str) -> RegistryBlock:
    """Say what the snapshot is a copy of."""
    name = rows.keys.get("source")
    if name is None:
        fact = "nothing says of which registry this is a snapshot"
        raise InvalidInput(fact, "name it: --source ftc-registry, for one", where="--snapshot")
    day = parse_day(retrieved_at) if _RETRIEVED_AT.fullmatch(retrieved_at) else None
    if day is None or day > tenant_lists.today.latest:
        fact = "this is no day or time that has come"
        way_out = "write when the registry gave it out: 2026-11-20, or 2026-11-20T06:00:00Z"
        raise InvalidInput(fact, way_out, where="--retrieved-at")
    return RegistryBlock(name, retrieved_at, rows.sha256, (), rows.columns.profile.fresh_for)


def _without_foreign_rows(rows: TableRows, block: RegistryBlock) -> TableRows:
    """Refuse what no snapshot has: other reasons, other sources, numbers without an area code."""
    reasons: dict[Candidate, str] = {}
    for row, terms in rows.accepted:
        if terms.reason_code not in REGISTRY_REASONS:
            reasons[row] = f"{terms.reason_code} is no registry's reason: a snapshot has NATIONAL or STATE"
        elif terms.source != block.name:
            reasons[row] = f"its source is another than {block.name}: a snapshot is of one registry"
        elif not area_code(row.phone):
            reasons[row] = "no area code of +1, by which a snapshot goes: import it without --snapshot"
    return rows.without(reasons)


def _find_copies(tenant_lists: TenantLists, list_id: str, name: str) -> Iterator[RegistryCopy]:
    """Find the files of the last snapshot: those of the list that say they are this registry's copy."""
    files_by_path = {
        file.path: file for file in tenant_lists.lists.declared_entries.files if file.list_id == list_id
    }
    for source in tenant_lists.sources:
        block = parse_registry_block(source.path, source.data) if source.path in files_by_path else None
        if block and block.name == name:
            yield RegistryCopy(source.path, block, _registry_terms(files_by_path[source.path], name))


def _registry_terms(file: FileEntries, name: str) -> dict[str, Terms]:
    return {number: terms for number, terms in file.numbers.items() if _is_of_registry(terms, name)}


def _listed_elsewhere(
    tenant_lists: TenantLists, list_id: str, numbers: Sequence[str], copies: Mapping[str, RegistryCopy]
) -> Iterator[RetainedNumber]:
    """Say which numbers stay on the list although the registry lets them off: others claim or hold them."""
    active = tenant_lists.lists.declared_entries.active_on(tenant_lists.today.as_of)
    list_files = [file for file in active.files if file.list_id == list_id]
    for number in numbers:
        for file in list_files:
            is_own = file.path in copies and number in copies[file.path].numbers
            if number in file.numbers and not is_own:
                yield RetainedNumber(number, list_id, f"{terms_text(file.numbers[number])}, {file.path}")
        for hold in active.holds:
            if hold.covers((list_id, number)):
                yield RetainedNumber(number, list_id, f"a hold names it: {hold.matter}")


def _unmaintained_files(
    tenant_lists: TenantLists, list_id: str, name: str, copy_paths: set[str]
) -> Iterator[tuple[str, int]]:
    """Count the registry's numbers in files that no snapshot looks after."""
    for file in tenant_lists.lists.declared_entries.files:
        if file.list_id == list_id and file.path not in copy_paths:
            count = sum(_is_of_registry(terms, name) for terms in file.numbers.values())
            if count:
                yield file.path, count


def _is_of_registry(terms: Terms, name: str) -> bool:
    return terms.source == name and terms.reason_code in REGISTRY_REASONS
