"""Processes that read large files side by side: what one file says needs no other to be judged by itself.

Large is a file with many entries one by one, each of which takes its steps of Python. Numbers below one entry
are read faster than they could be handed over.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from reconciler.desired.lists import Elsewhere, Found, Source, read_alone
from reconciler.desired.schema import load_rules
from reconciler.reconcile.clock import Today

if TYPE_CHECKING:  # what few repositories need is loaded for those
    from concurrent.futures import Future

LARGE = 25_000  # entries: half a second, twice of what it takes to start a process
MOST = 4  # processes: each holds a file and its entries, 150 MB for 100,000
_ENTRY = b"phone:"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every file is judged by: a repository's own rule files, as `load_rules` takes them; the day."""

    overrides: Mapping[str, bytes]
    today: Today


@contextmanager
def reading_elsewhere(
    sources: Sequence[Source], ground: Ground, examples: Callable[[str], bool]
) -> Iterator[Elsewhere]:
    """Begin to read the large files in processes of their own, where there are several, and processors.

    Where a process cannot be started or dies, nothing is found of its file: it is to be read here.
    """
    large = [source for source in sources if source.data.count(_ENTRY) >= LARGE]
    at_once = min(len(large), _processors(), MOST)
    if at_once < 2:  # noqa: PLR2004  (beside each other)
        yield {}
        return
    calls = {one.path: partial(_read, one, ground, is_example=examples(one.path)) for one in large}
    with _begun(calls, at_once) as futures:
        yield {path: partial(_found, future) for path, future in futures.items()}


@contextmanager
def _begun(calls: "Mapping[str, partial[Found]]", at_once: int) -> "Iterator[dict[str, Future[Found]]]":
    """Begin the calls, each in one of so many processes; none where no process can be had."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    try:
        # Not forked: threads run here, and what they hold at that moment nobody would let go of there.
        pool = ProcessPoolExecutor(at_once, get_context("spawn"), _begin)
    except (OSError, ImportError, NotImplementedError):  # no place for its semaphores
        yield {}
        return
    try:
        yield {path: pool.submit(call) for path, call in calls.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _found(future: "Future[Found]") -> Found | None:
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415

    try:
        return future.result()
    except (BrokenExecutor, OSError):
        return None


def _read(source: Source, ground: Ground, *, is_example: bool) -> Found:
    rules, today = load_rules(ground.overrides), ground.today
    return read_alone(source, rules, as_of=today.as_of, latest=today.latest, is_example=is_example)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _begin() -> None:
    """Leave an interrupt to the parent, and end with it, also where that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process  # noqa: PLC0415

    if parent := parent_process():
        parent.join()
    os._exit(1)
