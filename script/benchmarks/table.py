"""What was measured, as a table that people and pages read."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from script.benchmarks.figures import Limit
from script.benchmarks.process import Usage
from script.benchmarks.workload import Form

GROWTH = 2.2  # the most that twice the numbers may cost
_HEAD = (
    *("figure", "numbers", "time", "CPU", "peak", "yardstick", "its time", "its CPU", "its peak"),
    *("ratio", "limit", "met"),
)
_GROWTH_HEAD = ("figure", "from", "to", "time", "for twice the numbers", "CPU for twice", "limit", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure against one yardstick."""

    figure: str
    count: int
    form: Form
    ours: Usage
    yardstick: str
    theirs: Usage
    limit: Limit

    @property
    def ratio(self) -> float:
        """Our time, as so many times the yardstick's."""
        return self.ours.seconds / self.theirs.seconds

    @property
    def met(self) -> bool:
        """Tell whether everything that is asked was reached."""
        return (
            self.ours.seconds <= self.limit.seconds
            and self.ours.megabytes <= self.limit.megabytes
            and self.ratio <= self.limit.ratio
        )

    @property
    def name(self) -> str:
        """Name the figure with its form."""
        return self.figure if self.figure == "version" else f"{self.figure}, {self.form}"

    @property
    def cells(self) -> tuple[str, ...]:
        """Write the row."""
        return (
            self.name,
            f"{self.count:,}",
            *_usage(self.ours),
            self.yardstick,
            *_usage(self.theirs),
            f"{self.ratio:.2f}x",
            str(self.limit),
            _met(self.met) if self.limit != Limit() else "-",
        )


def table(rows: Sequence[Row]) -> str:
    """Write all rows."""
    return _table(_HEAD, [row.cells for row in rows])


def growth(rows: Sequence[Row]) -> str:
    """Write what twice the numbers cost, between each two sizes of a figure; empty where there is one."""
    cells = list(_growth(rows))
    return _table(_GROWTH_HEAD, cells) if cells else ""


def _growth(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    sizes: dict[str, dict[int, Usage]] = {}
    for row in rows:
        if row.figure != "version":
            sizes.setdefault(row.name, {})[row.count] = row.ours
    for name, times in sizes.items():
        ordered = sorted(times)
        for small, large in pairwise(ordered):
            steps = math.log2(large / small)
            factor = times[large].seconds / times[small].seconds
            work = (times[large].work / times[small].work) ** (1 / steps)
            doubled = factor ** (1 / steps)
            told = (f"{factor:.2f}x", f"{doubled:.2f}x", f"{work:.2f}x", f"{GROWTH:g}x")
            yield (name, f"{small:,}", f"{large:,}", *told, _met(doubled <= GROWTH))


def _met(yes: bool) -> str:  # noqa: FBT001  (one word for it)
    return "yes" if yes else "NO"


def _usage(usage: Usage) -> tuple[str, str, str]:
    rounds = " (once)" if usage.rounds == 1 else ""
    return f"{usage.seconds:.2f} s{rounds}", f"{usage.work:.2f} s", f"{usage.megabytes:.0f} MB"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
