"""A GitOps repository whose tenant speaks dialect `dnc-groups`, and a CXone of its own on the loopback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from reconciler.core.model.live import Live
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.sandbox.groups.behaviour import Quirks
from reconciler.sandbox.groups.store import Record
from tests.support.lists import CONFIGURATION, LIST
from tests.support.project import SECRET, Project, making

KEY = "dnc-tests"


class GroupsProject(Project):
    """A clone. `live` and `agent` are of the tenant's groups, which are named like the lists."""

    TEMPLATE: ClassVar[dict[str, Any]] = {
        **CONFIGURATION,
        "tenants": {
            "production": {
                "dialect": "dnc-groups",
                "accessKeyId": "${CXONE_ACCESS_KEY_ID}",
                "accessKeySecret": "${CXONE_ACCESS_KEY_SECRET}",
                "authUrl": "${CXONE_URL}",
                "discoveryUrl": "${CXONE_URL}",
                "requestsPerMinute": 1_000_000,
                "removal": "expire",
            },
            "toy": {"dialect": "dnc-groups", "embedded": True},
        },
    }

    @property
    def quirks(self) -> Quirks:
        return self.sandbox.groups.quirks

    def group(self, name: str = LIST, **settings: Any) -> int:
        """Make a group."""
        return self.sandbox.groups.make(name, **settings)

    def records(self, list_id: str = LIST) -> list[Record]:
        """Everything that the groups of a name hold, over or not."""
        store = self.sandbox.groups.store
        ids = [group for group, name in store.names().items() if name == list_id]
        return [record for group in ids for record in store.records(group, 0, -1)[0]]

    def live(self, list_id: str = LIST) -> dict[str, str]:
        """What is in force in CXone: number to `expiredDate`, empty where there is none."""
        today = self.clock().astimezone(UTC).date().isoformat()
        return {_e164(r.phone): r.expired or "" for r in self.records(list_id) if not r.is_expired(today)}

    def acts(self, deed: str, phone: str, *, expired: str | None = None, list_id: str = LIST) -> None:
        """Let somebody act in CXone: `add` or `expire` a number."""
        groups = self.sandbox.groups
        group = next(i for i, name in groups.store.names().items() if name == list_id)
        if deed == "add":
            groups.add_number(group, phone[2:], expired)
        else:
            assert groups.store.expire(group, groups.to_stored_form(phone[2:]), groups.today, groups.now)

    def sent(self, method: str = "POST") -> int:
        """Count the requests that wrote records."""
        return sum(
            a.method == method and a.path.endswith("/records") for a in self.sandbox.requests.list_requests()
        )

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "CXONE_URL": self.url,
            "CXONE_ACCESS_KEY_ID": KEY,
            "CXONE_ACCESS_KEY_SECRET": SECRET,
            **self.environ,
        }

    def _patches(self, environ: dict[str, str], arguments: tuple[str, ...]) -> Iterator[Any]:
        yield from super()._patches(environ, arguments)
        hooked = partial(_Hooked, on_read=self.on_read)
        yield patch("reconciler.cxone.groups.provider.GroupsProvider", hooked)
        yield patch("reconciler.cxone.groups.removals.LOOKS_AFTER", (0.0, 0.0, 0.0))


class _Hooked(GroupsProvider):
    """The real provider, without waits between attempts, and with something that happens before a read."""

    def __init__(self, *arguments: Any, on_read: dict[int, Callable[[], object]], **more: Any) -> None:
        super().__init__(*arguments, uniform=lambda low, _: low, **more)
        self._on_read = on_read
        self._reads = 0

    def read(self, list_ids: frozenset[str]) -> Live:
        self._reads += 1
        self._on_read.get(self._reads, lambda: None)()
        return super().read(list_ids)


@contextmanager
def grouped(folder: Path, *, group: bool = True, **settings: Any) -> Iterator[GroupsProject]:
    """Make a repository and a CXone with one group, named like the list."""
    with making(folder, kind=GroupsProject, **settings) as made:
        if group:
            made.group()
        yield made


def on(day: date | str, hour: int = 12) -> datetime:
    """Give a moment of a day."""
    return datetime.fromisoformat(str(day)).replace(hour=hour, tzinfo=UTC)


def _e164(digits: str) -> str:
    return f"+{digits}" if digits.startswith("1") else f"+1{digits}"
