"""The only clock: everything below takes its moments as arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LATEST_ZONE = timedelta(hours=14)
_EARLIEST_ZONE = timedelta(hours=12)


def utc_now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Today:
    """Which day it is, where the day ends last (UTC-12) and where it begins first (UTC+14)."""

    as_of: date
    latest: date

    @classmethod
    def at(cls, moment: datetime, as_of: date | None = None) -> "Today":
        """Take the days of a moment, or those of a given date at UTC-12."""
        if as_of is not None:
            return cls(as_of, as_of + timedelta(days=1))
        return cls((moment - _EARLIEST_ZONE).date(), (moment + _LATEST_ZONE).date())


Clock = Callable[[], datetime]

Window = tuple[datetime, datetime]
"""From the first moment to the last."""


def within(window: Window, touched: datetime) -> bool:
    """Tell whether CXone's touch lies in a window. A time that it wrote without a fraction has lost it."""
    began, ended = window
    if not touched.microsecond:
        began = began.replace(microsecond=0)
    elif not touched.microsecond % 1000:
        began = began.replace(microsecond=began.microsecond // 1000 * 1000)
    return began <= touched <= ended


def iso(moment: datetime) -> str:
    """Write a moment as reports and plans have it: UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
