"""One tenant of the built-in CXone: its settings, its rate limit, and the state that its requests share."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from reconciler.sandbox.entries.entry import Conduct, format_time
from reconciler.sandbox.entries.store import Store
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.groups.behaviour import Groups
from reconciler.sandbox.request_log import RequestLog
from reconciler.sandbox.tokens import Client, Tokens

_MINUTE = 60.0


class SlidingMinute:
    """At most `limit` requests in any 60 seconds; a request that is refused does not count.

    Customer-supplied specification: "typically 100-200 requests per minute per tenant depending on tier".
    Whether CXone's minute slides is unknown; a sliding one is the strictest. `monotonic` is in seconds.
    """

    def __init__(self, limit: int | None, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._request_times: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> int | None:
        """Take a place: None when there is one, otherwise the seconds until there is."""
        if self._limit is None:
            return None
        with self._lock:
            now = self._monotonic()
            while self._request_times and self._request_times[0] <= now - _MINUTE:
                self._request_times.popleft()
            if len(self._request_times) >= self._limit:
                return max(1, math.ceil(self._request_times[0] + _MINUTE - now))
            self._request_times.append(now)
            return None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tenant is like from its start.

    `clients` are by client id. `requests_per_minute` None is no limit; `retry_after` says whether a 429 of
    that limit names the seconds. `token_seconds` is how long a token lasts (typically 3600 by the
    specification). `largest_body` is in bytes, before a 413. `latency` is added to every answer, in seconds.
    `control` opens `/_sandbox/`, where anybody who reaches the port can change everything.
    """

    clients: Mapping[str, Client] = field(default_factory=dict)
    organisation: str = "sandbox"
    requests_per_minute: int | None = None
    retry_after: bool = True
    token_seconds: int = 3600
    largest_body: int = 1_048_576
    latency: float = 0.0
    control: bool = False


class Tenant:
    """State and behaviour of one tenant, with no server around it.

    `clock` is CXone's clock (aware of its zone): tokens, `Date` and `lastModifiedTime` go by it.
    `monotonic`, in seconds, is what the minute of the rate limit is measured with.
    Raises InvalidInput when the database cannot be used.
    """

    def __init__(
        self,
        database: Path | None,
        *,
        clock: Callable[[], datetime],
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self.settings = settings
        self.clock = clock
        self.monotonic = monotonic
        self.store = Store(database)
        self.tokens = Tokens(
            settings.clients,
            organisation=settings.organisation,
            lifetime=timedelta(seconds=settings.token_seconds),
            clock=clock,
        )
        self.rate = SlidingMinute(settings.requests_per_minute, monotonic)
        self.faults = Faults()
        self.conduct = Conduct()
        self.requests = RequestLog()

    @cached_property
    def groups(self) -> Groups:
        """The DNC groups of dialect `dnc-groups`, opened when first asked for."""
        return Groups(self._database, self.clock)

    def close(self) -> None:
        """Close the database."""
        self.store.close()
        if "groups" in vars(self):
            self.groups.store.close()

    def now(self) -> str:
        """Read the clock, as a time of the wire."""
        return format_time(self.clock())
