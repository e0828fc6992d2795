"""A project whose time only waits move, so that minutes of pacing are counted at CXone in an instant."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.cxone.http.pace import RateLimiter
from reconciler.cxone.http.transport import Transport
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from tests.support.project import CLIENTS, Project
from tests.unit.cxone.standin import Time

SPARE = 60.0  # a whole minute between two calls: the burst is there again


class _Turns:
    """One request at a time between its place and its answer: nothing moves the clock meanwhile."""

    def __init__(self) -> None:
        self.lock = threading.Semaphore()

    def pace(self, *arguments: Any, **more: Any) -> RateLimiter:
        turns = self

        class Turn(RateLimiter):
            def take(self, *stop: Any) -> float:
                turns.lock.acquire()
                try:
                    return super().take(*stop)
                except BaseException:
                    turns.lock.release()
                    raise

        return Turn(*arguments, **more)

    def transport(self, *arguments: Any, **more: Any) -> Transport:
        turns = self

        class Sending(Transport):
            def send(self, *what: Any) -> Any:
                try:
                    return super().send(*what)
                finally:
                    turns.lock.release()

        return Sending(*arguments, **more)


@dataclass
class Paced(Project):
    """A clone, and a CXone of the same time: `time` is what every wait moves."""

    time: Time = None  # type: ignore[assignment]

    def _patches(self, environ: dict[str, str], arguments: tuple[str, ...]) -> Iterator[Any]:
        yield from super()._patches(environ, arguments)
        turns = _Turns()
        yield patch("reconciler.cxone.http.client.RateLimiter", turns.pace)
        yield patch("reconciler.cxone.entries.provider.Transport", turns.transport)
        yield patch("reconciler.cxone.groups.connection.Transport", turns.transport)
        yield patch(
            "reconciler.use_cases.workspace.connection.EntriesProvider", partial(_provider, self.time)
        )

    def log(self, since: int = 0) -> list[LoggedRequest]:
        """Give the requests that arrived, but for sign-ins where `since` counts none."""
        return self.sandbox.requests.list_requests()[since:]

    def rest(self) -> None:
        """Let a minute pass, and begin counting anew."""
        self.time.wait(SPARE)
        self.sandbox.requests.clear()

    def others(self, count: int) -> None:
        """Put numbers on a list that is none of ours: they are read, and nothing else."""
        rows = (
            Entry(f"+1{200 + n // 10_000}555{n % 10_000:04}", "UNKNOWN", "NEVER", "foreign")
            for n in range(count)
        )
        self.sandbox.load(rows)


def _provider(time: Time, settings: Any, **more: Any) -> EntriesProvider:
    told = {**more, "stop": time, "monotonic": time.monotonic, "uniform": lambda low, _: low}
    return EntriesProvider(settings, **told)


@contextmanager
def pacing(folder: Path, *, kind: Any = Paced, **tenant: Any) -> Iterator[Any]:
    """Make a repository without a remote and an empty CXone; `tenant` are settings of the tenant."""
    time = Time()
    made = Settings(clients=CLIENTS)
    with (
        Sandbox(None, clock=time.clock, monotonic=time.monotonic, settings=made) as sandbox,
        sandbox.serve() as url,
    ):
        project = kind(folder / "clone", None, sandbox, url, time.clock, time=time)
        project.folder.mkdir()
        project.git("init", "-q", "-b", "main", str(project.folder))
        project.tenant(**tenant)
        yield project


def number(place: int) -> str:
    """Make the n-th number of ours."""
    return f"+1{800 + place // 10_000}555{place % 10_000:04}"


def numbers(count: int, first: int = 0) -> list[str]:
    """Make so many numbers."""
    return [number(n) for n in range(first, first + count)]


def most_in_a_minute(moments: list[float]) -> int:
    """Count the fullest of all sliding minutes."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 60:
            first += 1
        most = max(most, last - first + 1)
    return most
