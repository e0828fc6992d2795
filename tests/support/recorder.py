"""A server on the loopback that somebody would like secrets to be sent to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Recorder(ThreadingHTTPServer):
    """A server that writes down everything that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recording)
        self.told: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Recording(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.told.append(f"{self.path} {self.headers} {body!r}")
        self.send_response(401)
        self.end_headers()

    do_GET = do_CONNECT = do_POST  # noqa: N815  (the library's names)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def recording() -> Iterator[Recorder]:
    """Serve for a while."""
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
