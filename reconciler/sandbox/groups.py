"""One tenant's DNC groups in the built-in CXone: what is stored, and how the API behaves."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from reconciler.sandbox.entry import wire_time
from reconciler.sandbox.groups_quirks import Quirks
from reconciler.sandbox.groups_store import GroupStore

_NATIONAL = re.compile(r"[2-9][0-9]{9}")
_INTERNATIONAL = re.compile(r"1[2-9][0-9]{9}")
_SKILL = "Outbound"


class Groups:
    """The groups of one tenant. `quirks` may be changed at any time."""

    def __init__(self, database: Path | None, clock: Callable[[], datetime]) -> None:
        self.store = GroupStore(database)
        self.quirks = Quirks()
        self._clock = clock

    @property
    def today(self) -> str:
        """The day by which a record is over."""
        return self._clock().astimezone(UTC).date().isoformat()

    @property
    def now(self) -> str:
        """The clock, as a time of the wire."""
        return wire_time(self._clock())

    def make(self, name: str, *, active: bool = True, removed: bool = False) -> int:
        """Make a group, with a scrubbed skill unless the tenant's quirk is that there is none."""
        group = self.store.make(name, self.now, active=active, removed=removed)
        if self.quirks.scrubs:
            self.store.scrub(group, _SKILL)
        return group

    def stored(self, digits: str) -> str:
        """Give the digits as this tenant keeps them."""
        if self.quirks.form == "national" and _INTERNATIONAL.fullmatch(digits):
            return digits[1:]
        if self.quirks.form == "international" and _NATIONAL.fullmatch(digits):
            return f"1{digits}"
        return digits

    def put(self, group: int, digits: str, expired: str | None = None) -> None:
        """Play an agent who adds a number: another record of it, if it is there."""
        self.store.post(group, self.stored(digits), expired, self.now)
