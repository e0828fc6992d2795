"""`dnc import --snapshot`: the whole of a registry for its area codes. What is gone from it is released."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.model.entries import REGISTRY_REASONS, FileClaims, Release, ReleaseReason, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.planning.state import Held
from reconciler.lists.edit.changes import Keys, new_lists, with_remarked
from reconciler.lists.edit.raw_tables import accounting_doubts
from reconciler.lists.edit.registry_copies import (
    MOST_LOSS,
    Block,
    Comparison,
    Copy,
    area_code,
    block_of,
    compare,
    cut_off,
    lost_from,
    with_block,
)
from reconciler.lists.releases_holds import day_of
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.edits.import_table import (
    MOST,
    Candidate,
    ImportedRows,
    Rows,
    Table,
    chosen_of,
    put_aside,
    read_rows,
)
from reconciler.use_cases.edits.release import Stays, place_of, said
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import Desk


@dataclass(slots=True)
class RegistryFiles:
    """What becomes of a snapshot's files, step by step. Nothing is on the disk before `write`.

    `block` is the new snapshot's, without area codes: each file has its own. Raises InvalidInput for a copy
    whose form has errors: what it holds is not known.
    """

    desk: Desk
    list_id: str
    block: Block
    copies: Sequence[Copy]
    _edits: Edits = field(init=False)
    _expected: dict[tuple[str, str, str], Terms | None] = field(default_factory=dict)
    _releases: set[Release] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._edits = Edits(self.desk)
        for copy in self.copies:
            self._edits.readable(copy.path)

    @property
    def evidence(self) -> str:
        """Name the snapshot: the registry, the day on which it gave it out, and the SHA-256."""
        return f"{self.block.name}:{day_of(self.block.retrieved_at)}:sha256:{self.block.sha256}"

    @property
    def changed(self) -> tuple[str, ...]:
        """Name the files that change."""
        return tuple(sorted(self._edits.files))

    def had_released(self, number: str) -> bool:
        """Tell whether this very snapshot released the number before: somebody has put its line back."""
        return self._release(number) in self.desk.lists.claims.releases.get((self.list_id, number), ())

    def release(self, numbers: Sequence[str]) -> None:
        """Take numbers out, and write what permits it, in files of so many numbers."""
        self._take_out(numbers)
        for start, path in zip(range(0, len(numbers), MOST), self._release_paths(), strict=False):
            new = [self._release(number) for number in numbers[start : start + MOST]]
            self._edits.permit(path, new)
            self._releases |= set(new)

    def add(self, good: list[tuple[Candidate, Terms]]) -> int:
        """Put in what is new, or stands here under weaker terms, by area code; count it."""
        has = {number: terms for copy in self.copies for number, terms in copy.numbers.items()}
        chosen = chosen_of(good, has)
        self._take_out([number for number in chosen if number in has])
        by_code: dict[str, list[Candidate]] = {}
        for number in sorted(chosen):
            by_code.setdefault(area_code(number), []).append(chosen[number])
        terms = {id(row): held for row, held in good}
        for code, rows in by_code.items():
            for path, part in self._placed(code, rows):
                self._expected |= {(path, self.list_id, row.phone): terms[id(row)] for row in part}
        return len(chosen)

    def date(self, numbers: Collection[str], unchanged: Collection[str]) -> None:
        """Bring the blocks up to date of the files whose area codes were all taken in."""
        taken = {area_code(number) for number in numbers} - set(unchanged)
        for copy in self.copies:
            if copy.area_codes and copy.area_codes <= taken:
                block = replace(self.block, area_codes=tuple(sorted(copy.area_codes)))
                self._edits.replace(copy.path, with_block(copy.path, self._edits.readable(copy.path), block))

    def write(self) -> None:
        """Write all files, or none."""
        if self._edits.files:
            self._edits.write(self._expected, self._releases)

    def _release(self, number: str) -> Release:
        day = day_of(self.block.retrieved_at)
        assert day is not None  # noqa: S101  (a block has a day)
        return Release(self.list_id, number, day, ReleaseReason.REGISTRY_REMOVED, self.evidence)

    def _take_out(self, numbers: Collection[str]) -> None:
        wanted = frozenset(numbers)
        for copy in self.copies:
            here = [number for number in copy.numbers if number in wanted]
            if here:
                self._edits.take_out(copy.path, here)
                self._expected |= {(copy.path, self.list_id, number): None for number in here}

    def _placed(self, code: str, rows: Sequence[Candidate]) -> Iterator[tuple[str, list[Candidate]]]:
        """Write rows of an area code into its files below the limit, then into new ones; say which where."""
        left = list(rows)
        claimed = {file.path: set(file.numbers) for file in self.desk.lists.claims.files}
        for copy in self.copies:
            if copy.area_codes == {code}:
                has = {n for n in claimed[copy.path] if self._expected.get((copy.path, self.list_id, n), 1)}
                part = [row for row in left if row.phone not in has][: max(0, MOST - len(has))]
                if part:
                    data = self._edits.readable(copy.path)
                    groups = {keys: dict.fromkeys(ns, "") for keys, ns in _by_keys(part).items()}
                    self._edits.replace(copy.path, with_remarked(copy.path, data, groups))
                    yield copy.path, part
                    gone = {row.phone for row in part}
                    left = [row for row in left if row.phone not in gone]
        block = replace(self.block, area_codes=(code,))
        for start, path in zip(range(0, len(left), MOST), self._paths(code), strict=False):
            part = left[start : start + MOST]
            said = f"{self.block.name}, area code {code}"
            (write,) = new_lists(self.list_id, _by_keys(part), most=MOST, description=said)
            self._edits.replace(path, with_block(path, write(path), block))
            yield path, part

    def _paths(self, code: str) -> Iterator[str]:
        """Name new files of an area code."""
        return self._free(f"{self.desk.home}{self.list_id}/{self._word}/{code}")

    def _release_paths(self) -> Iterator[str]:
        folder = place_of(self.desk, Held(), self.list_id).rpartition("/")[0]
        yield from self._free(f"{folder}/{self.list_id}-{self._word}-{day_of(self.block.retrieved_at)}")

    def _free(self, begin: str) -> Iterator[str]:
        for count in range(1, 10_000):
            path = f"{begin}-{count:04}.yaml"
            if not self.desk.reaches(path):
                fact = f"the lists of tenant {self.desk.tenant.name} do not reach this file"
                raise InvalidInput(fact, f"add {self.desk.home}**/*.yaml to its lists", where=path)
            if self._edits.data(path) is None:
                yield path

    @property
    def _word(self) -> str:
        """The registry's name, as a part of a path."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.block.name)


