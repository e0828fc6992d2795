"""The raw parts of a workbook (XLSX), counted without its reader: rows of all sheets, cells with errors."""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO
from xml.parsers import expat

from reconciler.desired.raw_text import numbers_in

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
