"""Requests and answers as values. A dialect makes the ones and judges the others; only the client sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from reconciler.model.provider import Failure


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `label` is its path as people and logs may see it: without numbers, ids or secrets."""

    method: str
    path: str
    query: str = ""
    body: bytes | None = field(default=None, repr=False)
    content_type: str = ""
    label: str = ""

    @property
    def call(self) -> str:
        """Name the call for a message."""
        return f"{self.method} {self.label or self.path}"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole. `headers` are case-insensitive; `body` never holds our token or secret."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Again:
    """What an attempt comes to that is worth another one.

    `ambiguous`: CXone may have done it all the same. `unreachable`: nothing was ever sent.
    """

    why: Failure
    ambiguous: bool = False
    throttled: bool = False
    unreachable: bool = False
    retry_after: str | None = None


# Statuses that say nothing against the same request a moment later: a time-out and "too early".
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


def passing(response: Response, message: str) -> Again | None:
    """Tell whether an answer is one to try again after: 408, 425, 429 and every 5xx."""
    status = response.status
    why = Failure(str(status), message)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Again(why, throttled=True, retry_after=response.headers.get("Retry-After"))
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Again(why, ambiguous=True, retry_after=response.headers.get("Retry-After"))
    return None
