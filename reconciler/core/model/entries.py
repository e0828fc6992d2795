"""Entries, releases and holds as the files declare them, and the terms under which a number is listed."""

import re
from array import array
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import chain, islice, repeat


class ReasonCode(StrEnum):
    """Why a number may not be called; the names of the CXone wire, strongest first."""

    CUSTOMER_REQUESTED = "CUSTOMER_REQUESTED"
    NATIONAL = "NATIONAL"
    STATE = "STATE"
    LOCAL = "LOCAL"
    COMPANY_POLICY = "COMPANY_POLICY"
    UNKNOWN = "UNKNOWN"


class Policy(StrEnum):
    """How an entry ends: never, on a date, or a period after the request."""

    NEVER = "NEVER"
    RELATIVE = "RELATIVE"
    ABSOLUTE = "ABSOLUTE"


# A higher rank is stronger. Anything that is not in the table ranks as UNKNOWN does.
REASON_RANK: dict[str, int] = {code: rank for rank, code in enumerate(reversed(ReasonCode))}

# A registry's entry never lapses by a date of ours: a renewal is invisible in a list of bare numbers.
REGISTRY_REASONS = frozenset({ReasonCode.NATIONAL, ReasonCode.STATE})


@dataclass(frozen=True, slots=True)
class Terms:
    """What one claim says of a number. Frozen, and shared by every number that it holds of.

    `end` is the last day (None: no end). RELATIVE terms carry the end that was computed at reading.
    """

    reason_code: ReasonCode
    expiration_policy: Policy
    end: date | None = None
    requested_on: date | None = None
    source: str = "dnc"
    jurisdiction: str | None = None

    @property
    def is_registry(self) -> bool:
        """Tell a registry's claim (NATIONAL, STATE) from a company's: neither stands in for the other."""
        return self.reason_code in REGISTRY_REASONS

    @property
    def effective_end(self) -> date | None:
        """Give the last day that counts. A registry's claim has none, whatever date its entry states."""
        return None if self.is_registry else self.end

    def is_expired(self, as_of: date) -> bool:
        """Tell whether the last day is over, `as_of` being the date at UTC-12. A registry's never is."""
        end = self.effective_end
        return end is not None and end < as_of

    @property
    def strength(self) -> tuple[date, int]:
        """Order terms: NEVER over a later end over an earlier end, then by reason. Higher is stronger."""
        return (self.effective_end or date.max, REASON_RANK[self.reason_code])

    @property
    def precedence(self) -> tuple[tuple[date, int], str]:
        """Order terms without a tie: by strength, and equals by their text, never by the order of files."""
        return (self.strength, repr(self))


@dataclass(frozen=True, slots=True)
class ProjectedTerms:
    """What a dialect's wire can carry of some terms, and so all that live can be compared by.

    Codes are plain text: CXone may answer with one that we do not know.
    """

    reason_code: str = ""
    expiration_policy: str = ""
    end: date | None = None


def terms_to_json(terms: Terms) -> dict[str, str | None]:
    """Say terms as a report keeps them."""
    return {
        "reasonCode": terms.reason_code.value,
        "expirationPolicy": terms.expiration_policy.value,
        "end": terms.end.isoformat() if terms.end else None,
        "requestedOn": terms.requested_on.isoformat() if terms.requested_on else None,
        "source": terms.source,
        "jurisdiction": terms.jurisdiction,
    }


class NumberTerms(Mapping[str, Terms]):
    """Numbers with their terms, in blocks (columnar: see ADR 19). The later terms of a number count.

    `count` says how many there are; None: some stand there twice.
    """

    def __init__(self, blocks: Sequence[tuple[Sequence[str], Terms]], count: int | None) -> None:
        self._blocks = blocks
        self._count = count

    @cached_property
    def _table(self) -> dict[str, Terms]:
        table: dict[str, Terms] = {}
        for numbers, terms in self._blocks:
            table.update(zip(numbers, repeat(terms), strict=False))
        return table

    def with_shared_terms(self, intern: Callable[[Terms], Terms]) -> "NumberTerms":
        """Give the same with the one object of all equal terms."""
        return NumberTerms([(numbers, intern(terms)) for numbers, terms in self._blocks], self._count)

    def __reduce__(self) -> tuple[Callable[..., "NumberTerms"], tuple[object, ...]]:
        """Go to another process as one text and few terms."""
        numbers = " ".join(chain.from_iterable(numbers for numbers, _ in self._blocks))
        distinct = {id(terms): terms for _, terms in self._blocks}
        places = {terms_id: place for place, terms_id in enumerate(distinct)}
        shape = array("I", chain.from_iterable((len(n), places[id(terms)]) for n, terms in self._blocks))
        return _unpickle_number_terms, (numbers, tuple(distinct.values()), shape, self._count)

    def __len__(self) -> int:
        return len(self._table) if self._count is None else self._count

    def __getitem__(self, number: str) -> Terms:
        return self._table[number]

    def __contains__(self, number: object) -> bool:
        return number in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __eq__(self, other: object) -> bool:
        return self._table == (other._table if isinstance(other, NumberTerms) else other)

    __hash__ = None  # type: ignore[assignment]  # as of any mapping

    def keys(self) -> KeysView[str]:
        """Give the numbers."""
        return self._table.keys()

    def values(self) -> ValuesView[Terms]:
        """Give the terms."""
        return self._table.values()

    def items(self) -> ItemsView[str, Terms]:
        """Give the numbers with their terms."""
        return self._table.items()


