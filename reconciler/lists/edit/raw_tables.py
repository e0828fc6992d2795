"""Counts a table's raw file without its reader, to show whether every row was read."""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO
from xml.parsers import expat

from reconciler.lists.edit.tables import WORKBOOKS, decode_table, find_delimiter

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
# A number of +1 in any common writing; the FTC's flat form has a comma in it.
_NUMBER = re.compile(
    r"(?<![0-9])(?:1[^0-9\r\n]{0,3})?([2-9][0-9]{2})[^0-9\r\n]{0,3}([0-9]{3})[^0-9\r\n]{0,3}([0-9]{4})(?![0-9])"
)
_LINES_NAMED = 5  # lines that a message names


def text_doubts(name: str, data: bytes, rows: int) -> Iterator[str]:
    """Say what in a text cannot be accounted for; nothing where every line is one of `rows`, the header too.

    A row must be one physical line: what spans lines cannot be told from rows that a quote swallowed.
    """
    text = decode_table(name, data)
    raw = _RawText(find_delimiter(text))
    for match in _LINE.finditer(text):
        if match[0]:
            raw.count_line(match[1], match[2])
    if raw.filled_lines != rows:
        yield (
            f"{name}: {raw.filled_lines:,} lines are not blank, but {rows:,} rows were read, the "
            "header included: "
            "a quote or a cell spans lines"
        )
    facts = (
        (raw.stray_quotes, "a quote neither opens nor closes a cell of this line"),
        (raw.uneven_lines, f"the line has another number of columns than the first, {raw.width}"),
        (raw.undecodable_lines, "characters cannot be decoded"),
    )
    for places, fact in facts:
        if places.count:
            yield f"{name}:{places}: {fact}"
    if raw.line_end != raw.first_line_end:
        yield f"{name}:{raw.lines}: the last line does not end as the first one does: the file may be cut"


def find_numbers(text: str, searched: Collection[str]) -> set[str]:
    """Find which of these numbers of +1 stand anywhere in a text, whatever the reader took them for."""
    candidates = ("+1" + "".join(match.groups()) for match in _NUMBER.finditer(text))
    return {number for number in candidates if number in searched}


def text_numbers(name: str, data: bytes, searched: Collection[str]) -> set[str]:
    """Find which of these numbers the raw text has."""
    return find_numbers(decode_table(name, data), searched)


