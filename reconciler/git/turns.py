"""Taking turns: of the runs of one tenant in one clone, only one is under way."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.storage import cannot_write

_POLL_SECONDS = 0.1
_OWN = 0o600


@contextmanager
def in_turn(  # noqa: PLR0913  (whose turn, as whom, and how to wait)
    path: Path,
    what: str,
    *,
    since: str,
    seconds: float,
    say: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Iterator[None]:
    """Hold the lock at `path`; wait for it at most so many seconds, or until `stopped`.

    `since` is the moment, for whoever finds the lock taken. The lock is the kernel's: it goes with the
    process that holds it, however that ends. RepositoryProblem naming the holder when it is not to be had.
    """
    # Without flock there is no lock that a killed run gives back: then better none is pretended.
    lock = FileLock(path, mode=_OWN, fallback_to_soft=False, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _taken(lock, 0.0, stopped):
            say(f"{what} is under way here already ({_holder(path)}): waiting {seconds:g} s at most")
            if not _taken(lock, seconds, stopped):
                raise RepositoryProblem(
                    f"{what} is under way here already: {_holder(path)}",
                    "let it end, or end that process (it finishes its chunk and reports), and run again",
                    where=str(path),
                )
        try:
            _named(path).touch(mode=_OWN)
            _named(path).write_text(json.dumps({"pid": os.getpid(), "since": since}), encoding="ascii")
        except OSError:
            lock.release()
            raise
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield
    finally:
        with suppress(OSError):  # it only names; the lock is what counts
            _named(path).unlink(missing_ok=True)
        lock.release()


def _taken(lock: FileLock, seconds: float, stopped: Callable[[], bool]) -> bool:
    try:
        lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS, cancel_check=stopped)
    except Timeout:
        return False
    return True


def _named(path: Path) -> Path:
    """Name the file that says who holds the lock; the lock file itself stays as it is."""
    return path.with_suffix(".holder")


def _holder(path: Path) -> str:
    try:
        told = json.loads(_named(path).read_text(encoding="ascii"))
        return f"process {int(told['pid'])}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "by a process that has not said its number yet"
