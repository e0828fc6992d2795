"""What we hold live, as the newest audit report tells it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from reconciler.model.claims import FileClaims, Hold, Key, Release
from reconciler.model.terms import Terms
from reconciler.planning.change import BlockedBy
from reconciler.planning.claiming import Claiming


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
