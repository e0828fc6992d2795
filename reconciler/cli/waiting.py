"""A sign of life while CXone is asked: what is done, n of N, and how long it will take.

A terminal that has been silent for two seconds gets one line, which goes as soon as anything is printed. A
log gets a line when it has been silent for half a minute.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from reconciler.cxone.http.stats import Statistics

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_TICK = 0.25  # seconds
_SILENCE = 2.0  # seconds, on a terminal
_LOG_SILENCE = 30.0  # seconds, in a log


@dataclass(slots=True)
class Phase:
    """What is under way: `done` of `total` of what `unit` names; a total of 0 is not known."""

    name: str
    unit: str
    done: int = 0
    total: int = 0

    def text(self) -> str:
        """Say it in a few words."""
        if not self.done and not self.total:
            return self.name
        amount = f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,}"
        return f"{self.name} {amount} {self.unit}"


@dataclass(slots=True)
class Waiting:
    """Shows the sign for one command. Safe between threads; does nothing before CXone is asked."""

    silence: float = _SILENCE
    log_silence: float = _LOG_SILENCE
    tick: float = _TICK
    _stream: TextIO | None = None
    _statistics: Statistics | None = None
    _sending: Phase | None = None
    _has_sent: bool = False
    _paused: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _silent_since: float = 0.0
    _line: "tuple[Progress, TaskID] | None" = None

    def watch(self, statistics: Statistics, stream: TextIO) -> None:
        """Begin to look at what a client does, and to say it on this stream."""
        with self._lock:
            self._statistics, self._stream = statistics, stream
            self._silent_since = time.monotonic()
            if self._thread is None:
                self._ended.clear()
                self._thread = threading.Thread(target=self._run, name="waiting", daemon=True)
                self._thread.start()

    @contextmanager
    def sending(self, total: int) -> Iterator[Callable[[int], None]]:
        """Give a function that is told of numbers as they are sent."""
        phase = self._sending = Phase("sending", "numbers", total=total)

        def advance(count: int) -> None:
            phase.done += count
            if phase.done >= phase.total:  # what comes then is the read that verifies
                self._sending, self._has_sent = None, True

        try:
            yield advance
        finally:
            self._sending, self._has_sent = None, True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Show nothing while a person is asked."""
        with self._lock:
            self._paused += 1
            self.hide()
        try:
            yield
        finally:
            with self._lock:
                self._paused -= 1
                self._silent_since = time.monotonic()

    def hide(self) -> None:
        """Take the line away: something else is printed."""
        if self._thread is None:
            return
        with self._lock:
            self._silent_since = time.monotonic()
            if self._line is not None:
                self._line[0].stop()
                self._line = None

    def end(self) -> None:
        """Stop looking, and take the line away."""
        thread = self._thread
        if thread is None:
            return
        self._ended.set()
        thread.join()
        self.hide()
        self._thread = self._statistics = self._sending = None
        self._has_sent = False

    def phase(self) -> Phase:
        """Say what is under way."""
        if self._sending is not None:
            return self._sending
        name = "verifying" if self._has_sent else "reading CXone:"
        if self._statistics is None:
            return Phase(name, "rows")
        rows, expected = self._statistics.reading
        return Phase(name, "rows", rows, max(rows, expected))

    def _run(self) -> None:
        while not self._ended.wait(self.tick):
            with self._lock:
                if not self._paused:
                    self._show()

    def _show(self) -> None:
        stream, silent_for = self._stream, time.monotonic() - self._silent_since
        if stream is None:
            return
        if not stream.isatty():
            if silent_for >= self.log_silence:
                self._silent_since = time.monotonic()
                stream.write(f"{self.phase().text()}{self._retries_text()}\n")
                stream.flush()
        elif self._line is not None or silent_for >= self.silence:
            self._draw(stream)

    def _draw(self, stream: TextIO) -> None:
        phase = self.phase()
        if self._line is None:
            self._line = _new_line(stream, phase)
        progress, task = self._line
        progress.update(
            task,
            description=f"{phase.text()}{self._retries_text()}",
            completed=phase.done,
            total=phase.total or None,
        )

    def _retries_text(self) -> str:
        retries = self._statistics.retries if self._statistics is not None else 0
        return f", {retries:,} {'retry' if retries == 1 else 'retries'}" if retries else ""


def _new_line(stream: TextIO, phase: Phase) -> "tuple[Progress, TaskID]":
    """Begin a line that rich draws, with the time that is left."""
    from rich.console import Console  # noqa: PLC0415  (only where somebody has waited)
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415  (as above)

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(elapsed_when_finished=False),
        console=Console(file=stream),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    progress.start()
    return progress, progress.add_task(phase.text(), total=phase.total or None)


WAITING = Waiting()


def watch(statistics: Statistics) -> None:
    """Say on stderr what a client does, where it takes its time."""
    # The stream itself: what is printed in the usual way takes the sign away first.
    WAITING.watch(statistics, getattr(sys.stderr, "stream", sys.stderr))
