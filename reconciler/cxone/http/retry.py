"""The one retry loop: how often a request is tried, how long is waited, and when trying ends."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

from reconciler.cxone.http.messages import RetryableFailure
from reconciler.cxone.http.stop import Stop, pause

ATTEMPTS = 8
# Nothing listens there, or the name is unknown: that is rarely a matter of minutes.
UNREACHABLE_SECONDS = 20.0
# The longest that one answer can make us wait, whatever its Retry-After says.
LONGEST_WAIT = 60.0
# A Retry-After beyond this is a mistake (CXone's is unreliable by the specification and by public code).
_ABSURD = 600.0
_FIRST_WAIT = 0.5
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")

T = TypeVar("T")
Uniform = Callable[[float, float], float]


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Read a Retry-After (seconds or an HTTP date) as seconds; None when absent, past or absurd."""
    if header is None:
        return None
    text = header.strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        moment = _parse_http_date(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return min(seconds, LONGEST_WAIT) if 0 < seconds <= _ABSURD else None


def _parse_http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None where it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(slots=True)
class AttemptHistory:
    """How one request has gone so far."""

    attempts: int = 0
    is_ambiguous: bool = False
    throttled_in_a_row: int = 0
    unreachable_since: float | None = None

    def add(self, answer: object, began: float) -> None:
        """Take an attempt into account that began at this (monotonic) moment."""
        self.attempts += 1
        again = answer if isinstance(answer, RetryableFailure) else None
        self.is_ambiguous = self.is_ambiguous or (again is not None and again.is_ambiguous)
        self.throttled_in_a_row = self.throttled_in_a_row + 1 if again and again.is_throttled else 0
        if not (again and again.is_unreachable):
            self.unreachable_since = None
        elif self.unreachable_since is None:
            self.unreachable_since = began


class Retry:
    """Repeats an attempt while it answers `Again`. Waits and chance are given, so tests need neither."""

    def __init__(
        self,
        stop: Stop,
        uniform: Uniform,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._uniform = uniform
        self._monotonic = monotonic

    def run(
        self,
        attempt: Callable[[], T | RetryableFailure],
        *,
        history: AttemptHistory,
        max_throttled: int = ATTEMPTS,
        now: Callable[[], datetime],
        note: Callable[[float], None] = lambda _seconds: None,
    ) -> T | RetryableFailure:
        """Try until something else than `Again` comes, or trying ends; then the last `Again`.

        `max_throttled`: so many 429 in a row end it too. `note` is told every wait. Raises Stopped.
        """

        def ended(_state: RetryCallState) -> bool:
            return (
                history.attempts >= ATTEMPTS
                or history.throttled_in_a_row >= max_throttled
                or self._left(history) <= 0
            )

        def wait(state: RetryCallState) -> float:
            again = state.outcome.result() if state.outcome else None
            asked = None
            if isinstance(again, RetryableFailure):
                # A date is one of CXone's clock, which its answer gives with it.
                asked = parse_retry_after(again.retry_after, _parse_http_date(again.date) or now())
            return asked if asked is not None else self._backoff(history)

        def sleep(seconds: float) -> None:
            note(seconds)
            pause(self._stop, seconds)

        def attempt_once() -> T | RetryableFailure:
            began = self._monotonic()
            answer = attempt()
            history.add(answer, began)
            return answer

        return Retrying(
            stop=ended,
            wait=wait,
            sleep=sleep,
            retry=retry_if_result(lambda answer: isinstance(answer, RetryableFailure)),
            retry_error_callback=_last_result,
        )(attempt_once)

    def _left(self, course: AttemptHistory) -> float:
        """Seconds that a host that does not listen is still given."""
        if course.unreachable_since is None:
            return LONGEST_WAIT
        return course.unreachable_since + UNREACHABLE_SECONDS - self._monotonic()

    def _backoff(self, course: AttemptHistory) -> float:
        """Exponential with full jitter: many clients that failed together do not come back together."""
        most = min(LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (course.attempts - 1))
        return max(0.0, min(self._uniform(0.0, most), self._left(course)))


def _last_result(state: RetryCallState) -> Any:  # noqa: ANN401  (tenacity's own type for what an attempt returned)
    return state.outcome.result() if state.outcome else None
