"""Counts a table's raw file without its reader, to show whether every row was read."""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO
from xml.parsers import expat

from reconciler.lists.edit.tables import WORKBOOKS, decoded, delimiter_of

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
# A number of +1 in any common writing; the FTC's flat form has a comma in it.
_NUMBER = re.compile(
    r"(?<![0-9])(?:1[^0-9\r\n]{0,3})?([2-9][0-9]{2})[^0-9\r\n]{0,3}([0-9]{3})[^0-9\r\n]{0,3}([0-9]{4})(?![0-9])"
)
_NAMED = 5  # lines that a message names


def text_doubts(name: str, data: bytes, rows: int) -> Iterator[str]:
    """Say what in a text cannot be accounted for; nothing where every line is one of `rows`, the header too.

    A row must be one physical line: what spans lines cannot be told from rows that a quote swallowed.
    """
    text = decoded(name, data)
    raw = _RawText(delimiter_of(text))
    for match in _LINE.finditer(text):
        if match[0]:
            raw.take(match[1], match[2])
    if raw.filled != rows:
        yield (
            f"{name}: {raw.filled:,} lines are not blank, but {rows:,} rows were read, the header included: "
            "a quote or a cell spans lines"
        )
    facts = (
        (raw.stray, "a quote neither opens nor closes a cell of this line"),
        (raw.uneven, f"the line has another number of columns than the first, {raw.width}"),
        (raw.broken, "characters cannot be decoded"),
    )
    for places, fact in facts:
        if places.count:
            yield f"{name}:{places}: {fact}"
    if raw.end != raw.first_end:
        yield f"{name}:{raw.lines}: the last line does not end as the first one does: the file may be cut"


def numbers_in(text: str, wanted: Collection[str]) -> set[str]:
    """Find which of these numbers of +1 stand anywhere in a text, whatever the reader took them for."""
    found = ("+1" + "".join(match.groups()) for match in _NUMBER.finditer(text))
    return {number for number in found if number in wanted}


def text_numbers(name: str, data: bytes, wanted: Collection[str]) -> set[str]:
    """Find which of these numbers the raw text has."""
    return numbers_in(decoded(name, data), wanted)


@dataclass(slots=True)
class _Places:
    """Lines of one kind: how many, and the first ones, to be named."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        self.count += 1
        if self.count <= _NAMED:
            self.first.append(line)

    def __str__(self) -> str:
        return ", ".join(map(str, self.first)) + " …" * (self.count > _NAMED)


@dataclass(slots=True)
class _RawText:
    """What was counted so far, line by line. `filled` are the lines that are not blank."""

    delimiter: str
    lines: int = 0
    filled: int = 0
    width: int = 0
    first_end: str = ""
    end: str = ""
    stray: _Places = field(default_factory=_Places)
    uneven: _Places = field(default_factory=_Places)
    broken: _Places = field(default_factory=_Places)
    _cells: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        # Each cell is quoted from its first character to its last, or has no quote.
        cell = f'(?:"(?:[^"]|"")*"|[^"{self.delimiter}]*)'
        self._cells = re.compile(f"{cell}(?:{self.delimiter}{cell})*")

    def take(self, line: str, end: str) -> None:
        """Count a line."""
        self.lines += 1
        self.end = end
        if self.lines == 1:
            self.first_end = end
        if not line[:1].isalnum() and not line.replace('""', "").replace(self.delimiter, "").strip():
            return
        self.filled += 1
        outside = line
        if '"' in line:
            outside = re.sub(r'"[^"]*"', "", line)
            if not self._cells.fullmatch(line):
                self.stray.add(self.lines)
        columns = outside.count(self.delimiter) + 1
        self.width = self.width or columns
        if columns != self.width:
            self.uneven.add(self.lines)
        if "\0" in line or "\ufffd" in line:
            self.broken.add(self.lines)


MOST_BYTES = 1 << 30  # of unpacked XML: a workbook of a million rows has a tenth of that
_STEP = 1 << 16
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_STRINGS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)


class _UncountableError(Exception):
    """This is no workbook that can be counted; the text says why."""


@dataclass(slots=True)
class RawWorkbook:
    """What sheets have: rows with a value, by part; cells with errors, as `part!cell`; `numbers` wanted."""

    wanted: Collection[str]
    rows: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    why_not: str = ""

    @classmethod
    def read(cls, data: bytes, wanted: Collection[str]) -> "RawWorkbook":
        """Count a workbook. `why_not` says why it cannot be counted."""
        raw = cls(wanted)
        try:
            raw._take(data)
        except (
            _UncountableError,
            zipfile.BadZipFile,
            zlib.error,
            expat.ExpatError,
            OSError,
            ValueError,
        ) as error:
            raw.why_not = str(error)
        except (NotImplementedError, RuntimeError, EOFError):  # packed in another way, or with a password
            raw.why_not = "it cannot be unpacked"
        return raw

    def doubts(self, name: str, rows: int) -> Iterator[str]:
        """Say what cannot be accounted for; nothing where `rows` are all, the header included."""
        if self.why_not:
            yield f"{name}: the rows of this workbook cannot be counted ({self.why_not}); save it as CSV"
            return
        if sum(self.rows.values()) != rows:
            sheets = ", ".join(f"{part} {count:,}" for part, count in self.rows.items())
            yield f"{name}: the sheets have rows ({sheets}), but {rows:,} rows were read, the header included"
        if self.errors:
            yield f"{name}: {len(self.errors):,} cells have errors, the first is {self.errors[0]}"

    def _take(self, data: bytes) -> None:
        left = MOST_BYTES
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for info in archive.infolist():
                is_sheet = _SHEET.fullmatch(info.filename)
                if is_sheet or _STRINGS.fullmatch(info.filename):
                    with archive.open(info) as part:
                        left -= _Part(self, info.filename if is_sheet else "").read(part, left)
        if not self.rows:
            raise _UncountableError("it has no sheets as XLSX has them")


@dataclass(slots=True)
class _Part:
    """One part, element by element. `sheet` is empty for the table of shared strings."""

    raw: RawWorkbook
    sheet: str
    _text: list[str] | None = None
    _has_value: bool = False

    def read(self, part: IO[bytes], most: int) -> int:
        """Read the part, and give its size. At most so many bytes are unpacked."""
        if self.sheet:
            self.raw.rows.setdefault(self.sheet.rpartition("/")[2], 0)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse
        size = 0
        while data := part.read(_STEP):
            size += len(data)
            if size > most:
                raise _UncountableError(f"it unpacks to more than {MOST_BYTES >> 20:,} MB")
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
            self.raw.numbers |= numbers_in(text, self.raw.wanted)
            self._text = None

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)


def _refuse(*_: object) -> None:
    raise _UncountableError("it has a document type, which no spreadsheet writes")


def accounting_doubts(name: str, data: bytes, rows: int, lost: Collection[str]) -> Iterator[str]:
    """Say what in a table cannot be accounted for. Nothing: all of it is certainly read.

    `rows` are those that were read, the header included. `lost` are numbers that no row has: where the raw
    file has one of them all the same, the reader did not see it.
    """
    if data.startswith(WORKBOOKS):
        raw = RawWorkbook.read(data, lost)
        yield from raw.doubts(name, rows)
        unseen = raw.numbers
    else:
        yield from text_doubts(name, data, rows)
        unseen = text_numbers(name, data, lost) if lost else set()
    if unseen:
        yield (
            f"{name}: {len(unseen):,} of the missing numbers are somewhere in the file, "
            "but no row has them as its number"
        )
