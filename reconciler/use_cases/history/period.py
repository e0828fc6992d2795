"""A stretch of days, in UTC, and the reports whose runs were finished in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; None: open on that side."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: object) -> bool:
        return (
            isinstance(day, date)
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
        )

    def days(self, today: date) -> Iterator[date]:
        """Give every day of it that has begun. It must have a first one."""
        day, last = self.first or today, min(self.last or today, today)
        while day <= last:
            yield day
            day += timedelta(days=1)

    def since(self) -> datetime | None:
        """Give the moment that it begins with."""
        return datetime.combine(self.first, time.min, UTC) if self.first else None


def finished_day(stored_report: StoredReport) -> date:
    """Give the day on which a report's run was finished, in UTC."""
    return stored_report.report.finished_at.astimezone(UTC).date()


def reports_since(ledger: Ledger, tenant: str, period: Period) -> list[StoredReport]:
    """Give the reports from the period's first day on, up to the newest, oldest first."""
    reports = ledger.reports(tenant, period.since())
    return [
        stored_report
        for stored_report in reports
        if period.first is None or finished_day(stored_report) >= period.first
    ][::-1]


def reports_within(reports: Iterable[StoredReport], period: Period) -> list[StoredReport]:
    """Keep the reports of the period."""
    return [stored_report for stored_report in reports if finished_day(stored_report) in period]
