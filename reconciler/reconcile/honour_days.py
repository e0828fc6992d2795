"""How long requests took until they were live, over many reports. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from reconciler.audit.report import StoredReport
from reconciler.reconcile.period import Period, day_of


@dataclass(frozen=True, slots=True)
class HonourDays:
    """Requests that went live, counted by the days that they took. `untold` reports say no counts."""

    took: Mapping[int, int]
    untold: int = 0

    @property
    def requests(self) -> int:
        """Count them."""
        return sum(self.took.values())

    def percentile(self, share: float) -> int | None:
        """Give the nearest-rank percentile in days; None of no requests."""
        days = sorted(Counter(self.took).elements())
        return days[max(1, ceil(share * len(days))) - 1] if days else None


def honour_days(reports: Iterable[StoredReport]) -> HonourDays:
    """Add up what reports say."""
    took: Counter[int] = Counter()
    untold = 0
    for stored in reports:
        told = stored.report.get("requests", {})
        if "took" not in told and told.get("days", {}).get("max") is not None:
            untold += 1
        took.update({int(days): count for days, count in told.get("took", {}).items()})
    return HonourDays(took, untold)


def received(reports: Iterable[StoredReport], period: Period) -> int:
    """Count the requests that were made on the period's days, and went live then or later."""
    return sum(
        count
        for stored in reports
        for days, count in stored.report.get("requests", {}).get("took", {}).items()
        if day_of(stored) - timedelta(days=int(days)) in period
    )
