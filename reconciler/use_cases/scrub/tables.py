"""A calling list opened: the rows of a text, or of the visible sheets of a workbook, with their columns."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.scrub.columns import SAMPLE, PhoneColumns, find_phone_columns
from reconciler.lists.scrub.text import RawRow, TextFile, TextRows, inspect_text, text_lines
from reconciler.lists.tables.rows import Row
from reconciler.use_cases.workspace.files import write_table

NO_COLUMN = "no column of this sheet is known to hold numbers: name it with --column"


@dataclass(frozen=True, slots=True)
class Part:
    """A table within the file: its name (of a sheet; empty for a text), its columns, and its rows.

    `columns` is None where none holds numbers: then no row can be read.
    """

    name: str
    columns: PhoneColumns | None
    rows: Iterator[RawRow]


class CallingList(Protocol):
    """A calling list, as the run reads it, once."""

    heading: str
    header: Sequence[str]
    encoding: str
    errors: str

    def parts(self, wanted: Sequence[str], region: str) -> Iterator[Part]:
        """Give the tables in it, each with its rows, to be read in this order."""
        ...

    def input_json(self) -> dict[str, Any]:
        """Say what was read, once all rows have been."""
        ...


@dataclass(slots=True)
class TextTable:
    """A CSV, TSV or the like. `heading` is what stands before the rows, as it was: BOM, `sep=`, header."""

    text: TextFile
    heading: str = ""
    header: Sequence[str] = ()
    encoding: str = field(init=False)
    errors: str = field(init=False)
    _rows: TextRows | None = None

    def __post_init__(self) -> None:
        self.encoding, self.errors = self.text.encoding, self.text.errors

    def parts(self, wanted: Sequence[str], region: str) -> Iterator[Part]:
        """Give the one table."""
        name = str(self.text.file)
        self._rows = rows = TextRows.of(text_lines(self.text))
        remaining = iter(rows)
        sample = list(islice(remaining, SAMPLE + 1))
        if not sample:
            raise InvalidInput(
                "this calling list is empty: nothing was written", "export it again", where=name
            )
        columns = find_phone_columns(name, [raw.row for raw in sample], wanted, region)
        self.heading, self.header = rows.preface, columns.header
        if columns.header:
            self.heading += sample.pop(0).text
        elif not rows.preface and sample[0].text.startswith("\ufeff"):
            self.heading, first = "\ufeff", sample[0]
            sample[0] = first._replace(text=first.text[1:])
        yield Part("", columns, chain(sample, remaining))
        if rows.seen != self.text.lines:
            fact = f"the file has {self.text.lines:,} lines, but {rows.seen:,} were read: nothing was written"
            raise InvalidInput(fact, "report this, with the form of the file", where=name)

    def input_json(self) -> dict[str, Any]:
        """Say what was read."""
        blank = self._rows.blank if self._rows else 0
        delimiter = self._rows.delimiter if self._rows else ""
        return {
            "file": self.text.file.name,
            "sha256": self.text.sha256,
            "bytes": self.text.size,
            "form": "text",
            "encoding": self.text.encoding,
            "delimiter": delimiter,
            "header": bool(self.header),
            "blank_lines": blank,
            "sheets": [],
            "hidden_sheets": [],
        }


class WorkbookTable:
    """The visible sheets of a workbook, written as one CSV."""

    encoding, errors = "utf-8", "surrogatepass"

    def __init__(self, file: Path, data: bytes) -> None:
        from reconciler.lists.scrub.workbook import Workbook  # noqa: PLC0415  (only workbooks need what it loads)

        self._file, self._sha256, self._size = file, sha256(data).hexdigest(), len(data)
        self._workbook = Workbook.open(file, data)
        self.heading = ""
        self.header: Sequence[str] = ()

    def parts(self, wanted: Sequence[str], region: str) -> Iterator[Part]:
        """Give the sheets, their columns joined by title: a title that a sheet has twice counts twice."""
        sheets: list[tuple[str, PhoneColumns | None, list[Row]]] = []
        for sheet in self._workbook.visible:
            rows = list(self._workbook.rows(sheet))
            sheets.append((sheet.name, self._columns(sheet.name, rows, wanted, region), rows))
        if all(columns is None for _, columns, _ in sheets):
            find_phone_columns(str(self._file), sheets[0][2][: SAMPLE + 1], wanted, region)
        places: dict[tuple[str, int], int] = {}
        titles = [_titles(columns, rows) for _, columns, rows in sheets]
        for title in chain.from_iterable(titles):
            places.setdefault(title, len(places))
        first = ["sheet"] if len(sheets) > 1 else []
        if any(columns is not None and columns.header for _, columns, _ in sheets):
            self.header = [*first, *(title for title, _ in places)]
            self.heading = _csv_line(self.header)
        for (name, columns, rows), own in zip(sheets, titles, strict=True):
            is_headed = columns is not None and bool(columns.header)
            order = [places[title] for title in own]
            lines = (
                _raw_row(
                    row, _csv_line([*([name] if first else []), *_placed(row.cells, order, len(places))])
                )
                for row in rows[is_headed:]
            )
            yield Part(name if first else "", columns, lines)

    def _columns(self, name: str, rows: list[Row], wanted: Sequence[str], region: str) -> PhoneColumns | None:
        try:
            return find_phone_columns(f"{self._file}, sheet {name}", rows[: SAMPLE + 1], wanted, region)
        except InvalidInput:
            if len(self._workbook.visible) == 1:
                raise
            return None

    def input_json(self) -> dict[str, Any]:
        """Say what was read, and which sheets were not."""
        return {
            "file": self._file.name,
            "sha256": self._sha256,
            "bytes": self._size,
            "form": "workbook",
            "encoding": None,
            "delimiter": None,
            "header": bool(self.header),
            "blank_lines": 0,
            "sheets": [_sheet_json(sheet.name, len(sheet.rows)) for sheet in self._workbook.visible],
            "hidden_sheets": [_sheet_json(sheet.name, len(sheet.rows)) for sheet in self._workbook.hidden],
        }


def _sheet_json(name: str, rows: int) -> Mapping[str, Any]:
    return {"name": name, "rows": rows}


def _titles(columns: PhoneColumns | None, rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Name the columns of a sheet, each with how many before it have the same title."""
    width = max((len(row.cells) for row in rows), default=0)
    header = columns.header if columns is not None else ()
    seen: dict[str, int] = {}
    titles = []
    for index in range(width):
        title = (header[index] if index < len(header) else "") or f"column {index + 1}"
        titles.append((title, seen.get(title, 0)))
        seen[title] = seen.get(title, 0) + 1
    return titles


def _raw_row(row: Row, text: str) -> RawRow:
    """Give a row of a sheet with its line of CSV, which is more than one where a cell has line ends."""
    return RawRow(row.line, row.cells, text, sum(1 for _ in io.StringIO(text, newline="")), row.problem)


def _placed(cells: Sequence[str], order: Sequence[int], width: int) -> list[str]:
    placed = [""] * width
    for index, cell in enumerate(cells):
        placed[order[index]] = cell
    return placed


def _csv_line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    write_table(buffer, cells, ())
    return buffer.getvalue()


def open_calling_list(file: Path) -> CallingList:
    """Open a calling list. Raises InvalidInput for what is none."""
    try:
        with file.open("rb") as stream:
            is_workbook = stream.read(2) == b"PK"
        if is_workbook:
            return WorkbookTable(file, file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error
    return TextTable(inspect_text(file))
