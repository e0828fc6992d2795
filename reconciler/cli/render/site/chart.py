"""Charts as geometry: plain shapes that a template writes as inline SVG.

Shapes lie in a field of WIDTH units, which stretches to the width there is; heights are pixels. So text
keeps its size on a phone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from reconciler.cli.render.site.periods import ChartPeriod

WIDTH = 1000
HEIGHT = 140
_GAP = 0.18  # of a bar's share of the width
_LINES = 4  # across the field, at most
_TICKS = 4  # below it
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 22
_ALMOST_A_MONTH = 28

Numbers = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a series; `title` is what a pointer that rests on it is told."""

    x: str
    y: str
    width: str
    height: str
    series: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A filled shape of a series."""

    path: str
    series: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label: `at` is pixels from the top on the left axis, percent from the left below."""

    at: str
    label: str
    anchor: str = "end"


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a template draws. `says` tells those who do not see it what it shows."""

    says: str
    lines: tuple[Tick, ...]
    ticks: tuple[Tick, ...]
    areas: tuple[Area, ...] = ()
    bars: tuple[Bar, ...] = ()
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each period; None where nothing is told. `mark` names its colour."""

    mark: str
    label: str
    values: Numbers


def stacked_bars(alt_text: str, parts: Sequence[ChartPeriod], series: Sequence[Series]) -> Chart:
    """Stack each period's values as bars."""
    scale = _Scale.of(max((sum(row) for row in _rows(series, len(parts))), default=0))
    bars: list[Bar] = []
    for index, part in enumerate(parts):
        base = 0.0
        for row_series in series:
            value = row_series.values[index] or 0
            if value:
                title = f"{period_name(part)}: {value:,.0f} {row_series.label}"
                bars.append(_bar(parts, index, scale, base, base + value, row_series.mark, title))
                base += value
    return Chart(alt_text, scale.lines, ticks(parts), bars=tuple(bars))


def range_bars(
    alt_text: str, parts: Sequence[ChartPeriod], rows: Sequence[tuple[float, float, float] | None]
) -> Chart:
    """Show for each period where values lie: thin up to the third, wide from the first to the second."""
    scale = _Scale.of(max((row[2] for row in rows if row), default=0))
    bars: list[Bar] = []
    for index, row in enumerate(rows):
        if row is None:
            continue
        low, high, longest = row
        title = (
            f"{period_name(parts[index])}: p50 {low:,.0f} ms, p95 {high:,.0f} ms, longest {longest:,.0f} ms"
        )
        bars.append(_bar(parts, index, scale, high, longest, "longest", title, thin=True))
        least = scale.top * 0.02  # a bar of no height is no bar
        bars.append(_bar(parts, index, scale, low, max(high, low + least), "p95", title))
        bars.append(_bar(parts, index, scale, low, low + least, "p50", title))
    return Chart(alt_text, scale.lines, ticks(parts), bars=tuple(bars))


def stacked_areas(alt_text: str, parts: Sequence[ChartPeriod], series: Sequence[Series]) -> Chart:
    """Stack values as areas; one that is not told is as it was before."""
    filled_series = [
        Series(row_series.mark, row_series.label, carry_forward(row_series.values)) for row_series in series
    ]
    rows = list(_rows(filled_series, len(parts)))
    scale = _Scale.of(max((sum(row) for row in rows), default=0))
    edges = _edges(parts)
    base = [0.0] * len(parts)
    areas: list[Area] = []
    for row_series in filled_series:
        top = [low + (value or 0) for low, value in zip(base, row_series.values, strict=True)]
        if any(row_series.values):
            areas.append(Area(_step_path(edges, top, base, scale), row_series.mark))
        base = top
    return Chart(alt_text, scale.lines, ticks(parts), areas=tuple(areas))


def sparkline(values: Numbers) -> str:
    """Draw a small line, on a scale of its own; empty for what never changes place."""
    known_values = [value for value in carry_forward(values) if value is not None]
    if len(known_values) < 2:  # noqa: PLR2004  (a line has two ends)
        return ""
    low, high = min(known_values), max(known_values)
    reach = (high - low) or 1
    points = [
        (
            index * _SPARK_WIDTH / (len(known_values) - 1),
            _SPARK_HEIGHT - 2 - (value - low) / reach * (_SPARK_HEIGHT - 4),
        )
        for index, value in enumerate(known_values)
    ]
    return "M" + "L".join(f"{_coordinate(x)} {_coordinate(y)}" for x, y in points)


def carry_forward(values: Numbers) -> list[float | None]:
    """Go on with the last value where none is told."""
    last_value: float | None = None
    carried_values: list[float | None] = []
    for value in values:
        last_value = value if value is not None else last_value
        carried_values.append(last_value)
    return carried_values


