"""Pauses between tries, longer each time, so that those who race for the same branch do not meet again."""

import secrets
from collections.abc import Callable

_FIRST_SECONDS = 0.1  # with jitter; it doubles up to the longest
_LONGEST_SECONDS = 3.0


class Pauses:
    """Waits after a try that failed; not at all for whoever is in a hurry."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        self._pause = pause

    def wait(self, attempt: int, hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait after a try, counted from 0."""
        if hurried():
            return
        longest = min(_FIRST_SECONDS * 2**attempt, _LONGEST_SECONDS)
        self._pause(longest * (0.5 + secrets.randbelow(1000) / 2000))
