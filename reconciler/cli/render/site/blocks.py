"""What a page is made of: chapters of paragraphs, figures and tables. Templates turn them into HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.cli.render.site.chart import Chart

NO_VALUE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `mark` colours it: a status, or a series of a chart; `spark` is a small line's path."""

    text: str
    mark: str = ""
    href: str = ""
    spark: str = ""
    code: bool = False


Value = Cell | str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. A column whose head begins with `#` holds figures; the first column names its row."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    filtered: bool = False
    kind: Literal["table"] = "table"

    @classmethod
    def of(
        cls, caption: str, heads: str | Sequence[str], rows: Iterable[Iterable[Value]], *, note: str = ""
    ) -> "Table":
        """Make a table of plain values. Heads of our own may be one text, parted by `|`."""
        column_heads = heads.split("|") if isinstance(heads, str) else heads
        cells = tuple(tuple(cell(value) for value in row) for row in rows)
        return cls(caption, tuple(column_heads), cells, note)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, with the table that says the same."""

    title: str
    chart: Chart
    legend: tuple[Cell, ...]
    table: Table
    note: str = ""
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `loud` stands out."""

    text: str
    loud: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Sentences:
    """A list of sentences that others wrote."""

    sentences: tuple[str, ...]
    kind: Literal["sentences"] = "sentences"


Block = Table | Figure | Text | Sentences


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a page with a heading. `id` is its address."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the figures at the top of a page. `mark` says how it stands: good, warn, bad or nothing."""

    name: str
    value: str
    detail: str = ""
    mark: str = ""


def cell(value: Value) -> Cell:
    """Show a value: thousands apart, and a dash for what is not told."""
    if isinstance(value, Cell):
        return value
    if value is None:
        return Cell(NO_VALUE)
    if isinstance(value, float):
        return Cell(f"{value:,.0f}")
    return Cell(f"{value:,}") if isinstance(value, int) else Cell(value)
