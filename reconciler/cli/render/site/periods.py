"""Time cut into days, weeks, months or years: as fine as fits on a page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, count, islice
from typing import TypeVar

_DAY = timedelta(days=1)
_YEAR_MONTHS = 12

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ChartPeriod:
    """Some days, `first` and `last` among them."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Count the days."""
        return (self.last - self.first).days + 1


def split_into_periods(first: date, last: date, *, max_periods: int) -> tuple[ChartPeriod, ...]:
    """Cut the time between two days into at most `max_periods` parts without a gap.

    They are days where these suffice; else weeks from Monday on, months, quarters, years, 2 years, 4 and so
    on. The first and the last part end with the time.
    """
    years = (_months(_YEAR_MONTHS * 2**n) for n in count())
    for parts in chain((_days, _weeks, _months(1), _months(3)), years):
        begins = list(islice(parts(first, last), max_periods + 1))
        if len(begins) <= max_periods:
            return tuple(_clip_periods(begins, first, last))
    raise AssertionError("years get as long as needed")


def group_by_period(
    parts: Iterable[ChartPeriod], items: Iterable[Item], day: Callable[[Item], date]
) -> tuple[tuple[ChartPeriod, tuple[Item, ...]], ...]:
    """Put items into the periods that their days are in, in the order given. Both are sorted by day."""
    parts = tuple(parts)
    items_by_period: list[list[Item]] = [[] for _ in parts]
    index = 0
    for item in sorted(items, key=day):
        while index < len(parts) - 1 and day(item) > parts[index].last:
            index += 1
        if parts:
            items_by_period[index].append(item)
    return tuple(
        (part, tuple(period_items)) for part, period_items in zip(parts, items_by_period, strict=True)
    )


def _clip_periods(begins: Sequence[date], first: date, last: date) -> Iterator[ChartPeriod]:
    for begin, following in zip(begins, [*begins[1:], last + _DAY], strict=True):
        yield ChartPeriod(max(begin, first), min(following - _DAY, last))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _weeks(first: date, last: date) -> Iterator[date]:
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday
        monday += timedelta(weeks=1)


def _months(every: int) -> Callable[[date, date], Iterator[date]]:
    def starts(first: date, last: date) -> Iterator[date]:
        month = first.year * _YEAR_MONTHS + first.month - 1
        month -= month % every
        while month <= last.year * _YEAR_MONTHS + last.month - 1:
            yield date(month // _YEAR_MONTHS, month % _YEAR_MONTHS + 1, 1)
            month += every

    return starts
