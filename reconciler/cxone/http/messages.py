"""Requests and answers as values. A dialect makes the ones and judges the others; only the client sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from reconciler.core.model.provider import Failure


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `label` is its path as people and logs may see it: without numbers, ids or secrets.

    `base` is its host where that is not the client's own, `setting` the key of dnc.yaml that names the host.
    `basic` are user and password of HTTP Basic.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = field(default=None, repr=False)
    content_type: str = ""
    label: str = ""
    base: str = ""
    setting: str = "baseUrl"
    basic: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def call(self) -> str:
        """Name the call for a message."""
        return f"{self.method} {self.label or self.path}"

    def at(self, host: str) -> str:
        """Name the call and its host, for a message; `host` is the client's own."""
        return f"{self.call} at {urlsplit(self.base).netloc or host}"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole. `headers` are case-insensitive; `body` never holds our token or secret."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class RetryableFailure:
    """What an attempt comes to that is worth another one.

    `is_ambiguous`: CXone may have done it all the same. `is_unreachable`: nothing was ever sent. `date` is
    CXone's clock as its answer had it, by which a `retry_after` that is a date counts.
    """

    cause: Failure
    is_ambiguous: bool = False
    is_throttled: bool = False
    is_unreachable: bool = False
    retry_after: str | None = None
    date: str | None = None


# Statuses that say nothing against the same request a moment later: a time-out and "too early".
_RETRYABLE_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


def parse_retryable(response: Response, message: str) -> RetryableFailure | None:
    """Tell whether an answer is one to try again after: 408, 425, 429 and every 5xx."""
    status, headers = response.status, response.headers
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS
    if not throttled and status not in _RETRYABLE_STATUSES and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return RetryableFailure(
        Failure(str(status), message),
        is_ambiguous=not throttled,
        is_throttled=throttled,
        retry_after=headers.get("Retry-After"),
        date=headers.get("Date"),
    )
