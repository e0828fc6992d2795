"""Faults: what goes wrong with single requests, and when."""

import threading
from dataclasses import dataclass
from enum import StrEnum

from reconciler.sandbox.entries.agent import Act


class RequestKind(StrEnum):
    """What a request is for."""

    TOKEN = "token"  # noqa: S105  (a kind of request)
    READ = "read"
    BULK = "bulk"
    DELETE = "delete"


class FaultAction(StrEnum):
    """What a fault does to a request, or to the answer to it."""

    SLOW = "slow"  # nothing but its delay, and the acts that come before
    STATUS = "status"  # answer `status`, with `retry_after` if there is one
    CUT = "cut"  # close the connection without an answer
    TORN = "torn"  # close the connection in the middle of the body
    HALF_JSON = "half-json"  # a whole answer, with half of its body
    HTML = "html"  # 200, and a page for people
    TEXT = "text"  # answer `status` with `body`, as `content_type`
    ECHO = "echo"  # answer `status` with all that was sent, credentials too, as error pages do
    ENDLESS = "endless"  # 200, and a body without an end
    RETYPED = "retyped"  # numbers as text, and text of digits as numbers
    UNKNOWN_FIELDS = "unknown-fields"  # every object has fields that the contract does not know
    SHORT_COUNT = "short-count"  # count `by` too few, successes first
    WRONG_TOTAL = "wrong-total"  # a total that is `by` too high
    REDIRECT = "redirect"  # send the client to `location`
    REVOKE = "revoke"  # revoke every token first


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `skip` matching requests pass, then `times` of them meet it (None: until cleared).

    `on` None matches every kind. `stored` says whether the request is carried out all the same, where the
    answer alone is false (STATUS, CUT, HTML, TEXT, ECHO, ENDLESS, REDIRECT); the others always carry it out.
    `delay`, in seconds, comes after carrying out when `stored`, else before. `acts` come before everything.
    `retry_after` is the header as sent: seconds, a date, or what nobody can read.
    """

    action: FaultAction
    on: RequestKind | None = None
    times: int | None = 1
    skip: int = 0
    stored: bool = False
    status: int = 503
    retry_after: str | None = None
    by: int = 1
    location: str = "https://elsewhere.invalid/"
    body: str = ""
    content_type: str = "application/json"
    delay: float = 0.0
    acts: tuple[Act, ...] = ()


@dataclass(slots=True)
class _WaitingFault:
    fault: Fault
    skip: int
    times_left: int | None


class Faults:
    """The faults that wait for their requests.

    Every matching request counts for each fault's `skip`; of those that are due the first one planned is met,
    and the others wait for the next request.
    """

    def __init__(self) -> None:
        self._waiting: list[_WaitingFault] = []
        self._lock = threading.Lock()

    def plan(self, *faults: Fault) -> None:
        """Let faults wait for requests."""
        with self._lock:
            self._waiting += [_WaitingFault(fault, fault.skip, fault.times) for fault in faults]

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting_faults(self) -> tuple[Fault, ...]:
        """The faults that have not been met, or not often enough yet."""
        with self._lock:
            return tuple(waiting.fault for waiting in self._waiting)

    def take(self, kind: RequestKind) -> Fault | None:
        """Find the fault that a request meets, and count it."""
        with self._lock:
            matched: _WaitingFault | None = None
            for waiting in self._waiting:
                if waiting.fault.on not in (None, kind):
                    continue
                if waiting.skip:
                    waiting.skip -= 1
                elif matched is None:
                    matched = waiting
            if matched is None:
                return None
            if matched.times_left is not None:
                matched.times_left -= 1
                if matched.times_left <= 0:
                    self._waiting.remove(matched)
            return matched.fault
