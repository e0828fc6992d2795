"""A real `dnc` in a process of its own, watched at every request that CXone gets and every call of git."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.sandbox.faults import Fault, RequestKind
from reconciler.sandbox.request_log import LoggedRequest
from tests.support.project import ROOT, Clock, Project
from tests.support.result import Result

LONGEST = 30  # seconds that a run may take to end, however it was told to


class Machine(Clock):
    """The machine's clock, which a test may still move on."""

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift


def in_real_time(project: Project) -> Project:
    """Let CXone's clock tell the machine's time, as the processes of `dnc` do."""
    project.clock.__class__ = Machine
    return project


def today(later: int = 0) -> str:
    """Give the day on the machine's clock, or a later one."""
    return (datetime.now(UTC) + timedelta(days=later)).date().isoformat()


@dataclass
class Moments:
    """Counts the moments at which a run can be met: each is a request that arrives, or has been carried out.

    `act` is called at the moment numbered `at`, once.
    """

    project: Project
    count: int = 0
    at: int = -1
    act: Callable[[], None] = lambda: None
    kinds: tuple[RequestKind, ...] = tuple(RequestKind)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        faults, log = self.project.sandbox.faults, self.project.sandbox.requests
        take, note = faults.take, log.note

        def arrived(kind: RequestKind) -> Fault | None:
            self._met(kind)
            return take(kind)

        def answered(asked: LoggedRequest) -> None:
            note(asked)
            self._met(asked.kind)

        faults.take, log.note = arrived, answered

    def _met(self, kind: RequestKind) -> None:
        if kind not in self.kinds:
            return
        with self._lock:
            number, self.count = self.count, self.count + 1
        if number == self.at:
            self.act()

    def reset(self, at: int, act: Callable[[], None]) -> None:
        self.count, self.at, self.act = 0, at, act


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Let something happen the first time that it is called for, and never again."""
    left = [act]

    def call() -> None:
        if left:
            left.pop()()

    return call


def start(project: Project, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    """Start `dnc` and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler.cli.main", *arguments],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> Result:
    """Wait until it is over; a run that takes longer than LONGEST fails the test."""
    try:
        out, err = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {LONGEST} s: {err}") from None
    assert "Traceback" not in err, err
    return Result(process.returncode, out, err)


def deadly_git(folder: Path, at: int, *, before: bool) -> dict[str, str]:
    """Make a git that kills who called it, at call number `at`, before or after it did its work.

    Gives the environment in which it is found; `calls` in its folder counts.
    """
    folder.mkdir()
    real = shlex.quote(shutil.which("git") or "git")
    kill = f'[ "$n" = {at} ] && kill -9 "$PPID"'
    script = [
        "#!/bin/sh",
        f"n=$(cat {folder}/calls 2>/dev/null || echo 0); echo $((n + 1)) > {folder}/calls",
        f"{kill} && exit 1" if before else "",
        f'{real} "$@"; code=$?',
        "" if before else kill,
        "exit $code",
    ]
    program = folder / "git"
    program.write_text("\n".join(line for line in script if line) + "\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def calls_of_git(folder: Path) -> int:
    return int((folder / "calls").read_text())


def journal_of(project: Project, tenant: str = "production") -> Path:
    return project.folder / ".git/dnc/dnc-audit/audit" / f"{tenant}.journal"


def runs_in(journal: Path) -> list[str]:
    """Name the runs that a journal tells of, by their beginning."""
    if not journal.exists():
        return []
    found = []
    for line in journal.read_bytes().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if "run" in record:
            found.append(record["run"]["started_at"])
    return found
