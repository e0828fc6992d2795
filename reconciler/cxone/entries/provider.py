"""Dialect `entries` as a provider: one tenant, read and written over HTTP."""

import random
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import CxoneUnavailable, CxoneUnreadable, ReadStopped
from reconciler.core.model.gc_pause import collector_off
from reconciler.core.model.live import Live
from reconciler.core.model.outbound_skills import SkillsReading
from reconciler.core.model.provider import Answer, ClockOffset, Failure, Removals, Target, Verdict, Write
from reconciler.cxone.entries.calls import (
    PAGE_SIZE,
    EntriesSignIn,
    Refusals,
    bulk_request,
    page_request,
    removal_request,
)
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.entries.page import judge_page
from reconciler.cxone.entries.writes import encode, judge_bulk, judge_removal
from reconciler.cxone.http.client import AnswerJudge, Client, require_value, write_answer
from reconciler.cxone.http.paging import ReadAhead, fetch_in_order
from reconciler.cxone.http.retry import ATTEMPTS, Uniform
from reconciler.cxone.http.stats import Statistics
from reconciler.cxone.http.stop import Stop, Stopped
from reconciler.cxone.http.transport import Transport
from reconciler.cxone.names import ListNames
from reconciler.cxone.read_pass import Page, ReadPass

_AHEAD = 200  # pages, 30 MB
_THROTTLES = 3  # customer-supplied specification: halve the chunk when throttled repeatedly
# In a path these would name what lies above the entry.
_NO_PATH = frozenset({"", ".", ".."})
_log = structlog.get_logger()


