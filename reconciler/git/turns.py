"""Taking turns: of the runs of one tenant in one clone, and of the edits of its files, one is under way."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from reconciler.core.model.errors import RepositoryProblem

_POLL_SECONDS = 0.1
_NAMING_SECONDS = 1.0
_UNNAMED = "by a process that has not said its number yet"
_OWN = 0o600


@contextmanager
def run_lock(  # noqa: PLR0913  (whose turn, as whom, and how to wait)
    path: Path,
    run_name: str,
    *,
    since: str,
    seconds: float,
    notify: Callable[[str], None],
    stop_text: Callable[[], str] = lambda: "",
    command: str = "",
    fix: str = "let it end, or end that process (it finishes its chunk and reports), and run again",
) -> Iterator[None]:
    """Hold the lock at `path`; wait for it at most so many seconds, or until `stop_text` says who stopped us.

    `since` is the moment, and `command` what holds the lock where `run_name` leaves that open: for whoever
    finds it taken. The lock is the kernel's: it goes with the process that holds it, however that ends.
    RepositoryProblem naming the holder, with `fix`, when it is not to be had.
    """
    # Without flock there is no lock that a killed run gives back: then better none is pretended.
    lock = FileLock(path, mode=_OWN, fallback_to_soft=False, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whoever took it this moment has not said its name yet.
        if not _try_acquire(lock, 0.0, stop_text) and (
            _holder_text(path) or not _try_acquire(lock, min(seconds, _NAMING_SECONDS), stop_text)
        ):
            holder_text = _holder_text(path) or _UNNAMED
            notify(f"{run_name} is under way here already ({holder_text}): waiting {seconds:g} s at most")
            if not _try_acquire(lock, seconds, stop_text):
                stopped = stop_text()
                raise RepositoryProblem(
                    f"{run_name} is under way here already: {_holder_text(path) or _UNNAMED}"
                    + (f"; {stopped} while it waited for that: nothing was sent" if stopped else ""),
                    fix,
                    where=str(path),
                )
        try:
            holder = {"pid": os.getpid(), "since": since} | ({"command": command} if command else {})
            _holder_file(path).touch(mode=_OWN)
            _holder_file(path).write_text(json.dumps(holder), encoding="ascii")
        except OSError:
            lock.release()
            raise
    except OSError as error:
        from reconciler.git.storage import cannot_write  # noqa: PLC0415  (few locks fail, edits run no git)

        raise cannot_write(path, error) from error
    try:
        yield
    finally:
        with suppress(OSError):  # it only names; the lock is what counts
            _holder_file(path).unlink(missing_ok=True)
        lock.release()


def _try_acquire(lock: FileLock, seconds: float, stop_text: Callable[[], str]) -> bool:
    try:
        lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS, cancel_check=lambda: stop_text() != "")
    except Timeout:
        return False
    return True


def _holder_file(path: Path) -> Path:
    """Name the file that says who holds the lock; the lock file itself stays as it is."""
    return path.with_suffix(".holder")


def _holder_text(path: Path) -> str:
    """Say who holds the lock; empty while that is not known."""
    try:
        holder = json.loads(_holder_file(path).read_text(encoding="ascii"))
        command = f"{holder['command']}, " if "command" in holder else ""
        return f"{command}process {int(holder['pid'])}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
