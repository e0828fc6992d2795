"""The last applied state, the target state, and which entries and lapsed holds concern a number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from reconciler.core.model.entries import FileClaims, Hold, Key, Release, Terms
from reconciler.core.planning.change import BlockedBy, Reason

_FEW = 4  # files that are asked one after the other


class Claiming:
    """A list's files, in their order.

    A number or two are looked for in one file after the other. When that has taken as many looks as the files
    have numbers, it is written down who claims what: a list may be cut into a thousand files, all at once.
    """

    def __init__(self, files: Sequence[FileClaims] = ()) -> None:
        self.files = files
        self._looks = 0
        self._first: dict[str, FileClaims] = {}
        self._others: dict[str, list[FileClaims]] = {}

    def of(self, phone: str) -> Sequence[FileClaims]:
        """Give the files that claim the number."""
        if not self._first:
            self._looks += len(self.files)
            if len(self.files) <= _FEW or self._looks <= sum(len(f.numbers) for f in self.files):
                return [f for f in self.files if phone in f.numbers]
            self._write_down()
        first = self._first.get(phone)
        return () if first is None else (first, *self._others.get(phone, ()))

    def _write_down(self) -> None:
        for f in self.files:
            for phone in f.numbers:
                if self._first.setdefault(phone, f) is not f:
                    self._others.setdefault(phone, []).append(f)


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """One claim that we hold: the file that made it, its terms as held, since when (None: ask history).

    `retrieved_on` is the day of the registry's copy that the file is. `held_at` is, of a claim that is kept,
    the revision at which the files last had it; None: they have it now. `ended`: a release ended our own
    claim, and what is left is an entry of somebody else's. An empty path: no file ever had it; it stands for
    a registry's entry that was read in CXone.
    """

    path: str
    terms: Terms
    since: datetime | None = None
    retrieved_on: date | None = None
    held_at: str | None = None
    ended: bool = False

    @property
    def registry(self) -> bool:
        """Tell a registry's claim from a company's. What others asked for is never a registry's."""
        return self.terms.registry and not self.ended

    @property
    def asked_on(self) -> date | None:
        """Give the day of the request, or of the registry's copy where that is later."""
        copied = self.retrieved_on if self.registry else None
        return max((day for day in (self.terms.requested_on, copied) if day is not None), default=None)

    def stood_in_for(self, terms: Terms) -> bool:
        """Tell whether a claim with these terms lets nothing go that this one keeps."""
        return terms.registry == self.registry and terms.strength >= self.terms.strength

    def covered_by(self, other: "HeldClaim") -> bool:
        """Tell whether another held claim lets nothing go that this one keeps."""
        return other.registry == self.registry and other.terms.strength >= self.terms.strength


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps a number live although the files no longer say so: its held claims, and why each stays."""

    claims: tuple[HeldClaim, ...]
    blocked_by: tuple[BlockedBy, ...]


@dataclass(frozen=True)
class Held:
    """The claims that stood at the newest report's revision on its date, less `not_live`, plus `kept`.

    `releases` are those that stood in the files at that revision: beside a standing claim they are spent.
    `holds` are those that stood there.
    No report, or one of another target: `Held()`, nothing is held.
    """

    files: tuple[FileClaims, ...] = ()
    releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)
    not_live: frozenset[Key] = frozenset()
    kept: Mapping[Key, Kept] = field(default_factory=dict)
    revision: str | None = None
    holds: tuple[Hold, ...] = ()

    def stood(self, key: Key) -> bool:
        """Tell whether a claim of the files stood on this number at the held revision."""
        return bool(self._claim(key))

    def claims(self, key: Key) -> Iterator[HeldClaim]:
        """Give every claim held on one number."""
        if key not in self.not_live:
            for f in self._claim(key):
                yield HeldClaim(f.path, f.numbers[key[1]], retrieved_on=f.retrieved_on)
        if key in self.kept:
            yield from self.kept[key].claims

    def _claim(self, key: Key) -> Sequence[FileClaims]:
        return self._by_list[key[0]].of(key[1]) if key[0] in self._by_list else ()

    def __contains__(self, key: Key) -> bool:
        return (key in self.kept and bool(self.kept[key].claims)) or (
            key not in self.not_live and self.stood(key)
        )

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Count the distinct numbers held on each list."""
        phones: dict[str, set[str]] = {}
        sizes: dict[str, int] = {}
        for list_id, claiming in self._by_list.items():
            files = claiming.files
            if len(files) == 1:
                sizes[list_id] = len(files[0].numbers)
            else:
                phones[list_id] = set().union(*(f.numbers for f in files))
                sizes[list_id] = len(phones[list_id])
        for list_id, phone in self.not_live:
            if self.stood((list_id, phone)):
                sizes[list_id] -= 1
        for key in self.kept:
            if key not in self.not_live and self.stood(key):
                continue
            sizes[key[0]] = sizes.get(key[0], 0) + 1
        return sizes

    @cached_property
    def _by_list(self) -> Mapping[str, Claiming]:
        lists: dict[str, list[FileClaims]] = {}
        for f in self.files:
            lists.setdefault(f.list_id, []).append(f)
        return {list_id: Claiming(files) for list_id, files in lists.items()}

    @property
    def list_ids(self) -> frozenset[str]:
        """Name every list that something is held on."""
        return frozenset(f.list_id for f in self.files) | {list_id for list_id, _ in self.kept}


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission for one number to come off or to weaken: why, and the held claims that it lets go.

    `releases` are those that gave it, for a record of who let whom off; a claim that lapsed needs none.
    """

    reason: Reason
    claims: tuple[HeldClaim, ...]
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """desired*: what is to be live, once everything without permission to come off has been added.

    `declared` is what the files alone ask for; it differs from `lists` only at `kept` numbers. `standing`
    are the files' claims that stand, by list: every one of them is a request with a clock of its own.
    `registry` are registries' entries that CXone has and nobody claims, where one of ours takes their place:
    they are kept like a claim. `ended` are the releases that ended our claim on a number whose entry stays,
    because somebody else asked for it too.
    """

    lists: Mapping[str, Mapping[str, Terms]]
    declared: Mapping[str, Mapping[str, Terms]]
    kept: Mapping[Key, Kept]
    granted: Mapping[Key, Grant]
    list_ids: frozenset[str]
    standing: Mapping[str, Sequence[FileClaims]]
    registry: Mapping[Key, HeldClaim] = field(default_factory=dict)
    ended: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)

    def get(self, key: Key) -> Terms | None:
        """Look one key up."""
        return self.lists.get(key[0], {}).get(key[1])


def gone_holds(then: Iterable[Hold], now: Iterable[Hold], as_of: date) -> Iterator[Hold]:
    """Give the holds of then that still stand by what they said, and that no hold of now stands in for.

    A hold that reaches the `until` that it had simply ends. One that was taken out, that names less, or whose
    `until` came nearer is gone, as is one whose matter is called otherwise.
    """
    today = tuple(now)
    for hold in dict.fromkeys(then):
        if hold.stands(as_of) and not stands_in(hold, today):
            yield hold


def stands_in(hold: Hold, others: Iterable[Hold]) -> bool:
    """Tell whether holds of the same matter name all that this one names, and as long."""
    same = [o for o in others if o.matter == hold.matter and _lasts(o, hold)]
    if any(o.everything for o in same):
        return True
    if hold.everything or (hold.list_id and all(o.list_id != hold.list_id for o in same)):
        return False
    return hold.phones <= frozenset().union(*(o.phones for o in same))


def _lasts(hold: Hold, other: Hold) -> bool:
    """Tell whether a hold ends no earlier than another."""
    return hold.until is None or (other.until is not None and hold.until >= other.until)
