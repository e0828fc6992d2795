"""A whole table: its rows, and whether an independent count of the raw file finds any that is not there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import count_text
from reconciler.lists.tables.content import Content, Form, open_content
from reconciler.lists.tables.registry_xml import read_registry_xml
from reconciler.lists.tables.rows import Row, find_numbers
from reconciler.lists.tables.text import RawLines, declared_delimiter, find_delimiter, text_lines, text_rows
from reconciler.lists.tables.workbook import RawSheet, choose_sheet, read_raw_workbook, workbook_rows

_LINES_NAMED = 5


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Where in a file the table is: its sheet, and the line of its header.

    `header_line` 0: there is no header. None: as the file has it, its first row.
    """

    sheet: str | None = None
    header_line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read. Each row of the file is in `rows`, or counted in `set_aside`.

    `file_rows` is how many an independent count of the raw file found. `doubts` say why it is not certain
    that the file is whole; `cut_doubts` those of them that a count of the rows or a digest, told by whoever
    made the file, can take away. `find` looks for numbers of +1 in the raw file.
    """

    name: str
    rows: Sequence[Row]
    file_rows: int
    set_aside: dict[str, int] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    cut_doubts: tuple[str, ...] = ()
    find: Callable[[frozenset[str]], set[str]] = lambda _: set()


def lines_text(lines: Sequence[int]) -> str:
    """Name the first lines: `3, 7, 9 …`."""
    return ", ".join(map(str, lines[:_LINES_NAMED])) + " …" * (len(lines) > _LINES_NAMED)


def read_table(name: str, data: bytes, place: TablePlace | None = None) -> Table:
    """Read a table. Raises InvalidInput for what is none, and where a row of it cannot be accounted for."""
    content = open_content(name, data)
    read = {Form.TEXT: _read_text, Form.WORKBOOK: _read_workbook, Form.XML: _read_xml}[content.form]
    table = read(content, place or TablePlace())
    known = len(table.rows) + sum(table.set_aside.values())
    if known != table.file_rows:
        fact = f"the file has {count_text(table.file_rows, 'row')}, but {known:,} are accounted for"
        raise InvalidInput(fact, "save it as CSV, and import that", where=name)
    if not table.rows:
        raise InvalidInput("this table is empty", "export it again", where=name)
    return table


def _read_text(content: Content, place: TablePlace) -> Table:
    lines = text_lines(content.text)
    declared = declared_delimiter(lines[0])
    first = max(place.header_line or 1, 2 if declared else 1)
    delimiter = declared or find_delimiter(lines[first - 1 :])
    rows = list(text_rows(lines, delimiter, first))
    raw = RawLines.count(content.text, delimiter)
    set_aside = {
        "sep=": int(bool(declared)),
        "above the header": sum(raw.filled[2 if declared else 1 : first]),
    }
    if unread := raw.unread_lines(rows, first - 1):
        fact = f"{count_text(len(unread), 'line')} of it cannot be read: line {lines_text(unread)}"
        raise InvalidInput(fact, "correct them", where=content.name)
    rows = _without_cut_end(rows, is_open=not raw.ends_as_it_begins)
    place_of_end = f"{content.name}:{len(raw.filled) - 1}"
    fact = "the last line does not end as the first one does: the file may be cut"
    return Table(
        content.name,
        rows,
        raw.row_count(rows),
        _counted(set_aside),
        _uneven(content.name, rows),
        () if raw.ends_as_it_begins else (f"{place_of_end}: {fact}",),
        raw.numbers,
    )


def _counted(set_aside: dict[str, int]) -> dict[str, int]:
    return {what: count for what, count in set_aside.items() if count}


def _without_cut_end(rows: list[Row], *, is_open: bool) -> list[Row]:
    """Refuse the last row where the file ends within it: with fewer cells than the first, and no line end."""
    if is_open and len(rows) > 1 and len(rows[-1].cells) < len(rows[0].cells) and not rows[-1].problem:
        problem = "the file ends in this row: it may be cut, download it again"
        return [*rows[:-1], rows[-1]._replace(problem=problem)]
    return rows


def _uneven(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
    width = len(rows[0].cells) if rows else 0
    uneven = [row.line for row in rows if len(row.cells) != width]
    fact = f"the line has another number of columns than the first, {width}"
    return (f"{name}:{lines_text(uneven)}: {fact}",) if uneven else ()


def _read_workbook(content: Content, place: TablePlace) -> Table:
    raw = read_raw_workbook(content.name, content.data)
    sheet = choose_sheet(content.name, raw, place.sheet)
    rows = list(workbook_rows(content.name, content.data, sheet))
    header_line = place.header_line or 0
    above = sum(row.line < header_line for row in rows)
    others = [one for one in raw.sheets if one.rows and one is not sheet]
    set_aside = {"above the header": above, **{f"sheet {one.name}": len(one.rows) for one in others}}
    return Table(
        content.name,
        [row for row in rows if row.line >= header_line],
        sum(len(one.rows) for one in raw.sheets),
        _counted(set_aside),
        tuple(_workbook_doubts(content.name, sheet, others)),
        (),
        raw.numbers,
    )


def _workbook_doubts(name: str, sheet: RawSheet, others: Sequence[RawSheet]) -> Iterator[str]:
    for other in others:
        yield f"{name}: the sheet {other.name} was not read, and has {count_text(len(other.rows), 'row')}"
    if sheet.errors:
        rows = sorted(sheet.errors)
        yield f"{name}:{lines_text(rows)}: a cell has an error instead of a value"


def _read_xml(content: Content, place: TablePlace) -> Table:
    del place
    xml = read_registry_xml(content.name, content.text)
    doubts = () if xml.is_whole else (f"{content.name}: the file does not say that it is a full list",)
    return Table(
        content.name,
        xml.rows,
        xml.counted,
        {},
        doubts,
        (),
        lambda searched: find_numbers(content.text, searched),
    )
