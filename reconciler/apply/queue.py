"""The chunks that are still to be sent. They are cut when needed: a million writes are never all there."""

from collections import deque
from collections.abc import Iterator

from reconciler.model.provider import Write

Chunk = list[Write]


class Queue:
    """What is to be tried again at once comes first, then the rest in order, then what is to wait for it."""

    def __init__(self, rest: Iterator[Chunk]) -> None:
        self._first: deque[Chunk] = deque()
        self._rest = rest
        self._last: deque[Chunk] = deque()

    def __bool__(self) -> bool:
        self._cut()
        return bool(self._first or self._last)

    def __iter__(self) -> Iterator[Chunk]:
        """Give, and take out, all that is left."""
        while self:
            yield self.take()

    def take(self) -> Chunk:
        """Take the next chunk out. Raises IndexError where there is none."""
        self._cut()
        return (self._first or self._last).popleft()

    def put_first(self, *chunks: Chunk) -> None:
        """Put chunks before everything else, in this order."""
        self._first.extendleft(reversed(chunks))

    def put_last(self, *chunks: Chunk) -> None:
        """Put chunks behind everything else, in this order."""
        self._last.extend(chunks)

    def _cut(self) -> None:
        if not self._first and (chunk := next(self._rest, None)):
            self._first.append(chunk)
