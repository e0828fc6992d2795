"""Periods of years, months, weeks and days, deadlines in calendar or business days, and when each ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import isodate

from reconciler.core.model.finding import format_count

# No time part and no fractions: a term is made of whole days. `[0-9]`, as in `model.phone`.
_PERIOD = re.compile(r"P(?=[0-9])(?:[0-9]{1,7}Y)?(?:[0-9]{1,7}M)?(?:[0-9]{1,7}W)?(?:[0-9]{1,7}D)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """An ISO 8601 duration in whole days: years and months of the calendar, then days."""

    years: int
    months: int
    days: int

    def __str__(self) -> str:
        parts = ((self.years, "year"), (self.months, "month"), (self.days, "day"))
        return " and ".join(format_count(number, noun) for number, noun in parts if number) or "no time"

    def after(self, start: date) -> date | None:
        """Give the day on which the period that starts on `start` ends; None beyond the year 9999.

        A day that a month has not rolls forward to the first of the next: 2024-02-29 and five years is
        2029-03-01, so that a term is never shorter than it says.
        """
        months = start.month - 1 + self.months
        year, month = start.year + self.years + months // 12, months % 12 + 1
        try:
            return _day_or_next_first(year, month, start.day) + timedelta(days=self.days)
        except (ValueError, OverflowError):
            return None


def _day_or_next_first(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month + 1, 1)  # December has 31 days, so there is a next month


def parse_period(text: object) -> Period | None:
    """Read `P5Y`, `P1Y6M`, `P2W`, `P90D`; None for anything else."""
    if not isinstance(text, str) or _PERIOD.fullmatch(text) is None:
        return None
    duration = isodate.parse_duration(text)
    if isinstance(duration, timedelta):
        return Period(0, 0, duration.days)
    return Period(int(duration.years), int(duration.months), duration.tdelta.days)


def parse_date(text: object) -> date | None:
    """Read a date that exists, as `YYYY-MM-DD`; None for anything else."""
    if not isinstance(text, str) or _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
