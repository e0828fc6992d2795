"""The built-in CXone as a process of its own, filled beforehand."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests

from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from script.benchmarks.workload import environment, rows

_RATE = "1000000"  # requests a minute: nothing waits for an allowance here
_EVERY = 1_000_000_000
_PATIENCE = 30


def fill(state: Path, count: int) -> None:
    """Put the first `count` numbers into a database, without a request for any of them."""
    with Sandbox(state, clock=lambda: datetime.now(UTC), settings=Settings(clients={})) as sandbox:
        sandbox.load(rows(count))


@contextmanager
def serving(state: Path, *, distance: float = 0.0) -> Iterator[str]:
    """Serve a database; `distance` is the seconds that every answer comes later."""
    command = ["dnc", "sandbox", "--port", "0", "--control", "--rate", _RATE, "--state", str(state)]
    with subprocess.Popen(
        command, cwd=state.parent, env=environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            url = next(word for word in line.split() if word.startswith("http")).rstrip(";")
            if distance:
                _move_away(url, distance)
            yield url
        finally:
            server.terminate()


def written(url: str) -> int:
    """Count the write requests that the server has seen."""
    log = requests.get(f"{url}/_sandbox/requests", timeout=_PATIENCE).json()
    return sum(request["kind"] in {"bulk", "delete"} for request in log)


def _move_away(url: str, distance: float) -> None:
    slow = {"action": "slow", "times": _EVERY, "delay": distance}
    requests.post(f"{url}/_sandbox/faults", json=slow, timeout=_PATIENCE).raise_for_status()
