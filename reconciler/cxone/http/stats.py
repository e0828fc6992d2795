"""What the wire cost: requests, retries, latencies."""

import threading
from array import array


class Statistics:
    """Counters of one client. Every attempt counts as a request, sign-in too. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.retries = 0
        self.throttled = 0
        self.sign_ins = 0
        self.waited_seconds = 0.0
        self.latencies_ms = array("f")
        self.reading = (0, 0)

    def count_request(self, latency_ms: float, *, throttled: bool) -> None:
        """Count one request that was sent, answered or not."""
        with self._lock:
            self.requests += 1
            self.throttled += throttled
            self.latencies_ms.append(latency_ms)

    def begin_reading(self) -> None:
        """Begin to count the rows of a read anew."""
        self.reading = (0, 0)

    def count_rows(self, rows: int, expected: int) -> None:
        """Count rows that were read, of so many as CXone says that there are; 0: it does not say."""
        with self._lock:
            self.reading = (self.reading[0] + rows, expected)

    def count_retry(self, seconds: float) -> None:
        """Count one retry and the wait before it."""
        with self._lock:
            self.retries += 1
            self.waited_seconds += seconds

    def count_sign_in(self) -> None:
        """Count one token."""
        with self._lock:
            self.sign_ins += 1
