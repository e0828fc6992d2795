"""Dialect `dnc-groups`: one tenant's connection: its hosts, from the sign-in over discovery to its API."""

import ipaddress
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlsplit

from requests.auth import AuthBase, HTTPBasicAuth

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable, CxoneUnreadable, ReadStopped
from reconciler.core.model.provider import Answer, Failure, Target, Verdict
from reconciler.cxone.groups.calls import Calls, Malformed, parse_content, refusal_reason
from reconciler.cxone.groups.sign_in import GroupsSignIn
from reconciler.cxone.http.client import AnswerJudge, CallOutcome, Client, require_value, write_answer
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.retry import ATTEMPTS, Uniform
from reconciler.cxone.http.stop import Stop, Stopped
from reconciler.cxone.http.transport import Transport


class Hosts:
    """Sends each request to the host that it names. Safe between threads.

    `host` names the host of the sign-in, for messages about requests that name none: there are none.
    """

    def __init__(
        self, home: str, connections: int, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._connections = connections
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._transports: dict[str, Transport] = {}
        self._home = home
        self.host = self._transport(home).host

    def send(self, request: Request, auth: AuthBase | None = None) -> Response:
        """Send, and read the answer. Raises Unreachable, Unusable or Broken."""
        if auth is None and request.basic is not None:
            user, password = request.basic
            auth = HTTPBasicAuth(user.encode(), password.encode())  # text would be sent as Latin-1
        return self._transport(request.base or self._home).send(request, auth)

    def close(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            transport.close()

    def _transport(self, base: str) -> Transport:
        with self._lock:
            if base not in self._transports:
                self._transports[base] = Transport(base, self._connections, monotonic=self._monotonic)
            return self._transports[base]


_PATH = "/.well-known/cxone-configuration"
_SKIP = "write `apiUrl` of this tenant in dnc.yaml, which skips discovery"


def discovery_request(discovery_url: str, tenant_id: str) -> Request:
    """Ask where a tenant's API is. Raises CxoneRefused where the token did not say whose it is."""
    request = Request(
        "GET",
        _PATH,
        query=f"tenantId={quote(tenant_id, safe='')}",
        base=discovery_url,
        setting="discoveryUrl",
    )
    if not tenant_id:
        raise CxoneRefused("the token names no tenant (`tenantId`)", _SKIP, where=request.at(""))
    return request


def judge_discovery(response: Response, request: Request) -> str | RetryableFailure:
    """Give the API's address. Raises CxoneRefused where there is none to be used."""
    reason_text = refusal_reason(response)
    if response.status == HTTPStatus.OK:
        try:
            endpoint = parse_content(response.body).get("api_endpoint")
        except Malformed as fault:
            return RetryableFailure(Failure("unreadable", str(fault)))
        if isinstance(endpoint, str) and is_usable_url(endpoint):
            return endpoint.rstrip("/")
        raise CxoneRefused(
            "discovery names no API that can be used (`api_endpoint`)", _SKIP, where=request.at("")
        )
    if again := parse_retryable(response, reason_text):
        return again
    answer_text = f"{response.status}{': ' if reason_text else ''}{reason_text}"
    raise CxoneRefused(
        f"discovery was answered {answer_text}", f"check `discoveryUrl`; or {_SKIP}", where=request.at("")
    )


def is_usable_url(url: str) -> bool:
    """Tell whether a token may be sent there: https, or loopback, and nothing but host, port and path."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or re.search(r"\s", url) or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


T = TypeVar("T")
_THROTTLES = 3  # as for `entries`: halve the chunk when throttled repeatedly


class GroupsConnection:
    """Signs in and finds the API when it is first needed. Safe between threads."""

    def __init__(  # noqa: PLR0913  (its clocks and its chance are given, so that tests have their own)
        self,
        settings: GroupsSettings,
        *,
        clock: Callable[[], datetime],
        stop: Stop,
        stop_writing: Stop | None,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Uniform = random.uniform,
    ) -> None:
        self._settings = settings
        self._stop = stop
        self._stop_writing = stop_writing
        self._sign_in = GroupsSignIn(settings)
        self._lock = threading.Lock()
        self._calls: Calls | None = None
        self._api = settings.api_url
        self.client = Client(
            Hosts(settings.auth_url, settings.concurrency, monotonic=monotonic),
            self._sign_in,
            requests_per_minute=settings.requests_per_minute,
            burst=settings.concurrency,
            clock=clock,
            stop=stop,
            monotonic=monotonic,
            uniform=uniform,
        )

    @property
    def calls(self) -> Calls:
        """The API's calls. Raises CxoneRefused or CxoneUnavailable where the API cannot be found."""
        with self._lock:
            if self._calls is None:
                self._calls = self._find_calls()
            return self._calls

    @property
    def target(self) -> Target:
        """Which CXone this is: the tenant that the token names, at its API. Raises as `calls` does."""
        _ = self.calls
        organisation = self._settings.organisation or self._sign_in.tenant_id or self._settings.access_key_id
        host = "embedded" if self._settings.embedded else urlsplit(self._api).netloc
        return Target("dnc-groups", organisation, host)

    @property
    def reported_organisation(self) -> str:
        """The tenant that the token names; empty where it names none."""
        return self._sign_in.tenant_id

    def read(self, request: Request, judge: AnswerJudge[T]) -> T:
        """Send a read and give what it brought. Raises CxoneRefused, CxoneUnavailable, Unread."""
        outcome = self.client.call(request, judge)
        try:
            return self._required(outcome, request)
        except CxoneUnavailable as error:
            if outcome.is_signed_in and not outcome.is_stopped:
                raise CxoneUnreadable(error.fact, error.fix, where=error.where) from error
            raise

    def wait(self, seconds: float) -> bool:
        """Wait between two looks; False, and at once, when asked to stop."""
        return not self._stop.wait(seconds)

    def write(self, request: Request, judge: AnswerJudge[Answer], *, divisible: bool) -> Answer:
        """Send a write. Raises CxoneRefused and CxoneUnavailable only where nothing of it was stored.

        Failures that come after an attempt whose answer was lost are doubtful: it may have done it.
        """
        throttles = _THROTTLES if divisible else ATTEMPTS
        outcome = self.client.call(request, judge, throttles=throttles, stop=self._stop_writing)
        answer = write_answer(outcome, request, self.client.host, is_divisible=divisible)
        if outcome.is_ambiguous and answer.failures:
            return replace(answer, verdict=Verdict.AMBIGUOUS, cause=next(iter(answer.failures.values())))
        return answer

    def _find_calls(self) -> Calls:
        """Sign in, and find the API unless its address is given."""
        settings = self._settings
        try:
            self.client.sign_in()
        except Stopped:
            raise _stopped_error(self._sign_in.request) from None
        if not settings.api_url:
            request = discovery_request(settings.discovery_url, self._sign_in.tenant_id)
            outcome = self.client.call_unsigned(request, lambda response: judge_discovery(response, request))
            self._api = self._required(outcome, request)
        setting = "apiUrl" if settings.api_url else "discoveryUrl"
        return Calls(self._api, settings.api_version, setting)

    def _required(self, outcome: CallOutcome[T], request: Request) -> T:
        try:
            return require_value(outcome, request, self.client.host)
        except Stopped:
            raise _stopped_error(request) from None


def _stopped_error(request: Request) -> ReadStopped:
    return ReadStopped(where=request.call)
