"""The numbers of a file with their terms, as they were written until one of them is looked for."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from functools import cached_property
from itertools import repeat

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
