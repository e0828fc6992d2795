"""A CXone for tests: the sandbox, served on the loopback, with a clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import READ, WRITE, Client

ORGANISATION = "acme"
CLIENT_ID = "dnc-tests"
# Everything that a form must encode.
CLIENT_SECRET = "s&c=r+t/% ü"

CLIENTS = {
    CLIENT_ID: Client(CLIENT_SECRET),
    "reader": Client("r", frozenset({READ})),
    "writer": Client("w", frozenset({WRITE})),
    "stranger": Client("s", organisation="another"),
}

START = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved. `seconds` is the same clock, for the rate limit."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return (self.moment - START).total_seconds()

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Running:
    """A sandbox that is being served. `call` asks its API, signed in."""

    sandbox: Sandbox
    url: str
    clock: Clock
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self, client_id=CLIENT_ID, secret=CLIENT_SECRET) -> str:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = self.session.post(f"{self.url}/api/v2/oauth/token", data=form, timeout=5)
        answer.raise_for_status()
        token = answer.json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token

    def call(self, method, path, **options) -> requests.Response:
        options.setdefault("timeout", 5)
        options.setdefault("allow_redirects", False)
        return self.session.request(method, f"{self.url}{path}", **options)

    def read(self, page=1, size=500) -> requests.Response:
        return self.call("GET", "/api/v2/dnc/entries", params={"pageSize": size, "page": page})

    def bulk(self, entries) -> requests.Response:
        return self.call("POST", "/api/v2/dnc/entries/bulk", json=entries)

    def delete(self, entry_id) -> requests.Response:
        return self.call("DELETE", f"/api/v2/dnc/entries/{entry_id}")


@contextmanager
def running(database: Path | None = None, **settings) -> Iterator[Running]:
    """Serve a sandbox; `settings` are the fields of `Settings`."""
    clock = Clock()
    made = Settings(**{"clients": CLIENTS, "organisation": ORGANISATION, "control": True, **settings})
    with (
        Sandbox(database, clock=clock, settings=made, monotonic=clock.seconds) as sandbox,
        sandbox.serve() as url,
        requests.Session() as session,
    ):
        # A proxy or a .netrc of whoever runs the tests is none of theirs.
        session.trust_env = False
        yield Running(sandbox, url, clock, session)


@pytest.fixture
def sandbox() -> Iterator[Running]:
    """A new, empty CXone, signed in with every scope, and its requests not counted so far."""
    with running() as server:
        server.sign_in()
        server.sandbox.requests.clear()
        yield server


def phone(number: int) -> str:
    """Make one of the numbers that the numbering plan keeps for fiction: 800 area codes, 100 each."""
    return f"+1{200 + number // 100}55501{number % 100:02}"


def entry(number: int = 0, **fields: str) -> Entry:
    """Make an entry of the store."""
    made = Entry(phone(number), "CUSTOMER_REQUESTED", "NEVER", "dnc-list-01")
    return made._replace(**fields)


def sent(number: int = 0, **fields: str) -> dict[str, str]:
    """Make an entry as the wire takes it."""
    return {
        "phone": phone(number),
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "NEVER",
        "listId": "dnc-list-01",
        "source": "tests",
        **fields,
    }
