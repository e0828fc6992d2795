"""How many requests a tenant may make in a minute."""

import math
import threading
from collections import deque
from collections.abc import Callable

_MINUTE = 60.0


class SlidingMinute:
    """At most `limit` requests in any 60 seconds; a request that is refused does not count.

    The seed, read 2026-11-23: "typically 100-200 requests per minute per tenant depending on tier". Whether
    CXone's minute slides is unknown; a sliding one is the strictest. `monotonic` is in seconds.
    """

    def __init__(self, limit: int | None, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """Take a place: None when there is one, otherwise the seconds until there is."""
        if self._limit is None:
            return None
        with self._lock:
            now = self._monotonic()
            while self._taken and self._taken[0] <= now - _MINUTE:
                self._taken.popleft()
            if len(self._taken) >= self._limit:
                return max(1, math.ceil(self._taken[0] + _MINUTE - now))
            self._taken.append(now)
            return None
