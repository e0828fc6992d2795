"""Which entries lapse soon: the files' terms as they stand, by list and last day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.model.claims import Claims, Hold
from reconciler.model.terms import REGISTRY_REASONS, Terms
from reconciler.planning.permission import strongest

HORIZON = timedelta(days=90)


@dataclass(frozen=True, slots=True, order=True)
class Lapse:
    """Numbers of one list whose last day is `last_day`; `held` of them are named by a hold, and stay."""

    last_day: date
    list_id: str
    reason: str
    numbers: int
    held: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the files claim for one list today: numbers by reason code, and how many of them have an end."""

    list_id: str
    reasons: tuple[tuple[str, int], ...]
    dated: int

    @property
    def numbers(self) -> int:
        """Count the numbers."""
        return sum(count for _, count in self.reasons)


def claimed_and_lapsing(claims: Claims, as_of: date) -> tuple[tuple[Claimed, ...], tuple[Lapse, ...]]:
    """Count what stands, and what of it is over within 90 days. `as_of` is the date at UTC-12.

    A number that several files claim has the strongest of their terms: it stays until all are over.
    """
    standing = claims.standing(as_of)
    lists = strongest(standing.files)
    claimed = []
    lapsing: list[Lapse] = []
    for list_id in sorted(claims.list_ids):
        numbers = lists.get(list_id, {})
        # By identity: hashing the terms of each of a million numbers is what would cost.
        counts = Counter(map(id, numbers.values()))
        distinct = {id(terms): terms for terms in numbers.values()}
        claimed.append(_claimed(list_id, distinct, counts))
        soon = {key: terms for key, terms in distinct.items() if _lapses(terms, as_of + HORIZON)}
        held = _held(list_id, numbers, soon, standing.holds)
        lapsing += _joined(list_id, soon, counts, held)
    return tuple(claimed), tuple(sorted(lapsing))


def _lapses(terms: Terms, until: date) -> bool:
    """Tell whether the last day has come by then; a registry's never does."""
    return terms.end is not None and terms.end <= until and terms.reason_code not in REGISTRY_REASONS


def _claimed(list_id: str, distinct: Mapping[int, Terms], counts: Counter[int]) -> Claimed:
    reasons: Counter[str] = Counter()
    for key, terms in distinct.items():
        reasons[terms.reason_code.value] += counts[key]
    dated = sum(counts[key] for key, terms in distinct.items() if terms.end is not None)
    return Claimed(list_id, tuple(sorted(reasons.items())), dated)


def _held(
    list_id: str, numbers: Mapping[str, Terms], soon: Mapping[int, Terms], holds: Iterable[Hold]
) -> Counter[int]:
    """Count by terms the numbers that some hold names."""
    holds = tuple(holds)
    if not holds or not soon:
        return Counter()
    return Counter(
        id(terms)
        for phone, terms in numbers.items()
        if id(terms) in soon and any(hold.names((list_id, phone)) for hold in holds)
    )


def _joined(
    list_id: str, soon: Mapping[int, Terms], counts: Counter[int], held: Counter[int]
) -> Iterator[Lapse]:
    """Join terms that differ in nothing but what they are told apart by elsewhere."""
    numbers: Counter[tuple[date, str]] = Counter()
    kept: Counter[tuple[date, str]] = Counter()
    for key, terms in soon.items():
        if terms.end is not None:
            numbers[terms.end, terms.reason_code.value] += counts[key]
            kept[terms.end, terms.reason_code.value] += held[key]
    for (end, reason), count in numbers.items():
        yield Lapse(end, list_id, reason, count, kept[end, reason])
