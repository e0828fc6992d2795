"""A tenant of dialect `dnc-groups` for tests: the provider, and the sandbox that it talks to over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Write
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.sandbox.groups.behaviour import Quirks
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import Client
from tests.unit.cxone.standin import SECRET, Time

LIST = "dnc-1"
KEY = "key-1"
APP, APP_SECRET = "app@vendor", "a&pp=secret/ü"
NEVER = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)


def until(end: date, code: ReasonCode = ReasonCode.CUSTOMER_REQUESTED) -> Terms:
    return Terms(code, Policy.ABSOLUTE, end=end)


def number(n: int) -> str:
    """A fictional number, E.164."""
    return f"+1{200 + n // 100}55501{n % 100:02d}"


def national(n: int) -> str:
    return number(n)[2:]


def writes(*numbers: int, terms: Terms = NEVER, list_id: str = LIST) -> list[Write]:
    return [Write(list_id, number(n), terms) for n in numbers]


@dataclass
class World:
    """Both ends. `group` is the id of the list's group."""

    sandbox: Sandbox
    url: str
    provider: GroupsProvider
    time: Time
    group: int

    @property
    def quirks(self) -> Quirks:
        return self.sandbox.groups.quirks

    def put(self, *numbers: int, expired: str | None = None) -> None:
        """Add numbers as an agent does, in the national form."""
        for n in numbers:
            self.sandbox.groups.add_number(self.group, national(n), expired)

    def read(self) -> Live:
        return self.provider.read(frozenset({LIST}))

    def stored(self) -> dict[str, list[str | None]]:
        """What the sandbox holds: the expiries of each number's records."""
        found: dict[str, list[str | None]] = {}
        for record in self.sandbox.groups.store.records(self.group, 0, 1_000_000)[0]:
            found.setdefault(record.phone, []).append(record.expired)
        return found

    def asked(self, *, ending: str = "") -> list[LoggedRequest]:
        return [asked for asked in self.sandbox.requests.list_requests() if asked.path.endswith(ending)]


def settings(url: str, **changes: object) -> GroupsSettings:
    told = {
        "access_key_id": KEY,
        "access_key_secret": SECRET,
        "auth_url": url,
        "discovery_url": url,
        "requests_per_minute": 1_000_000,
    }
    return GroupsSettings(**(told | changes))


@contextmanager
def world(time: Time | None = None, **changes: object) -> Iterator[World]:
    """Make a tenant with one group, named like the list."""
    time = time or Time()
    clients = {KEY: Client(SECRET), APP: Client(APP_SECRET)}
    with (
        Sandbox(None, clock=time.clock, settings=Settings(clients=clients)) as sandbox,
        sandbox.serve() as url,
        GroupsProvider(
            settings(url, **changes),
            clock=time.clock,
            stop=time,
            monotonic=time.monotonic,
            uniform=lambda _least, most: most,
        ) as provider,
    ):
        yield World(sandbox, url, provider, time, sandbox.groups.make(LIST))