@dataclass(slots=True)
class _LineNumbers:
    """Lines of one kind: how many, and the first ones, to be named."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        self.count += 1
        if self.count <= _LINES_NAMED:
            self.first.append(line)

    def __str__(self) -> str:
        return ", ".join(map(str, self.first)) + " …" * (self.count > _LINES_NAMED)


@dataclass(slots=True)
class _RawText:
    """What was counted so far, line by line. `filled_lines` are the lines that are not blank."""

    delimiter: str
    lines: int = 0
    filled_lines: int = 0
    width: int = 0
    first_line_end: str = ""
    line_end: str = ""
    stray_quotes: _LineNumbers = field(default_factory=_LineNumbers)
    uneven_lines: _LineNumbers = field(default_factory=_LineNumbers)
    undecodable_lines: _LineNumbers = field(default_factory=_LineNumbers)
    _cells: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        # Each cell is quoted from its first character to its last, or has no quote.
        cell = f'(?:"(?:[^"]|"")*"|[^"{self.delimiter}]*)'
        self._cells = re.compile(f"{cell}(?:{self.delimiter}{cell})*")

    def count_line(self, line: str, end: str) -> None:
        """Count a line."""
        self.lines += 1
        self.line_end = end
        if self.lines == 1:
            self.first_line_end = end
        if not line[:1].isalnum() and not line.replace('""', "").replace(self.delimiter, "").strip():
            return
        self.filled_lines += 1
        unquoted = line
        if '"' in line:
            unquoted = re.sub(r'"[^"]*"', "", line)
            if not self._cells.fullmatch(line):
                self.stray_quotes.add(self.lines)
        columns = unquoted.count(self.delimiter) + 1
        self.width = self.width or columns
        if columns != self.width:
            self.uneven_lines.add(self.lines)
        if "\0" in line or "\ufffd" in line:
            self.undecodable_lines.add(self.lines)


MAX_BYTES = 1 << 30  # of unpacked XML: a workbook of a million rows has a tenth of that
_STEP = 1 << 16
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_STRINGS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)


class _UncountableError(Exception):
    """This is no workbook that can be counted; the text says why."""


@dataclass(slots=True)
class RawWorkbook:
    """What sheets have: rows with a value, by part; cells with errors, as `part!cell`; `numbers` wanted."""

    searched_numbers: Collection[str]
    rows: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    problem: str = ""

    @classmethod
    def read(cls, data: bytes, searched_numbers: Collection[str]) -> "RawWorkbook":
        """Count a workbook. `problem` says why it cannot be counted."""
        raw = cls(searched_numbers)
        try:
            raw._count_rows(data)
        except (
            _UncountableError,
            zipfile.BadZipFile,
            zlib.error,
            expat.ExpatError,
            OSError,
            ValueError,
        ) as error:
            raw.problem = str(error)
        except (NotImplementedError, RuntimeError, EOFError):  # packed in another way, or with a password
            raw.problem = "it cannot be unpacked"
        return raw

    def doubts(self, name: str, rows: int) -> Iterator[str]:
        """Say what cannot be accounted for; nothing where `rows` are all, the header included."""
        if self.problem:
            yield f"{name}: the rows of this workbook cannot be counted ({self.problem}); save it as CSV"
            return
        if sum(self.rows.values()) != rows:
            sheets = ", ".join(f"{part} {count:,}" for part, count in self.rows.items())
            yield f"{name}: the sheets have rows ({sheets}), but {rows:,} rows were read, the header included"
        if self.errors:
            yield f"{name}: {len(self.errors):,} cells have errors, the first is {self.errors[0]}"

    def _count_rows(self, data: bytes) -> None:
        bytes_left = MAX_BYTES
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for info in archive.infolist():
                is_sheet = _SHEET.fullmatch(info.filename)
                if is_sheet or _STRINGS.fullmatch(info.filename):
                    with archive.open(info) as part:
                        bytes_left -= _XmlPart(self, info.filename if is_sheet else "").read(part, bytes_left)
        if not self.rows:
            raise _UncountableError("it has no sheets as XLSX has them")


@dataclass(slots=True)
class _XmlPart:
    """One part, element by element. `sheet` is empty for the table of shared strings."""

    raw: RawWorkbook
    sheet: str
    _text: list[str] | None = None
    _has_value: bool = False

    def read(self, stream: IO[bytes], max_size: int) -> int:
        """Read the part, and give its size. At most so many bytes are unpacked."""
        if self.sheet:
            self.raw.rows.setdefault(self.sheet.rpartition("/")[2], 0)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        size = 0
        while data := stream.read(_STEP):
            size += len(data)
            if size > max_size:
                raise _UncountableError(f"it unpacks to more than {MAX_BYTES >> 20:,} MB")
            parser.Parse(data, False)  # noqa: FBT003  (expat takes it by position)
        parser.Parse(b"", True)  # noqa: FBT003  (as above)
        return size

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "row":
            self._has_value = False
        elif tag == "c" and attributes.get("t") == "e":
            self.raw.errors.append(f"{self.sheet.rpartition('/')[2]}!{attributes.get('r', '?')}")
        elif tag in {"v", "is", "si"}:
            self._text = []

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "row" and self.sheet:
            self.raw.rows[self.sheet.rpartition("/")[2]] += self._has_value
        elif tag in {"v", "is", "si"} and self._text is not None:
            text = "".join(self._text)
            self._has_value = self._has_value or bool(text.strip())
            self.raw.numbers |= find_numbers(text, self.raw.searched_numbers)
            self._text = None

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)


def _refuse_doctype(*_: object) -> None:
    raise _UncountableError("it has a document type, which no spreadsheet writes")


def accounting_doubts(name: str, data: bytes, rows: int, missing: Collection[str]) -> Iterator[str]:
    """Say what in a table cannot be accounted for. Nothing: all of it is certainly read.

    `rows` are those that were read, the header included. `missing` are numbers that no row has: where the raw
    file has one of them all the same, the reader did not see it.
    """
    if data.startswith(WORKBOOKS):
        raw = RawWorkbook.read(data, missing)
        yield from raw.doubts(name, rows)
        unread = raw.numbers
    else:
        yield from text_doubts(name, data, rows)
        unread = text_numbers(name, data, missing) if missing else set()
    if unread:
        yield (
            f"{name}: {len(unread):,} of the missing numbers are somewhere in the file, "
            "but no row has them as its number"
        )
