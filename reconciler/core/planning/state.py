"""The last applied state, the target state, and which entries and lapsed holds concern a number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from reconciler.core.model.entries import FileEntries, Hold, Key, Release, Terms
from reconciler.core.planning.change import BlockedBy, Reason

_FEW = 4  # files that are asked one after the other


class FilesByNumber:
    """A list's files, in their order.

    A number or two are looked for in one file after the other. When that has taken as many looks as the files
    have numbers, it is written down who claims what: a list may be cut into a thousand files, all at once.
    """

    def __init__(self, files: Sequence[FileEntries] = ()) -> None:
        self.files = files
        self._looks = 0
        self._first: dict[str, FileEntries] = {}
        self._others: dict[str, list[FileEntries]] = {}

    def of(self, phone: str) -> Sequence[FileEntries]:
        """Give the files that claim the number."""
        if not self._first:
            self._looks += len(self.files)
            if len(self.files) <= _FEW or self._looks <= sum(len(file.numbers) for file in self.files):
                return [file for file in self.files if phone in file.numbers]
            self._write_down()
        first = self._first.get(phone)
        return () if first is None else (first, *self._others.get(phone, ()))

    def _write_down(self) -> None:
        for file in self.files:
            for phone in file.numbers:
                if self._first.setdefault(phone, file) is not file:
                    self._others.setdefault(phone, []).append(file)


@dataclass(frozen=True, slots=True)
class AppliedEntry:
    """One claim that we hold: the file that made it, its terms as held, since when (None: ask history).

    `retrieved_on` is the day of the registry's copy that the file is. `last_revision` is, of a claim that is
    kept, the revision at which the files last had it; None: they have it now. `is_own_ended`: a release ended
    our own claim, and what is left is an entry of somebody else's. An empty path: no file ever had it; it
    stands for a registry's entry that was read in CXone.
    """

    path: str
    terms: Terms
    since: datetime | None = None
    retrieved_on: date | None = None
    last_revision: str | None = None
    is_own_ended: bool = False

    @property
    def is_registry(self) -> bool:
        """Tell a registry's claim from a company's. What others asked for is never a registry's."""
        return self.terms.is_registry and not self.is_own_ended

    @property
    def request_day(self) -> date | None:
        """Give the day of the request, or of the registry's copy where that is later."""
        copied = self.retrieved_on if self.is_registry else None
        return max((day for day in (self.terms.requested_on, copied) if day is not None), default=None)

    def is_covered_by_terms(self, terms: Terms) -> bool:
        """Tell whether a claim with these terms lets nothing go that this one keeps."""
        return terms.is_registry == self.is_registry and terms.strength >= self.terms.strength

    def is_covered_by(self, other: "AppliedEntry") -> bool:
        """Tell whether another held claim lets nothing go that this one keeps."""
        return other.is_registry == self.is_registry and other.terms.strength >= self.terms.strength


@dataclass(frozen=True, slots=True)
class Retained:
    """What keeps a number live although the files no longer say so: its held claims, and why each stays."""

    entries: tuple[AppliedEntry, ...]
    blocked_by: tuple[BlockedBy, ...]


