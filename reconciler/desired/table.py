"""Tables that other systems write: CSV, TSV and workbooks, as rows of text with their line numbers."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO, StringIO

from reconciler.model.errors import InvalidInput

# How workbooks begin: a ZIP archive (xlsx, ods) or an OLE file (xls).
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Row = tuple[int, tuple[str, ...]]


def read_table(name: str, data: bytes) -> Iterator[Row]:
    """Give the rows that are not empty, each with its line from 1; of a workbook, those of its first sheet.

    Raises InvalidInput for what is no table.
    """
    rows = _workbook(name, data) if data.startswith(WORKBOOKS) else _text(name, data)
    for line, cells in rows:
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            yield line, stripped


def _text(name: str, data: bytes) -> Iterator[Row]:
    text = decoded(name, data)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text))
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(
                f"this row can't be read: {error}", "correct it", where=f"{name}:{reader.line_num}"
            ) from error
        if cells is None:
            return
        yield reader.line_num, tuple(cells)


def delimiter_of(text: str) -> str:
    """Find what separates cells: the mark that the first line has most of."""
    first = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal mark.
    return max("\t;,", key=lambda mark: (first.count(mark), mark == ","))


def decoded(name: str, data: bytes) -> str:
    """Decode a table of text. Raises InvalidInput for what is no text."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise InvalidInput("this is no table", "export it as CSV, TSV or XLSX", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what spreadsheets write where it is not UTF-8


def _workbook(name: str, data: bytes) -> Iterator[Row]:
    import python_calamine  # noqa: PLC0415  (only workbooks need it)

    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0)
    except (python_calamine.CalamineError, IndexError) as error:
        fact = "this workbook can't be read"
        raise InvalidInput(fact, "save it again without a password, or as CSV", where=name) from error
    first = (sheet.start or (0, 0))[0] + 1
    for line, cells in enumerate(sheet.iter_rows(), first):
        yield line, tuple(_cell(cell) for cell in cells)


def _cell(value: object) -> str:
    """Write a cell as people see it: numbers without a decimal point, dates as YYYY-MM-DD."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
