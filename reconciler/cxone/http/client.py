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
from reconciler.cxone.http.messages import Again, Request, Response
from reconciler.cxone.http.pace import Pace
from reconciler.cxone.http.retry import ATTEMPTS, Course, Retry, Uniform
from reconciler.cxone.http.secrets import Hidden
from reconciler.cxone.http.stats import Statistics
from reconciler.cxone.http.stop import Stop, Stopped
from reconciler.cxone.http.token import Token, Tokens
from reconciler.cxone.http.transport import Bearer, Broken, Unreachable, Unusable

T = TypeVar("T")
Judge = Callable[[Response], T | Again]
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

    def judge(self, response: Response) -> Token | Again:
        """Read the answer; raises CxoneRefused where credentials are wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one request after its retries: a value, or why there is none.

    `ambiguous`: some attempt may have been carried out without our seeing its answer. `started` and `ended`
    are our clock; `latency_ms` is of the last attempt. `signed_in`: it had a token to go with.
    """

    started: datetime
    ended: datetime
    course: Course
    latency_ms: float
    value: T | None = None
    again: Again | None = None
    error: DncError | None = None
    stopped: bool = False
    signed_in: bool = False

    @property
    def ambiguous(self) -> bool:
        """Tell whether CXone may have done it without our knowing."""
        return self.course.ambiguous


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
        self._pace = Pace(requests_per_minute, burst, stop, monotonic=monotonic)
        self._uniform = uniform
        self._tokens = Tokens(self._fetch, monotonic=monotonic)
        self._hidden = Hidden(sign_in.secrets)

    def call(
        self, request: Request, judge: Judge[T], *, throttles: int = ATTEMPTS, stop: Stop | None = None
    ) -> Outcome[T]:
        """Send until the answer is one to keep, or trying ends; never raises what CXone or the wire did.

        `throttles`: end after so many 429 in a row, for a caller that can ask for less. `stop` takes the
        place of the client's own for this call.
        """
        return self._run(request, judge, self._signed, throttles, stop or self._stop)

    def ask(self, request: Request, judge: Judge[T]) -> Outcome[T]:
        """Send as `call` does, without a token: for what is asked before, or beside, the tenant's own API."""
        return self._run(request, judge, self._exchange, ATTEMPTS, self._stop)

    def sign_in(self) -> None:
        """Fetch a token, unless there is one. Raises CxoneRefused, CxoneUnavailable or Stopped."""
        self._tokens.current()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _run(
        self,
        request: Request,
        judge: Judge[T],
        send: "Callable[[Request, _Last], Response]",
        throttles: int,
        stop: Stop,
    ) -> Outcome[T]:
        started, course, last = self._clock(), Course(), _Last(stop)
        value: T | Again | None = None
        error: DncError | None = None
        stopped = False

        def attempt() -> T | Again:
            last.attempt += 1
            try:
                return judge(send(request, last))
            except Unreachable as reason:
                return Again(Failure("unreachable", str(reason)), unreachable=True)
            except Broken as reason:
                return Again(Failure("broken", str(reason)), ambiguous=True)
            except Unusable as reason:
                raise CxoneUnavailable(
                    str(reason),
                    f"check `{request.setting}`, and REQUESTS_CA_BUNDLE and the proxy variables of this "
                    "machine",
                    where=request.at(self.host),
                ) from reason

        def note(seconds: float) -> None:
            self.statistics.waited(seconds)
            _log.debug("cxone.wait", call=request.call, attempt=last.attempt, seconds=round(seconds, 3))

        try:
            retry = Retry(stop, self._uniform, monotonic=self._monotonic)
            value = retry.run(attempt, course=course, throttles=throttles, now=self._clock, note=note)
        except Stopped:
            stopped = True
        except (CxoneRefused, CxoneUnavailable) as met:
            error = met
        again = value if isinstance(value, Again) else None
        return Outcome(
            started,
            self._clock(),
            course,
            last.latency_ms,
            value=None if isinstance(value, Again) else value,
            again=again,
            error=error,
            stopped=stopped,
            signed_in=last.signed_in,
        )

    def _signed(self, request: Request, last: "_Last") -> Response:
        """Send with the token; on a 401 renew it and repeat the request once."""
        last.signed_in = False
        token = self._tokens.current()
        last.signed_in = True
        response = self._exchange(request, last, Bearer(token))
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        last.signed_in = False
        token = self._tokens.instead_of(token)
        last.signed_in = True
        return self._exchange(request, last, Bearer(token))

    def _exchange(self, request: Request, last: "_Last", auth: AuthBase | None = None) -> Response:
        """Take a place and send, whatever comes of it."""
        waited = self._pace.take(last.stop)
        began, sent, status = self._monotonic(), self._clock(), 0
        try:
            response = self._transport.send(request, auth)
            status = response.status
        finally:
            last.latency_ms = (self._monotonic() - began) * 1000
            self.statistics.sent(last.latency_ms, throttled=status == HTTPStatus.TOO_MANY_REQUESTS)
            _log.debug(
                "cxone.request",
                method=request.method,
                path=request.label or request.path,
                status=status,
                attempt=last.attempt,
                paced_seconds=round(waited, 3),
                latency_ms=round(last.latency_ms, 1),
            )
        self.offset.see(response.headers.get("Date"), sent, self._clock())
        # A sign-in that succeeded brings a token. A page is long, and nothing of it is quoted if it is JSON.
        page = request.method == "GET" and response.body.startswith(b"{")
        if response.status == HTTPStatus.OK and (auth is None or page):
            return response
        return Response(response.status, response.headers, self._hidden.scrub(response.body))

    def _fetch(self) -> Token:
        """Sign in. Raises CxoneRefused, CxoneUnavailable or Stopped."""
        request = self._sign_in.request
        # Asked for anew at each attempt: a dialect may have a second way to sign in.
        outcome = self._run(
            request,
            self._sign_in.judge,
            lambda _, last: self._exchange(self._sign_in.request, last),
            ATTEMPTS,
            self._stop,
        )
        token = required(outcome, request, self.host)
        self._hidden.learn(token.text)
        self.statistics.signed_in()
        return token


