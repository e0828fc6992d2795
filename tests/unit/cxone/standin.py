"""A server that answers as it is told, and a time that only waits move."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from reconciler.config.connection_settings import EntriesSettings
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.cxone.http.stop import Stop

SECRET = "s&cret=+value/1"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Time:
    """A stop, a monotonic clock and a wall clock in one; a wait takes no time but moves them."""

    def __init__(self, stop_after: float = float("inf")) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []
        self.stopped = False
        self.stop_after = stop_after
        self._lock = threading.Lock()

    def is_set(self) -> bool:
        return self.stopped

    def wait(self, timeout: float | None = None) -> bool:
        with self._lock:
            self.waits.append(timeout or 0.0)
            self.seconds += timeout or 0.0
            self.stopped = self.stopped or sum(self.waits) > self.stop_after
            return self.stopped

    def monotonic(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1000.0)


@dataclass
class Reply:
    """What the server answers: a cut connection, half a body, or a status with a body, in chunks or not."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    torn: bool = False
    chunked: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class StandIn:
    """The server's script: replies in order, then `otherwise`; tokens are handed out by themselves."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.tokens: list[Seen] = []
        self.peers: set[object] = set()
        self.replies: deque[Reply] = deque()
        self.token_replies: deque[Reply] = deque()
        self.otherwise: Callable[[Seen], Reply] = lambda seen: Reply(500)
        self.date: str | None = None
        self.valid: set[str] | None = None  # None: every token is
        self.lock = threading.Lock()

    def answer(self, seen: Seen) -> Reply:
        with self.lock:
            if seen.path == "/api/v2/oauth/token":
                self.tokens.append(seen)
                if self.token_replies:
                    return self.token_replies.popleft()
                return Reply(200, {"access_token": f"token-{len(self.tokens)}", "expires_in": 3600})
            self.seen.append(seen)
            token = seen.headers.get("authorization", "").removeprefix("Bearer ")
            if self.valid is not None and token not in self.valid:
                return Reply(401, {"error": f"bad token {token}"})
            if self.replies:
                return self.replies.popleft()
        return self.otherwise(seen)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: StandIn

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.script.peers.add(self.client_address)
        length = int(self.headers.get("Content-Length") or 0)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.script.answer(Seen(self.command, parts.path, query, headers, self.rfile.read(length)))
        if reply.cut:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        if self.script.date:
            self.send_header("Date", self.script.date)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status != 204:
            self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        half = len(reply.content) // 2
        if reply.chunked:
            parts = (reply.content[:half], *(() if reply.torn else (reply.content[half:], b"")))
            self.wfile.writelines(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        else:
            self.wfile.write(reply.content[:half] if reply.torn else reply.content)
        self.close_connection = self.close_connection or reply.torn

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  (http.server's names)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serve on loopback."""
    script = StandIn()
    handler = type("Handler", (_Handler,), {"script": script, "disable_nagle_algorithm": True})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings(url: str, **changes: object) -> EntriesSettings:
    """Settings of a quick tenant."""
    told = {
        "base_url": url,
        "client_id": "client-1",
        "client_secret": SECRET,
        "org_id": "acme",
        "requests_per_minute": 1_000_000,
        "concurrency": 4,
    }
    return EntriesSettings(**(told | changes))


@contextmanager
def connected(
    script: StandIn, time: Time | None = None, *, stop_writing: Stop | None = None, **changes: object
) -> Iterator[EntriesProvider]:
    """A provider for the server, in a time of its own."""
    time = time or Time()
    with EntriesProvider(
        settings(script.url, **changes),
        clock=time.clock,
        stop=time,
        stop_writing=stop_writing,
        monotonic=time.monotonic,
        uniform=lambda _least, most: most,
    ) as provider:
        yield provider


def entry(number: int, **changes: object) -> dict[str, object]:
    """One live entry, with a fictional number."""
    told = {
        "id": f"e-{number:06d}",
        "phone": f"+1{200 + number // 100 % 700}55501{number % 100:02d}",
        "reasonCode": "NATIONAL",
        "expirationPolicy": "NEVER",
        "listId": "dnc-1",
        "lastModifiedTime": "2026-11-01T00:00:00Z",
    }
    return told | changes


def pages(entries: list[dict[str, object]]) -> Callable[[Seen], Reply]:
    """Answer reads with pages of these entries."""

    def answer(seen: Seen) -> Reply:
        size, number = int(seen.query["pageSize"]), int(seen.query["page"])
        shown = entries[(number - 1) * size : number * size]
        return Reply(200, {"entity": shown, "page": number, "total": len(entries)})

    return answer
