"""One HTTP request out, one whole answer back. No pace, no retry, no token of its own."""

import logging
import socket
import ssl
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from reconciler.config.connection_settings import proxy_exemption
from reconciler.cxone.http.messages import Request, Response

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
# 500 entries are about 100 kB; what is far beyond that is not an answer of this API.
LARGEST_BODY = 16 * 1024 * 1024
_PIECE = 256 * 1024
# Its debug lines show whole paths, and so the ids of entries; ours say the same without.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "dnc-reconciler"}


class Unreachable(Exception):
    """No connection came about: nothing was sent."""


class Unusable(Exception):
    """An address or a certificate that cannot be used: nothing was sent, and trying again does not help."""


class Broken(Exception):
    """The connection broke, timed out or brought too much: what became of the request is unknown."""


class Bearer(AuthBase):
    """Signs a request with a token; an auth object, because a `.netrc` would override a bare header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Unsigned(AuthBase):
    """Leaves a request as it is, and keeps a `.netrc` from signing it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign nothing."""
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002  (requests' hook)
        """See no redirect, ever: a token must not travel to where an answer points."""
        return None


class Transport:
    """A pool of connections to one host. Safe between threads."""

    def __init__(
        self, base_url: str, connections: int, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._base = base_url.rstrip("/")
        self._monotonic = monotonic
        self.host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._session = session = _Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # Proxies and certificates of the environment hold; asking for them once spares every request that.
        environment = session.merge_environment_settings(
            self._base, proxy_exemption(self._base), None, None, None
        )
        session.proxies, session.verify = environment["proxies"], environment["verify"]
        self._lacks_certificates = (
            urlsplit(base_url).scheme == "https"
            and isinstance(session.verify, str)
            and not Path(session.verify).exists()
        )
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def send(self, request: Request, auth: AuthBase | None = None) -> Response:
        """Send, and read the answer. Raises Unreachable, Unusable or Broken."""
        url = f"{self._base}{request.path}" + (f"?{request.query}" if request.query else "")
        headers = _HEADERS | ({"Content-Type": request.content_type} if request.content_type else {})
        prepared_request = requests.Request(
            request.method, url, headers, data=request.body, auth=auth or Unsigned()
        )
        if self._lacks_certificates:
            raise Unusable("the certificates that this machine's settings name are not there")
        try:
            # Prepared without the session: nothing of it belongs into a request, and merging takes its time.
            with self._session.send(
                prepared_request.prepare(),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Response(response.status_code, response.headers, self._body(response))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _describe_error(error) from error

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _body(self, answer: requests.Response) -> bytes:
        """Read the body in pieces as they come, so that neither a flood nor a trickle holds us."""
        until = self._monotonic() + READ_SECONDS
        pieces: list[bytes] = []
        size = 0
        while piece := answer.raw.read1(_PIECE, decode_content=True):
            size += len(piece)
            if size > LARGEST_BODY:
                raise Broken("the answer is larger than any answer of this API")
            if self._monotonic() > until:
                raise Broken("the answer took too long to arrive")
            pieces.append(piece)
        return b"".join(pieces)


# What an error's chain shows, most telling first. A refused proxy is no refused host, so it comes before.
_SIGNS: tuple[tuple[tuple[type[BaseException], ...], Exception], ...] = (
    ((ssl.SSLCertVerificationError,), Unusable("the host's certificate cannot be verified")),
    (
        (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema),
        Unusable("the address of the host, or of the proxy, is no address"),
    ),
    ((exceptions.ProxyError,), Unreachable("the proxy does not let us through")),
    ((NameResolutionError, socket.gaierror), Unreachable("the host's name cannot be resolved")),
    ((exceptions.ConnectTimeout,), Unreachable(f"no connection within {CONNECT_SECONDS:g} s")),
    ((NewConnectionError, ConnectionRefusedError), Unreachable("connection refused")),
    ((exceptions.Timeout, TimeoutError), Broken(f"no answer within {READ_SECONDS:g} s")),
)


def _describe_error(error: Exception) -> Exception:
    """Say what happened without the library's text: it holds addresses, and may hold a proxy's password."""
    chain = _error_chain(error)
    for signs, known_error in _SIGNS:
        if any(isinstance(link, signs) for link in chain):
            return type(known_error)(*known_error.args)
    return Broken("the connection was cut")


def _error_chain(error: BaseException) -> list[BaseException]:
    """List an error and everything below it: causes, contexts, `reason` and what libraries wrap in args."""
    causes: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        link = todo.pop()
        if isinstance(link, BaseException) and not any(link is cause for cause in causes):
            causes.append(link)
            todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return causes
