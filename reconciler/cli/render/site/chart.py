"""Charts as geometry: plain shapes that a template writes as inline SVG.

Shapes lie in a field of WIDTH units, which stretches to the width there is; heights are pixels. So text
keeps its size on a phone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from reconciler.cli.render.site.periods import Period

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


def stacked(says: str, parts: Sequence[Period], series: Sequence[Series]) -> Chart:
    """Stack each period's values as bars."""
    scale = _Scale.of(max((sum(row) for row in _rows(series, len(parts))), default=0))
    bars: list[Bar] = []
    for at, part in enumerate(parts):
        base = 0.0
        for one in series:
            value = one.values[at] or 0
            if value:
                title = f"{span(part)}: {value:,.0f} {one.label}"
                bars.append(_bar(parts, at, scale, base, base + value, one.mark, title))
                base += value
    return Chart(says, scale.lines, ticks(parts), bars=tuple(bars))


def ranges(says: str, parts: Sequence[Period], rows: Sequence[tuple[float, float, float] | None]) -> Chart:
    """Show for each period where values lie: thin up to the third, wide from the first to the second."""
    scale = _Scale.of(max((row[2] for row in rows if row), default=0))
    bars: list[Bar] = []
    for at, row in enumerate(rows):
        if row is None:
            continue
        low, high, longest = row
        title = f"{span(parts[at])}: p50 {low:,.0f} ms, p95 {high:,.0f} ms, longest {longest:,.0f} ms"
        bars.append(_bar(parts, at, scale, high, longest, "longest", title, thin=True))
        least = scale.top * 0.02  # a bar of no height is no bar
        bars.append(_bar(parts, at, scale, low, max(high, low + least), "p95", title))
        bars.append(_bar(parts, at, scale, low, low + least, "p50", title))
    return Chart(says, scale.lines, ticks(parts), bars=tuple(bars))


def layers(says: str, parts: Sequence[Period], series: Sequence[Series]) -> Chart:
    """Stack values as areas; one that is not told is as it was before."""
    full = [Series(one.mark, one.label, carried(one.values)) for one in series]
    rows = list(_rows(full, len(parts)))
    scale = _Scale.of(max((sum(row) for row in rows), default=0))
    edges = _edges(parts)
    base = [0.0] * len(parts)
    areas: list[Area] = []
    for one in full:
        top = [low + (value or 0) for low, value in zip(base, one.values, strict=True)]
        if any(one.values):
            areas.append(Area(_step(edges, top, base, scale), one.mark))
        base = top
    return Chart(says, scale.lines, ticks(parts), areas=tuple(areas))


def spark(values: Numbers) -> str:
    """Draw a small line, on a scale of its own; empty for what never changes place."""
    told = [value for value in carried(values) if value is not None]
    if len(told) < 2:  # noqa: PLR2004  (a line has two ends)
        return ""
    low, high = min(told), max(told)
    reach = (high - low) or 1
    points = [
        (
            at * _SPARK_WIDTH / (len(told) - 1),
            _SPARK_HEIGHT - 2 - (value - low) / reach * (_SPARK_HEIGHT - 4),
        )
        for at, value in enumerate(told)
    ]
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def carried(values: Numbers) -> list[float | None]:
    """Go on with the last value where none is told."""
    last: float | None = None
    found: list[float | None] = []
    for value in values:
        last = value if value is not None else last
        found.append(last)
    return found


def span(part: Period) -> str:
    """Name a period by its days."""
    return part.first.isoformat() if part.days == 1 else f"{part.first} to {part.last}"


@dataclass(frozen=True, slots=True)
class _Scale:
    top: float
    step: float

    @classmethod
    def of(cls, most: float) -> "_Scale":
        """Choose round lines: at most four of them, the highest above everything."""
        if most <= 0:
            return cls(1, 1)
        size = 10 ** floor(log10(most / _LINES)) if most > _LINES else 1
        step = next(size * m for m in (1, 2, 5, 10) if size * m * _LINES >= most)
        return cls(-(-most // step) * step, step)

    def y(self, value: float) -> float:
        return HEIGHT - value / self.top * HEIGHT

    @property
    def lines(self) -> tuple[Tick, ...]:
        count = round(self.top / self.step)
        return tuple(Tick(_n(self.y(i * self.step)), _short(i * self.step)) for i in range(count + 1))


def ticks(parts: Sequence[Period]) -> tuple[Tick, ...]:
    """Label a few periods, the first and the last among them."""
    if not parts:
        return ()
    if len(parts) <= 2:  # noqa: PLR2004  (the two ends)
        return (Tick("0", _day(parts[0], year=True), "start"),)
    count = min(_TICKS, len(parts))
    at = sorted({round(i * (len(parts) - 1) / (count - 1)) for i in range(count)})
    edges = _edges(parts)
    found = []
    for i in at:
        anchor = "start" if i == 0 else "end" if i == len(parts) - 1 else "middle"
        place = {"start": 0.0, "end": 100.0}.get(anchor, (edges[i] + edges[i + 1]) / 2 / WIDTH * 100)
        found.append(Tick(_n(place), _day(parts[i], year=i == 0), anchor))
    return tuple(found)


def _day(part: Period, *, year: bool) -> str:
    if part.days >= _ALMOST_A_MONTH:
        return f"{part.first:%b %Y}"
    return f"{part.first.day} {part.first:%b %Y}" if year else f"{part.first.day} {part.first:%b}"


def _edges(parts: Sequence[Period]) -> list[float]:
    """Give where the periods begin, and the end of the last: as wide as they are long."""
    total = sum(part.days for part in parts) or 1
    found, done = [0.0], 0
    for part in parts:
        done += part.days
        found.append(done / total * WIDTH)
    return found


def _rows(series: Iterable[Series], count: int) -> Iterator[list[float]]:
    series = list(series)
    for at in range(count):
        yield [one.values[at] or 0 for one in series]


def _bar(  # noqa: PLR0917  (a place, a size and what it is)
    parts: Sequence[Period],
    at: int,
    scale: _Scale,
    low: float,
    high: float,
    mark: str,
    title: str,
    *,
    thin: bool = False,
) -> Bar:
    edges = _edges(parts)
    room = min(edges[at + 1] - edges[at], WIDTH / 12)  # few periods are no reason for broad bars
    width = room * (0.14 if thin else 1 - _GAP)
    x = (edges[at] + edges[at + 1] - width) / 2
    y = scale.y(high)
    return Bar(_n(x), _n(y), _n(width), _n(scale.y(low) - y), mark, title)


def _step(edges: Sequence[float], top: Sequence[float], base: Sequence[float], scale: _Scale) -> str:
    """Draw what stands between two lines of steps."""
    forth = "".join(
        f"V{_n(scale.y(value))}H{_n(right)}" for value, (_, right) in zip(top, pairwise(edges), strict=True)
    )
    back = "".join(
        f"V{_n(scale.y(value))}H{_n(left)}"
        for value, (left, _) in reversed(list(zip(base, pairwise(edges), strict=True)))
    )
    return f"M0 {_n(scale.y(base[0]))}{forth}{back}Z"


def _n(value: float) -> str:
    """Write a coordinate, no longer than the eye can tell."""
    return f"{value:.1f}".removesuffix(".0")


def _short(value: float) -> str:
    """Write a number on an axis: 1.2M, 40k, 7."""
    for least, size, unit in ((1_000_000, 1_000_000, "M"), (10_000, 1_000, "k")):
        if value >= least:
            return f"{value / size:.1f}".removesuffix(".0") + unit
    return f"{value:,.0f}"
