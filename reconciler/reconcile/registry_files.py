"""The list files that hold a registry's snapshot, an area code in each, as a new snapshot changes them."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.desired.addition import Keys, new_lists, with_remarked
from reconciler.desired.comparison import Copy, area_code
from reconciler.desired.dates import day_of
from reconciler.desired.registry import Block, with_block
from reconciler.desired.trial import Candidate
from reconciler.model.claims import Release, ReleaseReason
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import Terms
from reconciler.planning.held import Held
from reconciler.reconcile.edits import Edits
from reconciler.reconcile.import_ import MOST, chosen_of
from reconciler.reconcile.release import place_of
from reconciler.reconcile.target import Desk


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
        """Write rows of an area code into its files that have room, then into new ones; say which where."""
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
