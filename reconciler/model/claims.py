"""Claims, releases and holds: what the files say, one tenant at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from reconciler.model.claimed import Claimed
from reconciler.model.terms import ReasonCode, Terms

Key = tuple[str, str]
"""(`listId`, `phone`): what everything is keyed by."""


class ReleaseReason(StrEnum):
    """Why a number may come off before its term."""

    CONSENT_GIVEN = "CONSENT_GIVEN"
    NUMBER_REASSIGNED = "NUMBER_REASSIGNED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    REGISTRY_REMOVED = "REGISTRY_REMOVED"
    TERM_ENDED = "TERM_ENDED"
    MOVED = "MOVED"


_COMPANY = frozenset(
    {ReleaseReason.CONSENT_GIVEN, ReleaseReason.NUMBER_REASSIGNED, ReleaseReason.ENTERED_IN_ERROR}
)
_REGISTRY = frozenset({ReleaseReason.REGISTRY_REMOVED, ReleaseReason.ENTERED_IN_ERROR})

# Which release fits which reason code. Two more depend on the claim: MOVED fits all, once a claim on `to` is
# live and at least as strong; TERM_ENDED fits a company's claim whose term is over.
FITTING: Mapping[ReasonCode, frozenset[ReleaseReason]] = {
    ReasonCode.CUSTOMER_REQUESTED: _COMPANY,
    ReasonCode.COMPANY_POLICY: _COMPANY,
    ReasonCode.LOCAL: _COMPANY,
    ReasonCode.UNKNOWN: _COMPANY,
    ReasonCode.NATIONAL: _REGISTRY,
    ReasonCode.STATE: _REGISTRY,
}


# They say that our own claim ends. What somebody else put into CXone is not ours to end.
OURS_ONLY = frozenset({ReleaseReason.ENTERED_IN_ERROR, ReleaseReason.REGISTRY_REMOVED, ReleaseReason.MOVED})
# They are about the person or the number, so they end what others asked for as well.
OF_THE_NUMBER = frozenset({ReleaseReason.CONSENT_GIVEN, ReleaseReason.NUMBER_REASSIGNED})


@dataclass(frozen=True, slots=True)
class Release:
    """A permission in a file, with evidence, that a number may come off or be weakened.

    Where it stands, and who else approved it, makes it no other release: what is spent stays spent.
    """

    list_id: str
    phone: str
    released_on: date
    reason: ReleaseReason
    evidence: str
    to: str | None = None
    path: str = field(default="", compare=False)
    approved_by: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal or internal hold of a file: while it stands, what it names is not deleted, weakened or moved.

    It names numbers (on whichever list), a list, or everything. `matter` is a reference, `until` the last
    day (None: until the hold is taken out of the file). Which file it stands in makes it no other hold.
    """

    matter: str
    since: date
    until: date | None = None
    phones: frozenset[str] = frozenset()
    list_id: str | None = None
    everything: bool = False
    path: str = field(default="", compare=False)

    def stands(self, as_of: date) -> bool:
        """Tell whether it stands on `as_of`, the date at UTC-12: its last day must be over everywhere."""
        return self.until is None or as_of <= self.until

    def names(self, key: Key) -> bool:
        """Tell whether the number of that list is one that it holds."""
        return self.everything or key[0] == self.list_id or key[1] in self.phones


@dataclass(frozen=True, slots=True)
class FileClaims:
    """What one file claims for one list: each number once, with its terms (shared, interned values).

    `retrieved_on` is the day on which the registry was asked that the file is a copy of; None of others.
    """

    path: str
    list_id: str
    numbers: Mapping[str, Terms]
    distinct: frozenset[Terms]
    retrieved_on: date | None = None

    def standing(self, as_of: date) -> "FileClaims":
        """Leave out the claims whose term is over on `as_of` (the date at UTC-12)."""
        over = {terms for terms in self.distinct if terms.over(as_of)}
        if not over:
            return self
        # By identity: hashing the terms of each of a million numbers is what would cost.
        gone = {key for key, terms in {id(t): t for t in self.numbers.values()}.items() if terms in over}
        numbers = {phone: terms for phone, terms in self.numbers.items() if id(terms) not in gone}
        return FileClaims(self.path, self.list_id, numbers, self.distinct - over, self.retrieved_on)

    def sharing(self, intern: Callable[[Terms], Terms]) -> "FileClaims":
        """Give the same claims with the one object of all equal terms. Of claims as they were read."""
        numbers = self.numbers.sharing(intern) if isinstance(self.numbers, Claimed) else self.numbers
        distinct = frozenset(map(intern, self.distinct))
        return FileClaims(self.path, self.list_id, numbers, distinct, self.retrieved_on)


@dataclass(frozen=True, slots=True)
class Claims:
    """Everything that a tenant's files say: claims file by file, releases, the lists named, and holds."""

    files: tuple[FileClaims, ...] = ()
    releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)
    list_ids: frozenset[str] = frozenset()
    holds: tuple[Hold, ...] = ()

    def standing(self, as_of: date) -> "Claims":
        """Keep the claims and holds that stand on `as_of`; releases and names stay."""
        files = tuple(f.standing(as_of) for f in self.files)
        holds = tuple(hold for hold in self.holds if hold.stands(as_of))
        return Claims(files, self.releases, self.list_ids, holds)
