"""Dialect `dnc-groups`: one tenant's connection, from the sign-in over discovery to its API."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from reconciler.cxone.answering import answered
from reconciler.cxone.client import Client, Judge, Outcome, required
from reconciler.cxone.groups_calls import Calls
from reconciler.cxone.groups_discovery import discovery, judge_discovery
from reconciler.cxone.groups_hosts import Hosts
from reconciler.cxone.groups_settings import GroupsSettings
from reconciler.cxone.groups_sign_in import GroupsSignIn
from reconciler.cxone.retry import ATTEMPTS, Uniform
from reconciler.cxone.stop import Stop, Stopped
from reconciler.cxone.wire import Request
from reconciler.model.errors import CxoneUnavailable, Unread
from reconciler.model.provider import Answer, Target, Verdict

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
                self._calls = self._found()
            return self._calls

    @property
    def target(self) -> Target:
        """Which CXone this is: the tenant that the token names, at its API. Raises as `calls` does."""
        _ = self.calls
        who = self._settings.organisation or self._sign_in.tenant_id or self._settings.access_key_id
        host = "embedded" if self._settings.embedded else urlsplit(self._api).netloc
        return Target("dnc-groups", who, host)

    @property
    def told_organisation(self) -> str:
        """The tenant that the token names; empty where it names none."""
        return self._sign_in.tenant_id

    def ask(self, request: Request, judge: Judge[T]) -> T:
        """Send a read and give what it brought. Raises CxoneRefused, CxoneUnavailable, Unread."""
        outcome = self.client.call(request, judge)
        try:
            return self._kept(outcome, request)
        except CxoneUnavailable as error:
            if outcome.signed_in and not outcome.stopped:
                raise Unread(error.fact, error.way_out, where=error.where) from error
            raise

    def write(self, request: Request, judge: Judge[Answer], *, divisible: bool) -> Answer:
        """Send a write. Raises CxoneRefused and CxoneUnavailable only where nothing of it was stored.

        Failures that come after an attempt whose answer was lost are doubtful: it may have done it.
        """
        throttles = _THROTTLES if divisible else ATTEMPTS
        outcome = self.client.call(request, judge, throttles=throttles, stop=self._stop_writing)
        answer = answered(outcome, request, self.client.host, divisible=divisible)
        if outcome.ambiguous and answer.failures:
            return replace(answer, verdict=Verdict.AMBIGUOUS, why=next(iter(answer.failures.values())))
        return answer

    def _found(self) -> Calls:
        """Sign in, and find the API unless its address is given."""
        settings = self._settings
        try:
            self.client.sign_in()
        except Stopped:
            raise _stopped(self._sign_in.request) from None
        if not settings.api_url:
            request = discovery(settings.discovery_url, self._sign_in.tenant_id)
            outcome = self.client.ask(request, lambda response: judge_discovery(response, request))
            self._api = self._kept(outcome, request)
        setting = "apiUrl" if settings.api_url else "discoveryUrl"
        return Calls(self._api, settings.api_version, setting)

    def _kept(self, outcome: Outcome[T], request: Request) -> T:
        try:
            return required(outcome, request, self.client.host)
        except Stopped:
            raise _stopped(request) from None


def _stopped(request: Request) -> CxoneUnavailable:
    return CxoneUnavailable("asked to stop before everything was read", "run it again", where=request.call)
