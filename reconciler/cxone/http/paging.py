"""Pages read several at a time and given out in order, also ahead of their use."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

from reconciler.cxone.http.stop import Stop

T = TypeVar("T")


def fetch_in_order(fetch: Callable[[int], T], numbers: Iterable[int], concurrency: int) -> Iterator[T]:
    """Give each number's page in the order of the numbers, fetching some ahead.

    Ends its threads when it is closed or a fetch fails; what fails first, in that order, is raised.
    """
    if concurrency == 1:
        yield from map(fetch, numbers)
        return
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="cxone-read")
    futures: deque[Future[T]] = deque()
    try:
        for number in numbers:
            futures.append(pool.submit(fetch, number))
            if len(futures) >= 2 * concurrency:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_POLL_SECONDS = 0.1  # seconds, between looks at whether it was given up
_CLOSING = 2.0  # seconds that what is under way is waited for


class ReadAhead(Generic[T]):
    """Reads pages in a thread of its own, so many at most before they are taken; whoever iterates takes them.

    What reading raises is raised where the pages are taken. Close it, or take all.
    """

    def __init__(self, pages: Callable[[Stop], Generator[T, None, None]], stop: Stop, most: int) -> None:
        self._closed = Event()
        self._queue: Queue[tuple[T | None, BaseException | None]] = Queue(most)
        self._pages = pages(_EitherStop(stop, self._closed))
        self._thread = Thread(target=self._run, name="cxone-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            page, error = self._queue.get()
            if error is not None:
                raise error
            if page is None:
                return
            yield page

    def close(self) -> None:
        """Give up: nothing more is asked for, and nobody takes what was read."""
        self._closed.set()
        self._thread.join(_CLOSING)

    def _run(self) -> None:
        try:
            for page in self._pages:
                if not self._put(page, None):
                    return
            self._put(None, None)
        except BaseException as error:  # noqa: BLE001  (it is raised where the pages are taken)
            self._put(None, error)
        finally:
            self._pages.close()

    def _put(self, page: T | None, error: BaseException | None) -> bool:
        """Wait until the queue takes a page; tell whether it is still wanted."""
        while not self._closed.is_set():
            try:
                self._queue.put((page, error), timeout=_POLL_SECONDS)
            except Full:
                continue
            return True
        return False


class _EitherStop:
    """A stop that comes with either of two."""

    def __init__(self, first: Stop, second: Stop) -> None:
        self._first = first
        self._second = second

    def is_set(self) -> bool:
        """Tell whether one of them was asked for."""
        return self._first.is_set() or self._second.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as the first does, with a look at the other now and then."""
        remaining = float("inf") if timeout is None else timeout
        while not self._second.is_set() and remaining > 0:
            if self._first.wait(min(_POLL_SECONDS, remaining)):
                return True
            remaining -= _POLL_SECONDS
        return self.is_set()
