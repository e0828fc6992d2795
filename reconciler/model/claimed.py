"""The numbers of a file with their terms, as they were written until one of them is looked for."""

from array import array
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from functools import cached_property
from itertools import chain, islice, repeat

from reconciler.model.terms import Terms


class Claimed(Mapping[str, Terms]):
    """Numbers with their terms; of a number that stands there twice the later terms.

    Of a million, the table to look them up in takes as long to make as all that `validate` asks of them, and
    `validate` looks nothing up. `count` says how many there are; None: some stand there twice.
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

    def sharing(self, intern: Callable[[Terms], Terms]) -> "Claimed":
        """Give the same with the one object of all equal terms."""
        return Claimed([(numbers, intern(terms)) for numbers, terms in self._blocks], self._count)

    def __reduce__(self) -> tuple[Callable[..., "Claimed"], tuple[object, ...]]:
        """Go to another process as one text and few terms: a million objects would take their time."""
        numbers = " ".join(chain.from_iterable(numbers for numbers, _ in self._blocks))
        # By identity: comparing what two terms say is what would cost.
        distinct = {id(terms): terms for _, terms in self._blocks}
        places = {one: place for place, one in enumerate(distinct)}
        shape = array("I", chain.from_iterable((len(n), places[id(terms)]) for n, terms in self._blocks))
        return _received, (numbers, tuple(distinct.values()), shape, self._count)

    def __len__(self) -> int:
        return len(self._table) if self._count is None else self._count

    def __getitem__(self, number: str) -> Terms:
        return self._table[number]

    def __contains__(self, number: object) -> bool:
        return number in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __eq__(self, other: object) -> bool:
        return self._table == (other._table if isinstance(other, Claimed) else other)

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


def _received(numbers: str, terms: Sequence[Terms], shape: Sequence[int], count: int | None) -> Claimed:
    left = iter(numbers.split())
    blocks = zip(shape[::2], shape[1::2], strict=True)
    return Claimed([(tuple(islice(left, length)), terms[place]) for length, place in blocks], count)
