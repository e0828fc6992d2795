"""One tenant's runs on one time axis, which all charts of a page share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reconciler.cli.render.site.periods import Period, periods, sorted_into
from reconciler.use_cases.history.run_summary import RunFigures

MOST = 62  # parts: two months of days, a year of weeks, five years of months

_PARTS = ((1, "day"), (7, "week"), (31, "month"), (92, "quarter"), (366, "year"))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods without a gap from the first run to the moment of the page, each with its runs."""

    parts: tuple[Period, ...]
    runs: tuple[tuple[RunFigures, ...], ...]

    @classmethod
    def of(cls, runs: tuple[RunFigures, ...], made_at: datetime) -> "Timeline":
        """Put runs in their periods."""
        if not runs:
            return cls((), ())
        first = min(run.report.day for run in runs)
        last = max(made_at.date(), *(run.report.day for run in runs))
        found = sorted_into(periods(first, last, most=MOST), runs, lambda run: run.report.day)
        return cls(tuple(part for part, _ in found), tuple(some for _, some in found))

    @property
    def word(self) -> str:
        """Say what one period is."""
        longest = max((part.days for part in self.parts), default=1)
        return next((word for days, word in _PARTS if longest <= days), "period of years")

    def each(self, told: Callable[[tuple[RunFigures, ...]], float | None]) -> tuple[float | None, ...]:
        """Give one value for each period; None where there was no run."""
        return tuple(told(runs) if runs else None for runs in self.runs)

    def total(self, told: Callable[[RunFigures], int]) -> tuple[float | None, ...]:
        """Sum up one count of the runs of each period."""
        return self.each(lambda runs: sum(told(run) for run in runs))
