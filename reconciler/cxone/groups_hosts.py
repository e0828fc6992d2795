"""The hosts of one tenant of dialect `dnc-groups`: where to sign in, where to ask, and the API itself."""

import threading
import time
from collections.abc import Callable

from requests.auth import AuthBase, HTTPBasicAuth

from reconciler.cxone.transport import Transport
from reconciler.cxone.wire import Request, Response


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
