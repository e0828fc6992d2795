"""Runs one command as a process of its own, and tells how long it took and how large it grew."""

import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from script.benchmarks.memory import highest, resident

_STEP = 0.01  # seconds between two looks at the memory
_MEGABYTE = 1_000_000


class Failed(Exception):
    """A command that was to be measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run took, in so many rounds.

    `work` are the seconds that processors were at work for it and its children, whatever else they did
    meanwhile; `megabytes` (10^6) are at the peak of all its processes.
    """

    seconds: float
    work: float
    megabytes: float
    rounds: int = 1

    def best(self, other: "Usage") -> "Usage":
        """Keep the faster time, the lesser work, and the smaller peak."""
        return Usage(
            min(self.seconds, other.seconds),
            min(self.work, other.work),
            min(self.megabytes, other.megabytes),
            self.rounds + other.rounds,
        )


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Usage:
    """Run a command to its end. Raises Failed when that is not exit 0."""
    with tempfile.TemporaryFile() as said:
        began, worked = time.perf_counter(), _worked()
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        peak, ended = [0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, ended))
        watch.start()
        process.wait()
        seconds, work = time.perf_counter() - began, _worked() - worked
        ended.set()
        watch.join()
        if process.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace")[-2000:]
            raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Usage(seconds, work, peak[0] / _MEGABYTE)


def _worked() -> float:
    """Tell how long processors were at work for children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(pid: int, peak: list[int], ended: threading.Event) -> None:
    while True:
        # The kernel's own mark misses nothing, but knows one process only; the sum sees all, now and then.
        peak[0] = max(peak[0], resident(pid), highest(pid))
        if ended.wait(_STEP):
            return