def _by_keys(rows: Sequence[Candidate]) -> dict[Keys, list[str]]:
    found: dict[Keys, list[str]] = {}
    for row in rows:
        found.setdefault(row.keys, []).append(row.phone)
    return found


_RETRIEVED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a snapshot changed.

    `released` are the numbers that are gone from it, `unchanged` the area codes of which nothing came off,
    with the reason, and `stays` the numbers that stay on the list all the same. `strangers` are files with
    numbers of the same source that are no part of any snapshot, with how many. `doubts` say what in the file
    cannot be accounted for: with one, nothing is released.
    """

    block: Block
    rows: ImportedRows
    evidence: str
    released: tuple[str, ...]
    unchanged: Mapping[str, str]
    stays: tuple[Stays, ...]
    strangers: Mapping[str, int]
    doubts: tuple[str, ...]


def snapshot(ctx: CommandContext, table: Table, retrieved_at: str, most_loss: float | None = None) -> Taken:
    """Take a snapshot in. `most_loss` (per cent) can only make the limit stricter.

    Raises InvalidInput, and writes nothing, where it is no table that can be read, or no registry's.
    """
    desk = Desk.open(ctx)
    rows = read_rows(desk, table)
    block = _block(desk, rows, retrieved_at)
    rows = _of_the_registry(rows, block)
    copies = tuple(_copies(desk, rows.list_id, block.name))
    limits = (MOST_LOSS, most_loss, rows.columns.profile.max_loss_percent)
    limit = min(limit for limit in limits if limit is not None)
    found = compare(copies, rows.numbers, retrieved_at, most_loss=limit, unread=rows.unread)
    lost = lost_from(copies, rows.numbers)
    cut = cut_off(lost, tuple(rows.numbers))
    doubts = tuple(_doubts(table.file.name, rows, lost, cut))
    if doubts:
        found = _nothing_gone(found, cut)
    files = RegistryFiles(desk, rows.list_id, block, copies)
    again = [number for numbers in found.gone.values() for number in numbers if files.had_released(number)]
    going = sorted({number for numbers in found.gone.values() for number in numbers} - set(again))
    files.release(going)
    added = files.add(rows.good)
    if not doubts:
        files.date(rows.numbers, found.unchanged)
    rejects = put_aside(table, rows)
    files.write()
    put_back = dict.fromkeys(again, "this snapshot released it before, and its line was put back")
    stays = [Stays(number, rows.list_id, why) for number, why in {**found.staying, **put_back}.items()]
    stays += _kept_elsewhere(desk, rows.list_id, going, {copy.path: copy for copy in copies})
    return Taken(
        block=block,
        rows=ImportedRows.of(rows, added, files.changed, rejects),
        evidence=files.evidence,
        released=tuple(going),
        unchanged=found.unchanged,
        stays=tuple(sorted(stays, key=lambda one: (one.number, one.why))),
        strangers=dict(_strangers(desk, rows.list_id, block.name, {copy.path for copy in copies})),
        doubts=doubts,
    )


def _doubts(name: str, rows: Rows, lost: Collection[str], cut: Collection[str]) -> Iterator[str]:
    """Say why it is not certain that the file is whole, and that all of it was read."""
    yield from accounting_doubts(name, rows.data, rows.read + bool(rows.columns.header), lost)
    if rows.refused:
        yield f"{name}: {len(rows.refused):,} rows were refused"
    if cut:
        yield (
            f"{name}: {len(cut):,} missing numbers would stand after its last number: the file may be cut; "
            "if the registry confirms that it removed them, release them with dnc release"
        )


def _nothing_gone(found: Comparison, cut: Collection[str]) -> Comparison:
    """Let every area code keep what the file does not have, and name what may be cut off."""
    why = {code: f"it lost {len(gone):,}, and the file is in doubt" for code, gone in found.gone.items()}
    may_be_cut = dict.fromkeys(cut, "it is missing at the end of the file, which may be cut")
    return Comparison({}, {**found.unchanged, **why}, {**may_be_cut, **found.staying})


def _block(desk: Desk, rows: Rows, retrieved_at: str) -> Block:
    """Say what the snapshot is a copy of."""
    name = rows.keys.get("source")
    if name is None:
        fact = "nothing says of which registry this is a snapshot"
        raise InvalidInput(fact, "name it: --source ftc-registry, for one", where="--snapshot")
    day = day_of(retrieved_at) if _RETRIEVED.fullmatch(retrieved_at) else None
    if day is None or day > desk.today.latest:
        fact = "this is no day or time that has come"
        way_out = "write when the registry gave it out: 2026-11-20, or 2026-11-20T06:00:00Z"
        raise InvalidInput(fact, way_out, where="--retrieved-at")
    return Block(name, retrieved_at, rows.sha256, (), rows.columns.profile.fresh_for)


def _of_the_registry(rows: Rows, block: Block) -> Rows:
    """Refuse what no snapshot has: other reasons, other sources, numbers without an area code."""
    bad: dict[Candidate, str] = {}
    for row, terms in rows.good:
        if terms.reason_code not in REGISTRY_REASONS:
            bad[row] = f"{terms.reason_code} is no registry's reason: a snapshot has NATIONAL or STATE"
        elif terms.source != block.name:
            bad[row] = f"its source is another than {block.name}: a snapshot is of one registry"
        elif not area_code(row.phone):
            bad[row] = "no area code of +1, by which a snapshot goes: import it without --snapshot"
    return rows.without(bad)


def _copies(desk: Desk, list_id: str, name: str) -> Iterator[Copy]:
    """Find the files of the last snapshot: those of the list that say they are this registry's copy."""
    claims = {file.path: file for file in desk.lists.claims.files if file.list_id == list_id}
    for source in desk.sources:
        block = block_of(source.path, source.data) if source.path in claims else None
        if block and block.name == name:
            yield Copy(source.path, block, _own(claims[source.path], name))


