"""The request to stop, and waiting that it can end."""

from typing import Protocol


class Stop(Protocol):
    """A request to stop, as `threading.Event` is one. Every wait goes through it: tests bring their own."""

    def is_set(self) -> bool:
        """Tell whether we were asked to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most so many seconds; True, and at once, when asked to stop."""
        ...


class Stopped(Exception):
    """We were asked to stop. Never leaves this package: it becomes a verdict or an error."""


def pause(stop: Stop, seconds: float) -> None:
    """Wait so many seconds, or raise Stopped as soon as we are asked to stop."""
    if stop.wait(seconds):
        raise Stopped
