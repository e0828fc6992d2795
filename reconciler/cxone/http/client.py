"""The client: one request in, its last answer out; signed in, paced, retried, counted and logged."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

import structlog
from requests.auth import AuthBase

from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable, DncError
from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.cxone.http.clock_offset import OffsetWatch
from reconciler.cxone.http.messages import Request, Response, RetryableFailure
from reconciler.cxone.http.pace import RateLimiter
from reconciler.cxone.http.retry import ATTEMPTS, AttemptHistory, Retry, Uniform
from reconciler.cxone.http.secrets import SecretFilter
from reconciler.cxone.http.stats import Statistics
from reconciler.cxone.http.stop import Stop, Stopped
from reconciler.cxone.http.token import Token, Tokens
from reconciler.cxone.http.transport import Bearer, Broken, Unreachable, Unusable

T = TypeVar("T")
AnswerJudge = Callable[[Response], T | RetryableFailure]
"""What an answer comes to, or that it takes another attempt. Pure; raises CxoneRefused, CxoneUnavailable."""

_log = structlog.get_logger()


class Sender(Protocol):
    """Sends one request and brings its whole answer: `Transport`, or several of them."""

    @property
    def host(self) -> str:
        """The host of requests that name none."""
        ...

    def send(self, request: Request, auth: AuthBase | None = None) -> Response:
        """Send, and read the answer. Raises Unreachable, Unusable or Broken."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class SignIn(Protocol):
    """How a tenant signs in: a pure matter of its dialect."""

    @property
    def request(self) -> Request:
        """The request for a token."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, should an answer repeat it."""
        ...

    def judge(self, response: Response) -> Token | RetryableFailure:
        """Read the answer; raises CxoneRefused where credentials are wrong."""
        ...


@dataclass(frozen=True, slots=True)
class CallOutcome(Generic[T]):
    """What became of one request after its retries: a value, or why there is none.

    `is_ambiguous`: some attempt may have been carried out without our seeing its answer. `started` and
    `ended` are our clock; `latency_ms` is of the last attempt. `is_signed_in`: it had a token to go with.
    """

    started: datetime
    ended: datetime
    course: AttemptHistory
    latency_ms: float
    value: T | None = None
    again: RetryableFailure | None = None
    error: DncError | None = None
    is_stopped: bool = False
    is_signed_in: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether CXone may have done it without our knowing."""
        return self.course.is_ambiguous


class Client:
    """One tenant's client. Safe between threads. Nothing is sent once `stop` is set."""

    def __init__(  # noqa: PLR0913  (its clocks and its chance are given, so that tests have their own)
        self,
        transport: Sender,
        sign_in: SignIn,
        *,
        requests_per_minute: int,
        burst: int,
        clock: Callable[[], datetime],
        stop: Stop,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Uniform = random.uniform,
    ) -> None:
        self.statistics = Statistics()
        self.offset = OffsetWatch()
        self.host = transport.host
        self._transport = transport
        self._sign_in = sign_in
        self._clock = clock
        self._stop = stop
        self._monotonic = monotonic
        self._rate_limiter = RateLimiter(requests_per_minute, burst, stop, monotonic=monotonic)
        self._uniform = uniform
        self._tokens = Tokens(self._fetch_token, monotonic=monotonic)
        self._secret_filter = SecretFilter(sign_in.secrets)

    def call(
        self, request: Request, judge: AnswerJudge[T], *, throttles: int = ATTEMPTS, stop: Stop | None = None
    ) -> CallOutcome[T]:
        """Send until the answer is one to keep, or trying ends; never raises what CXone or the wire did.

        `throttles`: end after so many 429 in a row, for a caller that can ask for less. `stop` takes the
        place of the client's own for this call.
        """
        return self._run(request, judge, self._send_signed, throttles, stop or self._stop)

    def call_unsigned(self, request: Request, judge: AnswerJudge[T]) -> CallOutcome[T]:
        """Send as `call` does, without a token: for what is asked before, or beside, the tenant's own API."""
        return self._run(request, judge, self._send_paced, ATTEMPTS, self._stop)

    def sign_in(self) -> None:
        """Fetch a token, unless there is one. Raises CxoneRefused, CxoneUnavailable or Stopped."""
        self._tokens.current()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _run(
        self,
        request: Request,
        judge: AnswerJudge[T],
        send: "Callable[[Request, _LastAttempt], Response]",
        max_throttled: int,
        stop: Stop,
    ) -> CallOutcome[T]:
        started, course, last = self._clock(), AttemptHistory(), _LastAttempt(stop)
        value: T | RetryableFailure | None = None
        error: DncError | None = None
        is_stopped = False

        def attempt() -> T | RetryableFailure:
            last.attempt += 1
            try:
                return judge(send(request, last))
            except Unreachable as reason:
                return RetryableFailure(Failure("unreachable", str(reason)), is_unreachable=True)
            except Broken as reason:
                return RetryableFailure(Failure("broken", str(reason)), is_ambiguous=True)
            except Unusable as reason:
                raise CxoneUnavailable(
                    str(reason),
                    f"check `{request.setting}`, and REQUESTS_CA_BUNDLE and the proxy variables of this "
                    "machine",
                    where=request.at(self.host),
                ) from reason

        def note(seconds: float) -> None:
            self.statistics.count_retry(seconds)
            _log.debug("cxone.wait", call=request.call, attempt=last.attempt, seconds=round(seconds, 3))

        try:
            retry = Retry(stop, self._uniform, monotonic=self._monotonic)
            value = retry.run(
                attempt, history=course, max_throttled=max_throttled, now=self._clock, note=note
            )
        except Stopped:
            is_stopped = True
        except (CxoneRefused, CxoneUnavailable) as raised:
            error = raised
        again = value if isinstance(value, RetryableFailure) else None
        return CallOutcome(
            started,
            self._clock(),
            course,
            last.latency_ms,
            value=None if isinstance(value, RetryableFailure) else value,
            again=again,
            error=error,
            is_stopped=is_stopped,
            is_signed_in=last.is_signed_in,
        )

    def _send_signed(self, request: Request, last: "_LastAttempt") -> Response:
        """Send with the token; on a 401 renew it and repeat the request once."""
        last.is_signed_in = False
        token = self._tokens.current()
        last.is_signed_in = True
        response = self._send_paced(request, last, Bearer(token))
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        last.is_signed_in = False
        token = self._tokens.replace_token(token)
        last.is_signed_in = True
        return self._send_paced(request, last, Bearer(token))

    def _send_paced(self, request: Request, last: "_LastAttempt", auth: AuthBase | None = None) -> Response:
        """Take a place and send, whatever comes of it."""
        waited = self._rate_limiter.take(last.stop)
        began, sent, status = self._monotonic(), self._clock(), 0
        try:
            response = self._transport.send(request, auth)
            status = response.status
        finally:
            last.latency_ms = (self._monotonic() - began) * 1000
            self.statistics.count_request(last.latency_ms, throttled=status == HTTPStatus.TOO_MANY_REQUESTS)
            _log.debug(
                "cxone.request",
                method=request.method,
                path=request.label or request.path,
                status=status,
                attempt=last.attempt,
                paced_seconds=round(waited, 3),
                latency_ms=round(last.latency_ms, 1),
            )
        self.offset.add(response.headers.get("Date"), sent, self._clock())
        # A sign-in that succeeded brings a token. A page is long, and nothing of it is quoted if it is JSON.
        is_json_page = request.method == "GET" and response.body.startswith(b"{")
        if response.status == HTTPStatus.OK and (auth is None or is_json_page):
            return response
        return Response(response.status, response.headers, self._secret_filter.scrub(response.body))

    def _fetch_token(self) -> Token:
        """Sign in. Raises CxoneRefused, CxoneUnavailable or Stopped."""
        request = self._sign_in.request
        # Asked for anew at each attempt: a dialect may have a second way to sign in.
        outcome = self._run(
            request,
            self._sign_in.judge,
            lambda _, last: self._send_paced(self._sign_in.request, last),
            ATTEMPTS,
            self._stop,
        )
        token = require_value(outcome, request, self.host)
        self._secret_filter.learn(token.text)
        self.statistics.count_sign_in()
        return token