def _own(file: FileClaims, name: str) -> dict[str, Terms]:
    return {number: terms for number, terms in file.numbers.items() if _is_of(terms, name)}


def _kept_elsewhere(
    desk: Desk, list_id: str, numbers: Sequence[str], copies: Mapping[str, Copy]
) -> Iterator[Stays]:
    """Say which numbers stay on the list although the registry lets them off: others claim or hold them."""
    standing = desk.lists.claims.standing(desk.today.as_of)
    here = [file for file in standing.files if file.list_id == list_id]
    for number in numbers:
        for file in here:
            is_own = file.path in copies and number in copies[file.path].numbers
            if number in file.numbers and not is_own:
                yield Stays(number, list_id, f"{said(file.numbers[number])}, {file.path}")
        for hold in standing.holds:
            if hold.names((list_id, number)):
                yield Stays(number, list_id, f"a hold names it: {hold.matter}")


def _strangers(desk: Desk, list_id: str, name: str, own: set[str]) -> Iterator[tuple[str, int]]:
    """Count the registry's numbers in files that no snapshot looks after."""
    for file in desk.lists.claims.files:
        if file.list_id == list_id and file.path not in own:
            count = sum(_is_of(terms, name) for terms in file.numbers.values())
            if count:
                yield file.path, count


def _is_of(terms: Terms, name: str) -> bool:
    return terms.source == name and terms.reason_code in REGISTRY_REASONS
