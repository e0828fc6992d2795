"""A stand-in for GitLab's API: real HTTP on the loopback, one project, notes and merge requests that keep."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-stand-in"
PROJECT = "42"
BOT = 7
PIPELINE = 900
_NOTES = re.compile(rf"/api/v4/projects/{PROJECT}/merge_requests/(\d+)/notes(?:/(\d+))?")
_COMMIT = re.compile(rf"/api/v4/projects/{PROJECT}/repository/commits/(\w+)/merge_requests")
_STARTED = re.compile(rf"/api/v4/projects/{PROJECT}/pipelines/(\d+)")
_REQUEST = re.compile(rf"/api/v4/projects/{PROJECT}/merge_requests/(\d+)(/\w+)?")

Answer = tuple[int, Any]


@dataclass
class GitLabApi:
    """What the server knows. Tests write to it, and read what was asked."""

    url: str = ""
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    page_size: int = 100
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    # Statuses that the next requests get instead of an answer; 0 lets one pass.
    faults: deque[int] = field(default_factory=deque)
    # Called with method and path before a request is served: for what others do in between.
    before: Callable[[str, str], object] = lambda _method, _path: None
    merge_request: dict[str, Any] = field(default_factory=dict)
    # Which merge requests brought a commit; those who approved; the versions, newest first.
    brought: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    approvals: dict[str, Any] = field(default_factory=lambda: {"approved_by": []})
    versions: list[dict[str, Any]] = field(default_factory=list)
    knows_me: bool = True
    protected: list[dict[str, Any]] = field(default_factory=list)
    # The commits of the merge request; who started each pipeline; the keys that sign id_tokens.
    commits: list[dict[str, Any]] = field(default_factory=list)
    starters: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Pushes, newest first, as `push` makes them; the paths (of the project) that answer another status.
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    lock: threading.RLock = field(default_factory=threading.RLock)

    def approve(self, user: int, login: str, when: str, *, name: str = "") -> None:
        """Let somebody approve the merge request."""
        self.approvals["approved_by"].append({"user": {"id": user, "username": login, "name": name}})
        number = self.add("approved this merge request", user)
        self.notes[number] |= {"system": True, "created_at": when}

    def push(self, user: int, when: str, *, branch: str = "work", action: str = "pushed") -> None:
        """Let somebody push to a branch; the first push of it has the action `created` (read, not run)."""
        data = {"action": action, "ref_type": "branch", "ref": branch, "commit_count": 1}
        event = {"action_name": "pushed to", "author_id": user, "created_at": when, "push_data": data}
        self.events.insert(0, event)

    def add(self, body: str, author: int = BOT) -> int:
        """Write a note, as somebody."""
        number = max(self.notes, default=100) + 1
        self.notes[number] = {"id": number, "body": body, "author": {"id": author}, "system": False}
        return number

    @property
    def bodies(self) -> list[str]:
        return [note["body"] for note in self.notes.values()]

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]

    def environ(self, **more: str) -> dict[str, str]:
        """Give a merge request pipeline's variables."""
        return {
            "CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": PROJECT,
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_PIPELINE_ID": str(PIPELINE),
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "GITLAB_TOKEN": TOKEN,
            **more,
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        self.asked.append((method, path, body))
        refused = self.refused.get(path.removeprefix(f"/api/v4/projects/{PROJECT}"), 0)
        if status := (self.faults.popleft() if self.faults else refused):
            return status, {"message": "a fault by appointment"}
        if path == "/api/v4/user":
            return (200, {"id": BOT}) if self.knows_me else (403, {})
        if found := _NOTES.fullmatch(path):
            return self._notes(method, int(found[2] or 0), query, body)
        if found := _REQUEST.fullmatch(path):
            return self._merging(method, found[2] or "", body)
        if path == f"/api/v4/projects/{PROJECT}/protected_branches":
            return 200, self.protected
        return self._approving(path)

    def _approving(self, path: str) -> Answer:
        if found := _COMMIT.fullmatch(path):
            return 200, self.brought.get(found[1], [])
        if path == f"/api/v4/projects/{PROJECT}/events":
            return 200, self.events
        if found := _STARTED.fullmatch(path):
            return 200, {"user": self.starters.get(found[1])}
        return 404, {"message": "404 Not found"}

    def _notes(self, method: str, number: int, query: dict[str, list[str]], body: Any) -> Answer:
        if method == "GET":
            page, size = int(query["page"][0]), min(self.page_size, int(query["per_page"][0]))
            every = sorted(self.notes.values(), key=lambda note: note["id"])
            return 200, every[(page - 1) * size : page * size]
        if method == "POST":
            return 201, self.notes[self.add(body["body"])]
        if number not in self.notes:
            return 404, {"message": "404 Not found"}
        if self.notes[number]["author"]["id"] != BOT:
            return 403, {"message": "403 Forbidden"}
        if method == "DELETE":
            return 204, self.notes.pop(number) and None
        self.notes[number]["body"] = body["body"]
        return 200, self.notes[number]

    def _merging(self, method: str, what: str, body: Any) -> Answer:
        request = self.merge_request
        if what in {"/approvals", "/versions", "/commits"}:
            return 200, getattr(self, what[1:])
        if method == "PUT" and what == "/merge":
            if request.get("draft"):
                return 405, {"message": "405 Method Not Allowed"}
            if body["sha"] != request["sha"]:
                return 409, {"message": "SHA does not match HEAD of source branch"}
            request["merge_when_pipeline_succeeds"] = True
        elif method == "POST" and what == "/cancel_merge_when_pipeline_succeeds":
            request["merge_when_pipeline_succeeds"] = False
        elif (method, what) != ("GET", ""):
            return 404, {}
        return 200, request


def _handler(api: GitLabApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # a connection that a client leaves open must not hold the end of a test

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            api.before(self.command, parts.path)
            if parts.path == "/oauth/discovery/keys":  # anybody's
                status, said = (500, {}) if api.faults and api.faults.popleft() else (200, api.keys)
            elif self.headers.get("PRIVATE-TOKEN") != TOKEN:
                status, said = 401, {"message": "401 Unauthorized"}
            else:
                with api.lock:
                    query = parse_qs(parts.query)
                    status, said = api.answer(self.command, parts.path, query, body)
            self._send(status, said, parse_qs(parts.query))

        def _send(self, status: int, said: Any, query: dict[str, list[str]]) -> None:
            data = b"" if status == 204 else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if isinstance(said, list):
                page = int(query.get("page", ["1"])[0])
                more = page * api.page_size < len(api.notes)
                self.send_header("x-next-page", str(page + 1) if more else "")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  (the base class's names)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[GitLabApi]:
    """Serve an empty project."""
    api = GitLabApi()
    api.merge_request = {
        "iid": 3,
        "sha": "",
        "draft": False,
        "merge_when_pipeline_succeeds": False,
        "head_pipeline": {"id": PIPELINE, "status": "running"},
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    server.daemon_threads = False
    api.url = f"http://127.0.0.1:{server.server_port}/api/v4"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
