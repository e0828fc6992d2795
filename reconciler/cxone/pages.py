"""Reading pages: several at a time, given out in order, no more of them in memory than it takes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_order(fetch: Callable[[int], T], numbers: Iterable[int], at_once: int) -> Iterator[T]:
    """Give each number's page in the order of the numbers, fetching some ahead.

    Ends its threads when it is closed or a fetch fails; what fails first, in that order, is raised.
    """
    if at_once == 1:
        yield from map(fetch, numbers)
        return
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="cxone-read")
    ahead: deque[Future[T]] = deque()
    try:
        for number in numbers:
            ahead.append(pool.submit(fetch, number))
            if len(ahead) >= 2 * at_once:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
