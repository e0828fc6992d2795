"""The journal: what a run is about to send and what was answered, on disk until its report is committed."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from reconciler.audit.unfinished import ASSIGN, UnreportedRun, group_by_list, parse_journal
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import DncError, RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.model.outbound_skills import SkillsReading
from reconciler.core.model.provider import (
    Answer,
    ClockOffset,
    Dialect,
    Provider,
    Removals,
    Target,
    Verdict,
    Write,
)

# Kept free for the report: its own size, and what a number takes in report, plan and journal at most.
_RESERVED_BYTES = 2 * 1024 * 1024
_RESERVED_BYTES_PER_NUMBER = 200


class Journal:
    """One tenant's journal, a file of JSON lines. Safe between threads. Errors are RepositoryProblem.

    It holds whole numbers and is readable by its owner only. `clock` is ours, with a time zone.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path  # others of its name beside it: what is kept free, and the lock
        self._reserve_file = path.with_suffix(".room")
        self._clock = clock
        self._lock = Lock()
        self._file = -1
        self._begun_at = 0
        self._sent = 0

    def unreported_runs(self) -> tuple[UnreportedRun, ...]:
        """Tell of the runs that left this journal behind, oldest first."""
        try:
            return parse_journal(self.path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._problem(error) from error

    @contextmanager
    def of_run(self, run: Mapping[str, Any], *, numbers: int) -> Iterator[None]:
        """Keep the journal of one run: `begin`, and `close` however it ends.

        A run that has begun already, with what it wrote early, introduces itself anew.
        """
        if self._file < 0:
            self.begin(run, numbers=numbers)
        else:
            self._introduce_again(run, numbers=numbers)
        try:
            yield
        finally:
            self.close()

    def begin(self, run: Mapping[str, Any], *, numbers: int) -> None:
        """Introduce a run that will write so many numbers, and reserve disk space for its report.

        Nothing has been sent yet: this is where a full disk, or a folder that can't be written, shows.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._reserve_space(_RESERVED_BYTES + numbers * _RESERVED_BYTES_PER_NUMBER)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file = os.open(self.path, flags, 0o600)
            self._begun_at = os.fstat(self._file).st_size
            if self._begun_at:
                os.write(self._file, b"\n")  # the run before may have died in the middle of a line
            self._add({"run": run, "at": self._now()})
            self._sync_folder()
        except OSError as error:
            self.close()
            raise self._problem(error) from error

    def _introduce_again(self, run: Mapping[str, Any], *, numbers: int) -> None:
        """Say more of the run that is under way: what it is to do after its read."""
        try:
            self._reserve_space(_RESERVED_BYTES + numbers * _RESERVED_BYTES_PER_NUMBER)
            self._add({"run": run, "at": self._now()})
        except OSError as error:
            raise self._problem(error) from error

    def record_send(
        self,
        action: str,
        keys: Iterable[Key],
        *,
        overwrites: Iterable[Key],
        exposing: Iterable[Key],
        offset: ClockOffset | None,
    ) -> int:
        """Write down what is about to be sent; give the number for `record_answer`. On disk at the return."""
        numbers = {
            "numbers": group_by_list(keys),
            "overwrites": group_by_list(overwrites),
            "exposing": group_by_list(exposing),
            "offset_seconds": _seconds(offset),
        }
        return self._record_request({"action": action, **numbers})

    def record_assignment(self, list_id: str, skill_id: str) -> int:
        """Write down which skill is about to be added to a list's group, as `record_send` does."""
        return self._record_request({"action": ASSIGN, "list_id": list_id, "skill_id": skill_id})

    def _record_request(self, request: Mapping[str, Any]) -> int:
        with self._lock:
            self._sent += 1
            number = self._sent
        try:
            self._add({"send": number, "at": self._now(), **request})
        except OSError as error:
            raise self._problem(error) from error
        return number

    def record_answer(self, number: int, answer: Answer | None, *, offset: ClockOffset | None) -> None:
        """Write down what was answered; None: nothing of it can have been stored.

        What can't be written down stays unanswered, which is never less than the truth.
        """
        record = {
            "answered": number,
            "at": self._now(),
            "verdict": (answer.verdict if answer else Verdict.NOT_SENT).value,
            "refused": sorted(answer.failures) if answer else [],
            "attempts": answer.attempts if answer else 0,
            "offset_seconds": _seconds(offset),
        }
        with suppress(OSError):
            self._add(record)

    def record_own(self, keys: Iterable[Key]) -> None:
        """Write down which numbers that went early are known to have replaced nobody's entry.

        What can't be written down stays in doubt.
        """
        with suppress(OSError):
            self._add({"own": group_by_list(keys), "at": self._now()})

    def release_reserve(self) -> None:
        """Give back what was kept free: the report is about to be written."""
        with suppress(OSError):
            self._reserve_file.unlink(missing_ok=True)

    def finish(self) -> None:
        """Take the journal away: a report tells of this run, and of those before that had left theirs."""
        with suppress(OSError):  # the next run sees in the report that it is told of
            self.path.unlink(missing_ok=True)
            self._sync_folder()

    def forget(self) -> None:
        """Take back what was said of this run: it wrote nothing, and there is nothing to report."""
        with suppress(OSError):
            os.ftruncate(self._file, self._begun_at)
            if not self._begun_at:
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file. What was neither finished nor forgotten stays for the next run to tell of."""
        self.release_reserve()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _add(self, record: Mapping[str, Any]) -> None:
        line = memoryview(orjson.dumps(record) + b"\n")
        with self._lock:
            while line:
                line = line[os.write(self._file, line) :]
        os.fsync(self._file)  # outside of the lock: chunks that go at once are synced at once

    def _reserve_space(self, size: int) -> None:
        """Take the space now that the report will need, so that nobody else fills it meanwhile."""
        self._reserve_file.unlink(missing_ok=True)
        free = shutil.disk_usage(self.path.parent).free
        if free < 2 * size:  # once to be kept, once for the journal as it grows
            raise RepositoryProblem(
                f"{free / 1e6:,.1f} MB are free, and this run needs {2 * size / 1e6:,.1f} MB for its record",
                "free space there, then run again",
                where=str(self.path.parent),
            )
        file = os.open(self._reserve_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, size)
            else:
                os.write(file, b"\0" * size)
            os.fsync(file)
        finally:
            os.close(file)

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _now(self) -> str:
        return self._clock().isoformat()

    def _problem(self, error: OSError) -> RepositoryProblem:
        return RepositoryProblem(
            f"the run's journal cannot be kept: {error.strerror or type(error).__name__}",
            "free space there, and let this user read and write it; what is not written down is not sent",
            where=str(self.path),
        )


def _seconds(offset: ClockOffset | None) -> tuple[float, float] | None:
    return (offset.least.total_seconds(), offset.most.total_seconds()) if offset else None


class JournalledProvider:
    """The provider of one run, with its journal. Reads go through as they are.

    `overwrites` are the numbers whose entry somebody else touched last; `exposing` those that this run may
    weaken.
    """

    def __init__(
        self, provider: Provider, journal: Journal, *, overwrites: frozenset[Key], exposing: frozenset[Key]
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._overwrites = overwrites
        self._exposing = exposing

    @property
    def dialect(self) -> Dialect:
        """What its wire can carry."""
        return self._provider.dialect

    @property
    def target(self) -> Target:
        """Which CXone this is."""
        return self._provider.target

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read everything."""
        return self._provider.read(list_ids)

    def reported_organisation(self) -> str:
        """Name the organisation as CXone itself told it."""
        return self._provider.reported_organisation()

    def tenant_list_id(self, list_id: str) -> str:
        """Give the tenant's own id of a list."""
        return self._provider.tenant_list_id(list_id)

    def total(self) -> int:
        """Ask only how many entries there are."""
        return self._provider.total()

    def read_skills(self, list_ids: frozenset[str]) -> SkillsReading | None:
        """Read skills, and which of them these lists' groups stop."""
        return self._provider.read_skills(list_ids)

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:
        """Add a skill to a list's group, written down before and after."""
        number = self._journal.record_assignment(list_id, skill_id)
        return self._send_recorded(number, lambda: self._provider.assign_skill(list_id, skill_id))

    def count(self, list_ids: frozenset[str]) -> int:
        """Ask how many entries there are where writes to these lists show."""
        return self._provider.count(list_ids)

    def early_capacity(self) -> int | None:
        """Tell how many entries may be written before a read."""
        return self._provider.early_capacity()

    def shows_as_sent(self, writes: Sequence[Write], total: int) -> bool | None:
        """Look in a few requests whether writes show as they were sent."""
        return self._provider.shows_as_sent(writes, total)

    def clock_offset(self) -> ClockOffset | None:
        """Tell how CXone's clock stands to ours."""
        return self._provider.clock_offset()

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send one chunk, written down before and after."""
        keys = [write.key for write in chunk]
        overwritten = self._overwrites.intersection(keys)
        number = self._journal.record_send(
            "upsert",
            keys,
            overwrites=overwritten,
            exposing=self._exposing.intersection(keys),
            offset=self.clock_offset(),
        )
        return self._send_recorded(number, lambda: self._provider.upsert(chunk))

    def remove(self, key: Key, entry_id: str) -> Answer:
        """Take one entry off, written down before and after."""
        number = self._journal.record_send(
            "remove", [key], overwrites=(), exposing=[key], offset=self.clock_offset()
        )
        return self._send_recorded(number, lambda: self._provider.remove(key, entry_id))

    def remove_together(self, keys: Sequence[Key]) -> Removals:
        """Take several entries of a list off, written down before and after."""
        number = self._journal.record_send(
            "remove", list(keys), overwrites=(), exposing=keys, offset=self.clock_offset()
        )
        removals = Removals({})

        def send() -> Answer:
            nonlocal removals
            removals = self._provider.remove_together(keys)
            return removals.as_one

        self._send_recorded(number, send)
        return removals

    def _send_recorded(self, number: int, send: Callable[[], Answer]) -> Answer:
        try:
            answer = send()
        except DncError:
            # Raised only where nothing can have been stored; whatever else comes tells nothing.
            self._journal.record_answer(number, None, offset=self.clock_offset())
            raise
        self._journal.record_answer(number, answer, offset=self.clock_offset())
        return answer
