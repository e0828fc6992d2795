"""One tenant's runs on one time axis, which all charts of a page share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from reconciler.cli.render.site.periods import ChartPeriod, group_by_period, split_into_periods
from reconciler.use_cases.history.run_summary import RunFigures

MAX_PERIODS = 62  # parts: two months of days, a year of weeks, five years of months

_PARTS = ((1, "day"), (7, "week"), (31, "month"), (92, "quarter"), (366, "year"))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Periods without a gap from the first run to the moment of the page, each with its runs."""

    parts: tuple[ChartPeriod, ...]
    runs: tuple[tuple[RunFigures, ...], ...]

    @classmethod
    def of(cls, runs: tuple[RunFigures, ...], made_at: datetime) -> "Timeline":
        """Put runs in their periods."""
        if not runs:
            return cls((), ())
        first_day = min(run.report.day for run in runs)
        last_day = max(made_at.date(), *(run.report.day for run in runs))
        runs_by_period = group_by_period(
            split_into_periods(first_day, last_day, max_periods=MAX_PERIODS), runs, lambda run: run.report.day
        )
        return cls(
            tuple(part for part, _ in runs_by_period), tuple(period_runs for _, period_runs in runs_by_period)
        )

    @property
    def period_unit(self) -> str:
        """Say what one period is."""
        longest = max((part.days for part in self.parts), default=1)
        return next((word for days, word in _PARTS if longest <= days), "period of years")

    def values_by_period(
        self, value_of: Callable[[tuple[RunFigures, ...]], float | None]
    ) -> tuple[float | None, ...]:
        """Give one value for each period; None where there was no run."""
        return tuple(value_of(runs) if runs else None for runs in self.runs)

    def totals_by_period(self, count_of: Callable[[RunFigures], int]) -> tuple[float | None, ...]:
        """Sum up one count of the runs of each period."""
        return self.values_by_period(lambda runs: sum(count_of(run) for run in runs))
