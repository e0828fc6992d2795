"""Deadlines in calendar or business days.

A business day is Monday to Friday. Weekends are skipped, holidays are not: that is the earliest reading, and
so the one that is never late. The day of the request itself is not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_SATURDAY = 5
_WEEK, _WORKWEEK = 7, 5


@dataclass(frozen=True, slots=True)
class Span:
    """A number of days within which something is to be done."""

    days: int
    are_business: bool

    @classmethod
    def of(cls, written: Mapping[str, int]) -> "Span":
        """Read `{"businessDays": n}` or `{"days": n}`."""
        if "businessDays" in written:
            return cls(int(written["businessDays"]), are_business=True)
        return cls(int(written["days"]), are_business=False)

    def after(self, start: date) -> date | None:
        """Give the last day of the span that runs from `start`; None beyond the year 9999."""
        try:
            return (
                _business_days_after(start, self.days) if self.are_business else start + timedelta(self.days)
            )
        except OverflowError:
            return None


def _business_days_after(start: date, count: int) -> date:
    weeks, rest = divmod(count, _WORKWEEK)
    if start.weekday() >= _SATURDAY:  # counting begins on Monday, as from the Friday before
        start -= timedelta(start.weekday() - _SATURDAY + 1)
    day = start + timedelta(weeks * _WEEK + rest)
    over_the_weekend = start.weekday() + rest >= _SATURDAY
    return day + timedelta(2) if over_the_weekend else day
