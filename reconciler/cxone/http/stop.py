"""The request to stop, and waiting that it can end."""

import time
from collections.abc import Callable
from typing import Protocol


class Stop(Protocol):
    """A request to stop, as `threading.Event` is one. Every wait goes through it: tests bring their own."""

    def is_set(self) -> bool:
        """Tell whether we were asked to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most so many seconds; True, and at once, when asked to stop."""
        ...


class TimeBudget:
    """A stop that also comes by itself, after so many seconds; a wait that would outlast it does not begin.

    `is_over` tells the end of the time from a request to stop.
    """

    def __init__(
        self, stop: Stop, seconds: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stop = stop
        self._monotonic = monotonic
        self._end = monotonic() + seconds
        self._outlasted = False

    def is_over(self) -> bool:
        """Tell whether the time is used up, or what is left of it was too short for a wait."""
        return self._outlasted or self._monotonic() >= self._end

    def is_set(self) -> bool:
        """Tell whether we were asked to stop, or the time is used up."""
        return self._stop.is_set() or self.is_over()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as the stop does; True, and at once, where the time ends first."""
        if timeout is None or self._monotonic() + timeout >= self._end:
            self._outlasted = True
            return True
        return self._stop.wait(timeout)


class Stopped(Exception):
    """We were asked to stop. Never leaves this package: it becomes a verdict or an error."""


def pause(stop: Stop, seconds: float) -> None:
    """Wait so many seconds, or raise Stopped as soon as we are asked to stop."""
    if stop.wait(seconds):
        raise Stopped
