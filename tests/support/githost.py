"""A git server on the loopback that wants a token: git's own smart HTTP, behind Basic authentication."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Host:
    """What was asked, and by whom. `elsewhere` sends everybody to another host."""

    root: Path
    token: str
    url: str = ""
    elsewhere: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Authorization

    @property
    def expected(self) -> str:
        return "Basic " + base64.b64encode(f"oauth2:{self.token}".encode()).decode()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, host: Host, *arguments: object) -> None:
        self._host = host
        super().__init__(*arguments)

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(body)

    def _serve(self, body: bytes) -> None:
        given = self.headers.get("Authorization", "")
        self._host.asked.append((self.path, given))
        if self._host.elsewhere:
            self._say("302 Found", {"Location": self._host.elsewhere + self.path}, b"")
        elif given != self._host.expected:
            self._say("401 Unauthorized", {"WWW-Authenticate": 'Basic realm="git"'}, b"")
        else:
            self._say(*self._backend(body))

    def _backend(self, body: bytes) -> tuple[str, dict[str, str], bytes]:
        parts = urlsplit(self.path)
        done = subprocess.run(
            ["git", "http-backend"],
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self._host.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": "bot",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "CONTENT_LENGTH": str(len(body)),
            },
            input=body,
            capture_output=True,
            check=True,
        )
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return fields.pop("Status", "200 OK"), fields, rest

    def _say(self, status: str, fields: dict[str, str], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def hosting(root: Path, token: str) -> Iterator[Host]:
    """Serve the bare repositories below a folder to whoever has the token."""
    host = Host(root, token)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, host)) as server:
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
