"""The pace: a place for every request, so that a tenant's allowance is used but never passed."""

import math
import threading
import time
from collections.abc import Callable
from typing import cast

from pyrate_limiter import AbstractBucket, Decision, InMemoryBucket, Rate, RateItem, StateBucket

from reconciler.core.model.provider import PACE_PERCENT
from reconciler.cxone.http.stop import Stop, Stopped, pause

# pyrate-limiter counts in whole units of whatever clock it is given; milliseconds are too coarse from
# 10,000 requests a minute on, so it is given microseconds.
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
# A thread that sleeps wakes up to some milliseconds late. What it sleeps over may be made up for.
_LATE = 0.030
# The minute that is counted is a second longer than CXone's, so that requests that travel at different
# speeds do not meet in one minute of its clock. At 98% this costs nothing.
_COUNTED = 61 * _SECOND


class RateLimiter:
    """Hands out places: evenly spaced, a burst at first, never more than the allowance in any minute.

    The spacing is a leaky bucket. Where the burst is more than the 2% that the spacing leaves free (100
    requests a minute and a burst of 4, say), a log of the last minute stands behind it and keeps the promise
    exactly; above that the leaky bucket keeps it alone, so a high rate costs neither memory nor time.
    """

    def __init__(
        self,
        requests_per_minute: int,
        burst: int,
        stop: Stop,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._monotonic = monotonic
        self._queue_lock = threading.Lock()
        unspaced = requests_per_minute * (100 - PACE_PERCENT) // 100
        late = math.floor(requests_per_minute / 60 * _LATE)
        spacing_rate = Rate(
            requests_per_minute * PACE_PERCENT, 100 * _MINUTE, burst=max(burst, min(late, unspaced), 1)
        )
        self._buckets: list[AbstractBucket] = [StateBucket([spacing_rate])]
        if spacing_rate.burst > unspaced:
            self._buckets.append(InMemoryBucket([Rate(requests_per_minute, _COUNTED)]))

    def take(self, stop: Stop | None = None) -> float:
        """Wait for a place and take it; tell how many seconds that took. Raises Stopped.

        `stop` takes the place of the client's own where a call has one.

        One caller at a time waits for the next place, the others wait for their turn: nobody polls.
        """
        began, stop = self._monotonic(), stop or self._stop
        with self._queue_lock:
            for bucket in self._buckets:
                self._enter(bucket, stop)
            if stop.is_set():
                raise Stopped
        return self._monotonic() - began

    def _enter(self, bucket: AbstractBucket, stop: Stop) -> None:
        while True:
            now = int(self._monotonic() * _SECOND)
            bucket.leak(now)
            decision = cast("Decision", bucket.put_decision(RateItem("request", now)))
            if decision.allowed:
                return
            pause(stop, (decision.retry_after_ms or 1) / _SECOND)