@dataclass(frozen=True)
class LastApplied:
    """The claims that stood at the newest report's revision on its date, less `not_live`, plus `retained`.

    `releases` are those that stood in the files at that revision: beside a standing claim they are spent.
    `holds` are those that stood there.
    No report, or one of another target: `Held()`, nothing is held.
    """

    files: tuple[FileEntries, ...] = ()
    releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)
    not_live: frozenset[Key] = frozenset()
    retained: Mapping[Key, Retained] = field(default_factory=dict)
    revision: str | None = None
    holds: tuple[Hold, ...] = ()

    def was_declared(self, key: Key) -> bool:
        """Tell whether a claim of the files stood on this number at the held revision."""
        return bool(self._declaring_files(key))

    def entries(self, key: Key) -> Iterator[AppliedEntry]:
        """Give every claim held on one number."""
        if key not in self.not_live:
            for file in self._declaring_files(key):
                yield AppliedEntry(file.path, file.numbers[key[1]], retrieved_on=file.retrieved_on)
        if key in self.retained:
            yield from self.retained[key].entries

    def _declaring_files(self, key: Key) -> Sequence[FileEntries]:
        return self._by_list[key[0]].of(key[1]) if key[0] in self._by_list else ()

    def __contains__(self, key: Key) -> bool:
        return (key in self.retained and bool(self.retained[key].entries)) or (
            key not in self.not_live and self.was_declared(key)
        )

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Count the distinct numbers held on each list."""
        phones: dict[str, set[str]] = {}
        sizes: dict[str, int] = {}
        for list_id, files_by_number in self._by_list.items():
            files = files_by_number.files
            if len(files) == 1:
                sizes[list_id] = len(files[0].numbers)
            else:
                phones[list_id] = set().union(*(file.numbers for file in files))
                sizes[list_id] = len(phones[list_id])
        for list_id, phone in self.not_live:
            if self.was_declared((list_id, phone)):
                sizes[list_id] -= 1
        for key in self.retained:
            if key not in self.not_live and self.was_declared(key):
                continue
            sizes[key[0]] = sizes.get(key[0], 0) + 1
        return sizes

    @cached_property
    def _by_list(self) -> Mapping[str, FilesByNumber]:
        lists: dict[str, list[FileEntries]] = {}
        for file in self.files:
            lists.setdefault(file.list_id, []).append(file)
        return {list_id: FilesByNumber(files) for list_id, files in lists.items()}

    @property
    def list_ids(self) -> frozenset[str]:
        """Name every list that something is held on."""
        return frozenset(file.list_id for file in self.files) | {list_id for list_id, _ in self.retained}


@dataclass(frozen=True, slots=True)
class Authorization:
    """Permission for one number to come off or to weaken: why, and the held claims that it lets go.

    `releases` are those that gave it, for a record of who let whom off; a claim that lapsed needs none.
    """

    reason: Reason
    entries: tuple[AppliedEntry, ...]
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetState:
    """*Desired*: what is to be live, once everything without permission to come off has been added.

    `declared` is what the files alone ask for; it differs from `lists` only at `retained` numbers.
    `active_files` are the files' claims that stand, by list: every one of them is a request with a clock of
    its own. `registry_entries` are registries' entries that CXone has and nobody claims, where one of ours
    takes their place: they are kept like a claim. `ending_releases` are the releases that ended our claim on
    a number whose entry stays, because somebody else asked for it too.
    """

    lists: Mapping[str, Mapping[str, Terms]]
    declared: Mapping[str, Mapping[str, Terms]]
    retained: Mapping[Key, Retained]
    authorizations: Mapping[Key, Authorization]
    list_ids: frozenset[str]
    active_files: Mapping[str, Sequence[FileEntries]]
    registry_entries: Mapping[Key, AppliedEntry] = field(default_factory=dict)
    ending_releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)

    def get(self, key: Key) -> Terms | None:
        """Look one key up."""
        return self.lists.get(key[0], {}).get(key[1])


def removed_holds(earlier: Iterable[Hold], current: Iterable[Hold], as_of: date) -> Iterator[Hold]:
    """Give the holds of then that still stand by what they said, and that no hold of now stands in for.

    A hold that reaches the `until` that it had simply ends. One that was taken out, that names less, or whose
    `until` came nearer is gone, as is one whose matter is called otherwise.
    """
    today = tuple(current)
    for hold in dict.fromkeys(earlier):
        if hold.is_active(as_of) and not is_covered(hold, today):
            yield hold


def is_covered(hold: Hold, candidates: Iterable[Hold]) -> bool:
    """Tell whether holds of the same matter name all that this one names, and as long."""
    same_matter = [o for o in candidates if o.matter == hold.matter and _ends_no_earlier(o, hold)]
    if any(o.everything for o in same_matter):
        return True
    if hold.everything or (hold.list_id and all(o.list_id != hold.list_id for o in same_matter)):
        return False
    return hold.phones <= frozenset().union(*(o.phones for o in same_matter))


def _ends_no_earlier(hold: Hold, other: Hold) -> bool:
    """Tell whether a hold ends no earlier than another."""
    return hold.until is None or (other.until is not None and hold.until >= other.until)