@dataclass(slots=True)
class _LastAttempt:
    """The last attempt of one request, and whether it had a token to go with."""

    stop: Stop
    attempt: int = 0
    latency_ms: float = 0.0
    is_signed_in: bool = False


def require_value(outcome: CallOutcome[T], request: Request, host: str) -> T:
    """Give the value, or raise what stands in its place: CxoneRefused, CxoneUnavailable or Stopped."""
    if outcome.error is not None:
        raise outcome.error
    if outcome.is_stopped:
        raise Stopped
    if outcome.again is not None:
        raise unavailable_error(outcome.again, outcome.course, request, host)
    return outcome.value  # type: ignore[return-value]  # a judge never returns None


def unavailable_error(
    again: RetryableFailure, course: AttemptHistory, request: Request, host: str
) -> CxoneUnavailable:
    """Say that trying ended, and what was seen last."""
    tries = "once" if course.attempts == 1 else f"{course.attempts} times"
    last_seen = f"{again.cause.code}: {again.cause.message}" if again.cause.message else again.cause.code
    if again.is_unreachable:
        fix = f"check `{request.setting}` and the network (proxy, firewall, DNS), then run it again"
    elif again.is_throttled:
        fix = "lower `requestsPerMinute` for this tenant, or see what else uses its allowance"
    else:
        fix = "see whether CXone has an incident, then run it again: it continues from there"
    return CxoneUnavailable(f"tried {tries}, seen last: {last_seen}", fix, where=request.at(host))


def write_answer(outcome: CallOutcome[Answer], request: Request, host: str, *, is_divisible: bool) -> Answer:
    """Say what became of a write. Raises CxoneUnavailable and CxoneRefused only where nothing was stored.

    `is_divisible`: the caller can ask for less at once, so throttling without end is a matter of size.
    """
    answer = outcome.value or _answer_without_value(outcome, request, host, is_divisible=is_divisible)
    if answer.verdict in {Verdict.REFUSED, Verdict.NOT_SENT} and outcome.is_ambiguous:
        answer = replace(answer, verdict=Verdict.AMBIGUOUS)
    return replace(
        answer,
        attempts=outcome.course.attempts,
        latency_ms=outcome.latency_ms,
        started=outcome.started,
        ended=outcome.ended,
        in_doubt=outcome.is_ambiguous,
    )


def _answer_without_value(
    outcome: CallOutcome[Answer], request: Request, host: str, *, is_divisible: bool
) -> Answer:
    """Say what became of a write that brought no answer to keep."""
    error, again = outcome.error, outcome.again
    if outcome.is_stopped:
        return Answer(Verdict.NOT_SENT, cause=Failure("stopped", "asked to stop"))
    if error is None and again is not None:
        if again.is_throttled and is_divisible:
            return Answer(Verdict.TOO_LARGE, cause=again.cause)
        if again.is_throttled:
            return Answer(Verdict.REFUSED, cause=again.cause)
        error = unavailable_error(again, outcome.course, request, host)
    if outcome.is_ambiguous:
        cause = again.cause if again else Failure(getattr(error, "rule", ""), str(getattr(error, "fact", "")))
        return Answer(Verdict.AMBIGUOUS, cause=cause)
    if error is None:
        raise AssertionError("an outcome has a value, an error, another attempt or a stop")
    raise error
