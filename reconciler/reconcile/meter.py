"""What one command measured as it went, for its metrics: counts and times, never a number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.cxone.statistics import Statistics


@dataclass
class Measured:
    """What is known of one tenant; None and empty where the command did not come so far.

    `waiting` counts requests that are open: their target day has come, and they are not live. `late` of them
    are past their last day. `verified_at` is when a run last saw CXone as it left it.
    """

    entries: Mapping[str, int] = field(default_factory=dict)
    drift: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    waiting: int | None = None
    late: int | None = None
    blocked: int | None = None
    not_live: int | None = None
    conflicts: int | None = None
    verified_at: datetime | None = None
    status: str = ""


@dataclass
class Meter:
    """Filled as a command goes, so that it says of one that fails what was known by then."""

    tenants: dict[str, Measured] = field(default_factory=dict)
    wire: Statistics | None = None

    def of(self, tenant: str) -> Measured:
        """Give what is measured of a tenant, from nothing at first."""
        return self.tenants.setdefault(tenant, Measured())
