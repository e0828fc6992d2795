"""The access token: in memory, fetched once, renewed once however many notice together."""

import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from reconciler.core.model.errors import DncError

# Renewed a minute before its end, or after nine tenths of a shorter life.
_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and for how many seconds it holds (infinite where CXone does not say)."""

    text: str = field(repr=False)
    seconds: float


def parse_token(body: bytes) -> Token | None:
    """Read the answer of a sign-in; None when it is none.

    `expires_in` may be text. Without a sensible one the token is used until CXone says 401.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    text = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(text, str) or not _PRINTABLE.fullmatch(text):
        return None
    try:
        seconds = float(answer.get("expires_in"))
    except (TypeError, ValueError):
        seconds = math.inf
    return Token(text, seconds if seconds > 0 else math.inf)


class Tokens:
    """Keeps the token of one client. Safe between threads: who needs one while it is fetched waits for it."""

    def __init__(
        self, fetch: Callable[[], Token], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._failure: DncError | None = None
        self._failed_at = 0.0

    def current(self) -> str:
        """Give the token, a new one where there is none or its end is near."""
        requested_at = self._monotonic()
        with self._lock:
            if not self._token or self._monotonic() >= self._renew_at:
                self._renew(requested_at)
            return self._token

    def replace_token(self, failed: str) -> str:
        """Give another token than the one that was refused; who comes second takes what the first fetched."""
        requested_at = self._monotonic()
        with self._lock:
            if self._token == failed:
                self._token = ""
            if not self._token:
                self._renew(requested_at)
            return self._token

    def _renew(self, requested_at: float) -> None:
        """Fetch one, unless that failed while the caller stood in line: nobody tries a dead host in turn."""
        if self._failure is not None and self._failed_at >= requested_at:
            raise self._failure
        began = self._monotonic()  # its life began before its answer came
        try:
            token = self._fetch()
        except DncError as error:
            self._failure, self._failed_at = error, self._monotonic()
            raise
        self._failure = None
        self._token = token.text
        self._renew_at = began + token.seconds - min(_MARGIN_SECONDS, token.seconds * _MARGIN_SHARE)