class EntriesProvider:
    """The port to one tenant of dialect `entries`. Safe between threads; close it, or use it in a `with`.

    `clock` is ours, with a time zone. Once `stop` is set nothing new is sent and every wait ends.
    `stop_writing` does the same to writes alone: what a time budget ends must still be read back.
    """

    def __init__(  # noqa: PLR0913  (its clocks and its chance are given, so that tests have their own)
        self,
        settings: EntriesSettings,
        *,
        clock: Callable[[], datetime],
        stop: Stop | None = None,
        stop_writing: Stop | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Uniform = random.uniform,
    ) -> None:
        self.dialect = EntriesDialect(settings.wire_policy)
        self.target: Target = settings.target
        self._names = ListNames(settings.list_ids)
        self._concurrency = settings.concurrency
        self._clock = clock
        self._stop_writing = stop_writing
        self._refusals = Refusals(settings.org_id, self.target.host)
        self._stop = stop or threading.Event()
        self._ahead: ReadAhead[Page] | None = None
        self._ahead_started_at = ""
        self._client = Client(
            Transport(settings.base_url, settings.concurrency, monotonic=monotonic),
            EntriesSignIn(settings),
            requests_per_minute=settings.requests_per_minute,
            burst=settings.concurrency,
            clock=clock,
            stop=self._stop,
            monotonic=monotonic,
            uniform=uniform,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def statistics(self) -> Statistics:
        """What the wire cost so far."""
        return self._client.statistics

    def read_ahead(self) -> None:
        """Begin to read: the pages are of all lists, so which are wanted need not be known yet.

        `read` takes what was read, and raises what came in the way. It is as of this moment.
        """
        self._ahead_started_at = self._now()
        self._ahead = ReadAhead(self._pages, self._stop, _AHEAD)

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read every page, a second time where the first does not add up. Raises Unread where that fails.

        `Live.entries` counts all distinct entries: other lists and unreadable ones too, as `total` does.
        """
        with collector_off():
            return self._read(self._names.list_ids_by_name(list_ids))

    def reported_organisation(self) -> str:
        """Give nothing: no call of this wire tells it."""
        return ""

    def tenant_list_id(self, list_id: str) -> str:  # noqa: ARG002  (the port's; on this wire a list is its name)
        """Give nothing: a list has no id besides its name."""
        return ""

    def total(self) -> int:
        """Ask only how many entries there are."""
        return self._page(1, size=1).total

    def count(self, list_ids: frozenset[str]) -> int:  # noqa: ARG002  (the port's; a page is of all lists)
        """Ask how many entries the tenant has."""
        return self.total()

    def shows_as_sent(self, writes: Sequence[Write], total: int) -> bool | None:
        """Look at the last two pages: tell whether they show nothing of these writes otherwise than as sent.

        CXone promises no order. Where they show some of these numbers, new ones stand last, and so they show
        all of them that there is room for.
        """
        last = max(1, -(-total // PAGE_SIZE))
        pages = [self._page(number) for number in range(max(1, last - 1), last + 1)]
        read_pass = ReadPass(
            self._names.list_ids_by_name(frozenset(write.list_id for write in writes)), self.dialect.strength
        )
        for page in pages:
            read_pass.add(page)
        live = read_pass.live(self._now())
        shown = {write.key: entry for write in writes if (entry := live.get(write.key)) is not None}
        targets = {write.key: self.dialect.project(write.terms) for write in writes}
        rank = self.dialect.strength
        if any(rank(entry.terms) < rank(targets[key]) for key, entry in shown.items()):
            return False
        row_count = sum(len(page.ids) for page in pages)
        return not shown or len(shown) >= min(len(targets), row_count)

    def early_capacity(self) -> int | None:
        """Tell nothing: no limit of this wire is known."""
        return None

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send one chunk of 1 to 500 writes; it is an upsert, so sending it again is safe.

        Raises CxoneUnavailable and CxoneRefused only where nothing of it can have been stored.
        """
        phones = frozenset(write.phone for write in chunk)
        request = bulk_request(encode(chunk, self.dialect, self._names))
        outcome = self._client.call(
            request,
            lambda response: judge_bulk(response, request, phones, self._refusals),
            throttles=_THROTTLES if len(chunk) > 1 else ATTEMPTS,
            stop=self._stop_writing,
        )
        return write_answer(outcome, request, self._client.host, is_divisible=len(chunk) > 1)

    def remove(self, key: Key, entry_id: str) -> Answer:  # noqa: ARG002  (the port's; this wire needs the id)
        """Take one entry off by its id. Raises as `upsert` does."""
        if entry_id in _NO_PATH:
            return Answer(
                Verdict.REFUSED, cause=Failure("id", "a path cannot carry this id: nothing was sent")
            )
        request = removal_request(entry_id)
        judge: AnswerJudge[Answer] = lambda response: judge_removal(response, request, self._refusals)  # noqa: E731
        outcome = self._client.call(request, judge, stop=self._stop_writing)
        return write_answer(outcome, request, self._client.host, is_divisible=False)

    def remove_together(self, keys: Sequence[Key]) -> Removals:
        """Refuse: on this wire a call takes one entry off, by its id."""
        raise AssertionError(f"{len(keys)} removals in one call")

    def read_skills(self, list_ids: frozenset[str]) -> SkillsReading | None:  # noqa: ARG002  (the port's)
        """Give nothing: no call of this wire tells which skills honour a list."""
        return None

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:
        """Refuse: this wire knows no skills."""
        raise AssertionError(f"skill {skill_id} on {list_id}")

    def clock_offset(self) -> ClockOffset | None:
        """Tell how CXone's clock stands to ours; None before the first answer with a `Date`."""
        return self._client.offset.offset()

    def close(self) -> None:
        """Close every connection, and give up what was begun to be read."""
        self._close_read_ahead()
        self._client.close()

    def _read(self, list_ids_by_name: dict[str, str]) -> Live:
        first, read_at = self._read_pass(list_ids_by_name)
        if first.adds_up:
            return first.live(read_at)
        _log.info("cxone.read_again", seen=len(first.ids), totals=sorted(first.totals))
        second, read_at = self._read_pass(list_ids_by_name)
        return second.live(read_at) if second.adds_up else second.union(first, read_at)

    def _read_pass(self, list_ids_by_name: dict[str, str]) -> tuple[ReadPass, str]:
        read_pass, read_at = ReadPass(list_ids_by_name, self.dialect.strength), self._now()
        pages: Iterable[Page] = self._pages(self._stop)
        self.statistics.begin_reading()
        if self._ahead is not None:
            read_at, pages = self._ahead_started_at, self._ahead
        try:
            for current_page in pages:
                read_pass.add(current_page)
                self.statistics.count_rows(len(current_page.ids), current_page.total)
        finally:
            self._close_read_ahead()
        return read_pass, read_at

    def _close_read_ahead(self) -> None:
        """End what was begun to be read, if it is not at its end."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _pages(self, stop: Stop) -> Generator[Page, None, None]:
        """Give every page, in order."""
        fetch = partial(self._page, stop=stop)
        current_page = fetch(1)
        yield current_page
        pages_read = 1
        # Entries that come while we read may need further pages; an empty page says that there are none.
        while (last := -(-current_page.total // PAGE_SIZE)) > pages_read:
            for current_page in fetch_in_order(fetch, range(pages_read + 1, last + 1), self._concurrency):
                yield current_page
                if not current_page.ids:
                    return
            pages_read = last

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat()

    def _page(self, number: int, size: int = PAGE_SIZE, stop: Stop | None = None) -> Page:
        request = page_request(number, size)
        outcome = self._client.call(
            request, lambda response: judge_page(response, request, number, self._refusals), stop=stop
        )
        try:
            return require_value(outcome, request, self._client.host)
        except Stopped:
            raise ReadStopped(where=request.call) from None
        except CxoneUnavailable as error:
            if outcome.is_signed_in:
                raise CxoneUnreadable(error.fact, error.fix, where=error.where) from error
            raise
