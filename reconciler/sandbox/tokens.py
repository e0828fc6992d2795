"""Who may call the sandbox: registered clients, and the tokens they hold."""

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

READ = "dnc:entries:read"
WRITE = "dnc:entries:write"
RULES = "dnc:rules:read"


class Client(NamedTuple):
    """A registered client. `organisation` None is the sandbox's own; with another, every call is a 403."""

    secret: str
    scopes: frozenset[str] = frozenset({READ, WRITE, RULES})
    organisation: str | None = None


class Access(Enum):
    """What a token is good for, for one call."""

    GRANTED = auto()
    NO_TOKEN = auto()
    NO_SCOPE = auto()
    OTHER_ORGANISATION = auto()


class _Token(NamedTuple):
    client: Client
    expires: datetime


class Tokens:
    """The tokens issued by one server, with their ends on the sandbox's clock. Safe between threads."""

    def __init__(
        self,
        clients: Mapping[str, Client],
        *,
        organisation: str,
        lifetime: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._clients = clients
        self._organisation = organisation
        self._lifetime = lifetime
        self._clock = clock
        self._issued: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def issue(self, client_id: str, secret: str) -> str | None:
        """Sign a client in; None when id or secret is wrong."""
        client = self._clients.get(client_id)
        expected = client.secret if client else ""
        # Compared as bytes, since text must be ASCII there.
        is_right = hmac.compare_digest(expected.encode(), secret.encode())
        if client is None or not is_right:
            return None
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._issued = {text: issued for text, issued in self._issued.items() if issued.expires > now}
            self._issued[token] = _Token(client, now + self._lifetime)
        return token

    def access(self, token: str, scope: str) -> Access:
        """Judge one call by its token: known and not expired, of this organisation, and with the scope."""
        with self._lock:
            issued = self._issued.get(token)
        if issued is None or issued.expires <= self._clock():
            return Access.NO_TOKEN
        if issued.client.organisation not in (None, self._organisation):
            return Access.OTHER_ORGANISATION
        return Access.GRANTED if scope in issued.client.scopes else Access.NO_SCOPE

    def revoke(self) -> None:
        """Revoke every token issued so far."""
        with self._lock:
            self._issued.clear()