@dataclass(slots=True)
class _Last:
    """The last attempt of one request, and whether it had a token to go with."""

    stop: Stop
    attempt: int = 0
    latency_ms: float = 0.0
    signed_in: bool = False


def required(outcome: Outcome[T], request: Request, host: str) -> T:
    """Give the value, or raise what stands in its place: CxoneRefused, CxoneUnavailable or Stopped."""
    if outcome.error is not None:
        raise outcome.error
    if outcome.stopped:
        raise Stopped
    if outcome.again is not None:
        raise unavailable(outcome.again, outcome.course, request, host)
    return outcome.value  # type: ignore[return-value]  # a judge never returns None


def unavailable(again: Again, course: Course, request: Request, host: str) -> CxoneUnavailable:
    """Say that trying ended, and what was seen last."""
    tries = "once" if course.attempts == 1 else f"{course.attempts} times"
    seen = f"{again.why.code}: {again.why.message}" if again.why.message else again.why.code
    if again.unreachable:
        way_out = f"check `{request.setting}` and the network (proxy, firewall, DNS), then run it again"
    elif again.throttled:
        way_out = "lower `requestsPerMinute` for this tenant, or see what else uses its allowance"
    else:
        way_out = "see whether CXone has an incident, then run it again: it goes on from where things stand"
    return CxoneUnavailable(f"tried {tries}, seen last: {seen}", way_out, where=request.at(host))


def answered(outcome: Outcome[Answer], request: Request, host: str, *, divisible: bool) -> Answer:
    """Say what became of a write. Raises CxoneUnavailable and CxoneRefused only where nothing was stored.

    `divisible`: the caller can ask for less at once, so throttling without end is a matter of size.
    """
    found = outcome.value or _without_value(outcome, request, host, divisible=divisible)
    if found.verdict in {Verdict.REFUSED, Verdict.NOT_SENT} and outcome.ambiguous:
        found = replace(found, verdict=Verdict.AMBIGUOUS)
    return replace(
        found,
        attempts=outcome.course.attempts,
        latency_ms=outcome.latency_ms,
        started=outcome.started,
        ended=outcome.ended,
        in_doubt=outcome.ambiguous,
    )


def _without_value(outcome: Outcome[Answer], request: Request, host: str, *, divisible: bool) -> Answer:
    """Say what became of a write that brought no answer to keep."""
    error, again = outcome.error, outcome.again
    if outcome.stopped:
        return Answer(Verdict.NOT_SENT, why=Failure("stopped", "asked to stop"))
    if error is None and again is not None:
        if again.throttled and divisible:
            return Answer(Verdict.TOO_LARGE, why=again.why)
        if again.throttled:
            return Answer(Verdict.REFUSED, why=again.why)
        error = unavailable(again, outcome.course, request, host)
    if outcome.ambiguous:
        why = again.why if again else Failure(getattr(error, "rule", ""), str(getattr(error, "fact", "")))
        return Answer(Verdict.AMBIGUOUS, why=why)
    if error is None:
        raise AssertionError("an outcome has a value, an error, another attempt or a stop")
    raise error
