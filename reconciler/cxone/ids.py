"""The distinct ids that a look has seen: counted, never asked for again."""

from array import array
from collections.abc import Iterable
from itertools import compress

_AT_ONCE = 1 << 16  # hashes that are compared as one set
_PARTS = 4


class Ids:
    """Ids by their 64-bit hash, 8 bytes each.

    Two ids of one hash would count as one (1 in 30 million reads of a million rows). Such a read does not
    add up, is repeated, and is then taken for one that may lack something: the safe side.
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._counted = (0, 0)  # how many hashes there were, and how many were distinct

    def __len__(self) -> int:
        if self._counted[0] != len(self._hashes):
            self._counted = (len(self._hashes), self._distinct())
        return self._counted[1]

    def add(self, entry_id: str) -> None:
        """Add one."""
        self._hashes.append(hash(entry_id))

    def update(self, ids: Iterable[str]) -> None:
        """Add some."""
        self._hashes.extend(map(hash, ids))

    def join(self, other: "Ids") -> None:
        """Add those of another look."""
        self._hashes.extend(other._hashes)  # noqa: SLF001  (of its own kind)

    def _distinct(self) -> int:
        """Count them in parts, told apart by one byte of each hash: a set of a million is 100 MB."""
        if len(self._hashes) <= _AT_ONCE:
            return len(set(self._hashes))
        with memoryview(self._hashes) as hashes, hashes.cast("B") as octets:
            marks = octets[:: self._hashes.itemsize].tobytes()
        count = 0
        for part in range(_PARTS):
            here = bytes(byte % _PARTS == part for byte in range(256))
            count += len(set(compress(self._hashes, marks.translate(here))))
        return count
