"""Rows of an XLSX workbook, and a count of the same rows in its raw parts, which knows no cell formats."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from io import BytesIO
from typing import IO
from xml.parsers import expat

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import count_text
from reconciler.lists.tables import content
from reconciler.lists.tables.rows import Row, find_numbers

_STEP = 1 << 16
_SAVE = "save it as CSV"
NO_VALUE = "#NO VALUE"  # of a formula that nobody calculated
UNREAD = "the reader missed something in this row: save the table as CSV"
_SEVEN_DIGITS = 7


@dataclass(slots=True)
class RawSheet:
    """What a sheet's part has: the rows with a value, and the cells with an error instead of one.

    `errors` gives their codes, such as `#N/A`, by row and column, the row from 1, the column from 0.
    """

    name: str
    part: str
    is_visible: bool
    rows: set[int] = field(default_factory=set)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)


@dataclass(slots=True)
class RawWorkbook:
    """A workbook as its parts have it: its sheets, and every text that may be a number."""

    sheets: list[RawSheet]
    texts: list[str]

    def numbers(self, searched: frozenset[str]) -> set[str]:
        """Find which of these numbers of +1 stand in any cell of any sheet."""
        found: set[str] = set()
        for text in self.texts:
            found |= find_numbers(text, searched)
        return found


def read_raw_workbook(name: str, data: bytes) -> RawWorkbook:
    """Count a workbook's rows. Raises InvalidInput where they cannot be counted."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _Parts(archive).read()
    except (
        _UncountableError,
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        KeyError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        why = str(error) if isinstance(error, _UncountableError) else "a part of it cannot be read"
        fact = f"the rows of this workbook cannot be counted: {why}"
        raise InvalidInput(fact, f"{_SAVE}, or save it again without a password", where=name) from error


class _UncountableError(Exception):
    """This is no workbook that can be counted; the text says why."""


@dataclass(slots=True)
class _Parts:
    """The parts of a workbook, of which so many bytes may still be unpacked."""

    archive: zipfile.ZipFile
    bytes_left: int = field(default_factory=lambda: content.MAX_BYTES)

    def read(self) -> RawWorkbook:
        """Read the list of sheets, the shared texts, then every sheet."""
        paths = {path.lower(): path for path in self.archive.namelist()}
        book = _BookHandler()
        self._parse(paths["xl/workbook.xml"], book)
        relations = _RelationHandler()
        self._parse(paths["xl/_rels/workbook.xml.rels"], relations)
        texts = _TextHandler()
        if shared := paths.get("xl/sharedstrings.xml"):
            self._parse(shared, texts)
        blank_texts = {str(index) for index, text in enumerate(texts.texts) if not text.strip()}
        raw = RawWorkbook([], [text for text in texts.texts if len(text) >= _SEVEN_DIGITS])
        for sheet_name, relation, is_visible in book.sheets:
            target = relations.targets.get(relation, "").lstrip("/")
            part = paths.get(target.lower()) or paths.get(f"xl/{target}".lower())
            if part is None:
                raise _UncountableError(f"the sheet {sheet_name} has no part")
            if re.search(r"worksheets/[^/]+$", part, re.IGNORECASE):
                sheet = RawSheet(sheet_name, part, is_visible)
                self._parse(part, _SheetHandler(sheet, blank_texts, raw.texts))
                raw.sheets.append(sheet)
        if not raw.sheets:
            raise _UncountableError("it has no sheets as XLSX has them")
        return raw

    def _parse(self, path: str, handler: "_Handler") -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        parser.CharacterDataHandler = handler.characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        with self.archive.open(path) as stream:
            for piece in self._pieces(stream):
                parser.Parse(piece, False)  # noqa: FBT003  (expat takes it by position)
        parser.Parse(b"", True)  # noqa: FBT003  (as above)

    def _pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        while piece := stream.read(_STEP):
            self.bytes_left -= len(piece)
            if self.bytes_left < 0:
                raise _UncountableError(f"it unpacks to more than {content.MAX_BYTES >> 20:,} MB")
            yield piece


def _refuse_doctype(*_: object) -> None:
    raise _UncountableError("it has a document type, which no spreadsheet writes")


class _Handler:
    """Takes the elements of one part, by their names without a namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""

    def end(self, name: str) -> None:
        """Take the end of an element."""

    def characters(self, text: str) -> None:
        """Take text."""


def _tag(name: str) -> str:
    return name.rpartition(" ")[2]


@dataclass(slots=True)
class _BookHandler(_Handler):
    sheets: list[tuple[str, str, bool]] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _tag(name) == "sheet":
            relation = next((value for key, value in attributes.items() if _tag(key) == "id"), "")
            state = attributes.get("state", "visible")
            self.sheets.append((attributes.get("name", ""), relation, state == "visible"))


@dataclass(slots=True)
class _RelationHandler(_Handler):
    targets: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _tag(name) == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


@dataclass(slots=True)
class _TextHandler(_Handler):
    """Shared texts, each with its parts put together."""

    texts: list[str] = field(default_factory=list)
    _parts: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        if _tag(name) == "si":
            self._parts = []

    def end(self, name: str) -> None:
        if _tag(name) == "si":
            self.texts.append("".join(self._parts or ()))
            self._parts = None

    def characters(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)


@dataclass(slots=True)
class _SheetHandler(_Handler):
    """Rows of a sheet. Of a cell it keeps its type, whether it has a formula, and its value's text."""

    sheet: RawSheet
    blank_texts: set[str]
    long_texts: list[str]
    _row: int = 0
    _column: int = -1
    _type: str = ""
    _has_formula: bool = False
    _text: list[str] = field(default_factory=list)
    _is_value: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _tag(name)
        if tag == "row":
            number = attributes.get("r", "")
            self._row, self._column = int(number) if number.isdecimal() else self._row + 1, -1
        elif tag == "c":
            self._column, self._type = (
                _column(attributes.get("r", ""), self._column),
                attributes.get("t", "n"),
            )
            self._has_formula, self._text = False, []
        elif tag == "f":
            self._has_formula = True
        elif tag in {"v", "is"}:
            self._is_value = True

    def characters(self, text: str) -> None:
        if self._is_value:
            self._text.append(text)

    def end(self, name: str) -> None:
        tag = _tag(name)
        if tag in {"v", "is"}:
            self._is_value = False
        elif tag == "c":
            self._count_cell("".join(self._text))

    def _count_cell(self, text: str) -> None:
        is_blank = text in self.blank_texts if self._type == "s" else not text.strip()
        if self._type == "e" or (is_blank and self._has_formula and self._type != "str"):
            errors = self.sheet.errors.setdefault(self._row, {})
            errors[self._column] = NO_VALUE if is_blank else text.strip()
        elif is_blank:
            return
        elif self._type != "s" and len(text) >= _SEVEN_DIGITS:
            self.long_texts.append(text)
        self.sheet.rows.add(self._row)


def _column(place: str, before: int) -> int:
    """Give the column of a cell such as `B51`, from 0; the one after the cell before where it names none."""
    letters = place.rstrip("0123456789").upper()
    if not letters.isascii() or not letters.isalpha():
        return before + 1
    return reduce(lambda column, letter: column * 26 + ord(letter) - 64, letters, 0) - 1


def choose_sheet(name: str, raw: RawWorkbook, wanted: str | None) -> RawSheet:
    """Give the sheet to read. Raises InvalidInput where it is not certain which one is meant."""
    filled = [sheet for sheet in raw.sheets if sheet.rows]
    if wanted is not None:
        chosen = next((sheet for sheet in raw.sheets if sheet.name == wanted), None)
        if chosen is None:
            names = ", ".join(sheet.name for sheet in raw.sheets)
            raise InvalidInput("there is no such sheet", f"name one of: {names}", where="--sheet")
        return chosen
    if not filled:
        raise InvalidInput("this table is empty", "export it again", where=name)
    if len(filled) > 1 or not filled[0].is_visible:
        sheets = ", ".join(
            f"{sheet.name} ({count_text(len(sheet.rows), 'row')}{'' if sheet.is_visible else ', hidden'})"
            for sheet in filled
        )
        fact = f"it is not certain which sheet is meant: {sheets}"
        raise InvalidInput(fact, "import each that is meant by itself: --sheet NAME", where=name)
    return filled[0]


def workbook_rows(name: str, data: bytes, sheet: RawSheet) -> Iterator[Row]:
    """Give the rows of a sheet that are not blank; those that only the raw count has, with a problem.

    A cell with an error has its code as its text.
    """
    remaining = set(sheet.rows)
    for line, cells in _read_cells(name, data, sheet.name):
        shown = _with_errors(cells, sheet.errors[line]) if line in sheet.errors else cells
        if any(shown):
            yield Row(line, shown)
            remaining.discard(line)
    for line in sorted(remaining):
        shown = _with_errors((), sheet.errors.get(line, {}))
        yield Row(line, shown, "" if any(shown) else UNREAD)


def _with_errors(cells: tuple[str, ...], errors: Mapping[int, str]) -> tuple[str, ...]:
    width = max(len(cells), *(column + 1 for column in errors), 0)
    padded = [*cells, *[""] * (width - len(cells))]
    for column, code in errors.items():
        padded[column] = code
    return tuple(padded)


def _read_cells(name: str, data: bytes, sheet_name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    import python_calamine  # noqa: PLC0415  (only workbooks need it)

    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name(sheet_name)
        # Its rows begin with the first of the sheet, its cells with the first column that has any.
        left_cells = ("",) * (sheet.start or (0, 0))[1]
        for line, cells in enumerate(sheet.iter_rows(), 1):
            yield line, (*left_cells, *map(_cell_text, cells))
    except python_calamine.CalamineError as error:
        fact = "this workbook can't be read"
        raise InvalidInput(fact, f"{_SAVE}, or save it again without a password", where=name) from error


def _cell_text(value: object) -> str:
    """Write a cell as people see it: numbers without a decimal point, dates as YYYY-MM-DD."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value).strip()