def period_name(part: ChartPeriod) -> str:
    """Name a period by its days."""
    return part.first.isoformat() if part.days == 1 else f"{part.first} to {part.last}"


@dataclass(frozen=True, slots=True)
class _Scale:
    top: float
    step: float

    @classmethod
    def of(cls, highest: float) -> "_Scale":
        """Choose round lines: at most four of them, the highest above everything."""
        if highest <= 0:
            return cls(1, 1)
        size = 10 ** floor(log10(highest / _LINES)) if highest > _LINES else 1
        step = next(size * multiple for multiple in (1, 2, 5, 10) if size * multiple * _LINES >= highest)
        return cls(-(-highest // step) * step, step)

    def y(self, value: float) -> float:
        return HEIGHT - value / self.top * HEIGHT

    @property
    def lines(self) -> tuple[Tick, ...]:
        count = round(self.top / self.step)
        return tuple(
            Tick(_coordinate(self.y(i * self.step)), _axis_label(i * self.step)) for i in range(count + 1)
        )


def ticks(parts: Sequence[ChartPeriod]) -> tuple[Tick, ...]:
    """Label a few periods, the first and the last among them."""
    if not parts:
        return ()
    if len(parts) <= 2:  # noqa: PLR2004  (the two ends)
        return (Tick("0", _day(parts[0], year=True), "start"),)
    count = min(_TICKS, len(parts))
    tick_indexes = sorted({round(i * (len(parts) - 1) / (count - 1)) for i in range(count)})
    edges = _edges(parts)
    tick_list = []
    for i in tick_indexes:
        anchor = "start" if i == 0 else "end" if i == len(parts) - 1 else "middle"
        place = {"start": 0.0, "end": 100.0}.get(anchor, (edges[i] + edges[i + 1]) / 2 / WIDTH * 100)
        tick_list.append(Tick(_coordinate(place), _day(parts[i], year=i == 0), anchor))
    return tuple(tick_list)


def _day(part: ChartPeriod, *, year: bool) -> str:
    if part.days >= _ALMOST_A_MONTH:
        return f"{part.first:%b %Y}"
    return f"{part.first.day} {part.first:%b %Y}" if year else f"{part.first.day} {part.first:%b}"


def _edges(parts: Sequence[ChartPeriod]) -> list[float]:
    """Give where the periods begin, and the end of the last: as wide as they are long."""
    total = sum(part.days for part in parts) or 1
    edges, days_before = [0.0], 0
    for part in parts:
        days_before += part.days
        edges.append(days_before / total * WIDTH)
    return edges


def _rows(series: Iterable[Series], count: int) -> Iterator[list[float]]:
    series = list(series)
    for index in range(count):
        yield [row_series.values[index] or 0 for row_series in series]


def _bar(  # noqa: PLR0917  (a place, a size and what it is)
    parts: Sequence[ChartPeriod],
    index: int,
    scale: _Scale,
    low: float,
    high: float,
    mark: str,
    title: str,
    *,
    thin: bool = False,
) -> Bar:
    edges = _edges(parts)
    max_width = min(edges[index + 1] - edges[index], WIDTH / 12)  # few periods are no reason for broad bars
    width = max_width * (0.14 if thin else 1 - _GAP)
    x = (edges[index] + edges[index + 1] - width) / 2
    y = scale.y(high)
    return Bar(_coordinate(x), _coordinate(y), _coordinate(width), _coordinate(scale.y(low) - y), mark, title)


def _step_path(edges: Sequence[float], top: Sequence[float], base: Sequence[float], scale: _Scale) -> str:
    """Draw what stands between two lines of steps."""
    forth = "".join(
        f"V{_coordinate(scale.y(value))}H{_coordinate(right)}"
        for value, (_, right) in zip(top, pairwise(edges), strict=True)
    )
    back = "".join(
        f"V{_coordinate(scale.y(value))}H{_coordinate(left)}"
        for value, (left, _) in reversed(list(zip(base, pairwise(edges), strict=True)))
    )
    return f"M0 {_coordinate(scale.y(base[0]))}{forth}{back}Z"


def _coordinate(value: float) -> str:
    """Write a coordinate, no longer than the eye can tell."""
    return f"{value:.1f}".removesuffix(".0")


def _axis_label(value: float) -> str:
    """Write a number on an axis: 1.2M, 40k, 7."""
    for least, size, unit in ((1_000_000, 1_000_000, "M"), (10_000, 1_000, "k")):
        if value >= least:
            return f"{value / size:.1f}".removesuffix(".0") + unit
    return f"{value:,.0f}"