def _unpickle_number_terms(
    numbers: str, terms: Sequence[Terms], shape: Sequence[int], count: int | None
) -> NumberTerms:
    remaining = iter(numbers.split())
    blocks = zip(shape[::2], shape[1::2], strict=True)
    return NumberTerms([(tuple(islice(remaining, length)), terms[place]) for length, place in blocks], count)


Key = tuple[str, str]
"""(`listId`, `phone`): what everything is keyed by."""

_LIST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_REFERENCE = re.compile(r"[A-Za-z0-9._:/-]+")
_REASSIGNED = "rnd:yes:"  # and the day on which the Reassigned Numbers Database was asked


def is_list_id(text: str) -> bool:
    """Whether a text can be a `listId`: safe as the name of a file, and to paste into a shell."""
    return _LIST_ID.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Whether a text can be `evidence`: a reference to where the proof is, and never the proof itself."""
    return _REFERENCE.fullmatch(text) is not None


def query_date(evidence: str) -> str | None:
    """Read when the Reassigned Numbers Database was asked, as evidence says; None for other evidence."""
    return evidence.removeprefix(_REASSIGNED) if evidence.startswith(_REASSIGNED) else None


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
OWN_ENTRY_RELEASES = frozenset(
    {ReleaseReason.ENTERED_IN_ERROR, ReleaseReason.REGISTRY_REMOVED, ReleaseReason.MOVED}
)
# They are about the person or the number, so they end what others asked for as well.
NUMBER_RELEASES = frozenset({ReleaseReason.CONSENT_GIVEN, ReleaseReason.NUMBER_REASSIGNED})


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

    def is_active(self, as_of: date) -> bool:
        """Tell whether it stands on `as_of`, the date at UTC-12: its last day must be over everywhere."""
        return self.until is None or as_of <= self.until

    def covers(self, key: Key) -> bool:
        """Tell whether the number of that list is one that it holds."""
        return self.everything or key[0] == self.list_id or key[1] in self.phones


@dataclass(frozen=True, slots=True)
class FileEntries:
    """What one file claims for one list: each number once, with its terms (shared, interned values).

    `retrieved_on` is the day on which the registry was asked that the file is a copy of; None of others.
    """

    path: str
    list_id: str
    numbers: Mapping[str, Terms]
    distinct: frozenset[Terms]
    retrieved_on: date | None = None

    def active_on(self, as_of: date) -> "FileEntries":
        """Leave out the claims whose term is over on `as_of` (the date at UTC-12)."""
        expired = {terms for terms in self.distinct if terms.is_expired(as_of)}
        if not expired:
            return self
        # By identity: hashing the terms of each of a million numbers is what would cost.
        expired_ids = {
            key for key, terms in {id(t): t for t in self.numbers.values()}.items() if terms in expired
        }
        numbers = {phone: terms for phone, terms in self.numbers.items() if id(terms) not in expired_ids}
        return FileEntries(self.path, self.list_id, numbers, self.distinct - expired, self.retrieved_on)

    def with_shared_terms(self, intern: Callable[[Terms], Terms]) -> "FileEntries":
        """Give the same claims with the one object of all equal terms. Of claims as they were read."""
        numbers = (
            self.numbers.with_shared_terms(intern) if isinstance(self.numbers, NumberTerms) else self.numbers
        )
        distinct = frozenset(map(intern, self.distinct))
        return FileEntries(self.path, self.list_id, numbers, distinct, self.retrieved_on)


def strongest_terms(files: Iterable[FileEntries]) -> dict[str, Mapping[str, Terms]]:
    """Join the files' claims: each number of each list with the strongest terms that any file claims."""
    lists: dict[str, Mapping[str, Terms]] = {}
    copied: dict[str, dict[str, Terms]] = {}
    for f in files:
        if f.list_id not in lists:
            lists[f.list_id] = f.numbers
            continue
        if f.list_id not in copied:
            lists[f.list_id] = copied[f.list_id] = dict(lists[f.list_id])
        joined = copied[f.list_id]
        for phone, terms in f.numbers.items():
            other = joined.get(phone)
            if other is None or terms.precedence > other.precedence:
                joined[phone] = terms
    return lists


@dataclass(frozen=True, slots=True)
class DeclaredEntries:
    """Everything that a tenant's files say: claims file by file, releases, the lists named, and holds."""

    files: tuple[FileEntries, ...] = ()
    releases: Mapping[Key, tuple[Release, ...]] = field(default_factory=dict)
    list_ids: frozenset[str] = frozenset()
    holds: tuple[Hold, ...] = ()

    def active_on(self, as_of: date) -> "DeclaredEntries":
        """Keep the claims and holds that stand on `as_of`; releases and names stay."""
        files = tuple(file.active_on(as_of) for file in self.files)
        holds = tuple(hold for hold in self.holds if hold.is_active(as_of))
        return DeclaredEntries(files, self.releases, self.list_ids, holds)
