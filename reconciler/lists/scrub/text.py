"""Rows of a text as a stream, each with its own text as it was: no more than a few rows are ever held."""

import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from string import whitespace
from typing import IO, NamedTuple

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.tables.content import unmarked_utf16
from reconciler.lists.tables.rows import Row
from reconciler.lists.tables.text import (
    LONGEST_SPAN,
    UNDECODABLE,
    Grammar,
    declared_delimiter,
    find_delimiter,
    quoted_row,
)

HOLDS_LINES = "a quoted cell spans lines, and one of them may be a row of its own: correct the quotes"
_STEP = 1 << 20
LONGEST_LINE = 1 << 20  # bytes: a row of a table has a few hundred
_SIGNATURES = {
    b"PK": "a workbook or a ZIP",
    b"\x1f\x8b": "packed with gzip",
    b"\xd0\xcf\x11\xe0": "an older workbook, or one with a password",
}
_START = 1 << 12
_MARKUP = re.compile(rb"\s*<")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text as it is on the disk: its digest, its size, and how its bytes are read as text, and back.

    `lines` counts its lines without the reader of rows: what follows the last line end is one, if not empty.
    """

    file: Path
    sha256: str
    size: int
    encoding: str
    errors: str
    lines: int

    def encode(self, text: str) -> bytes:
        """Give the bytes that were read as this text."""
        return text.encode(self.encoding, self.errors)


class RawRow(NamedTuple):
    """A row as it was: the line it begins in, its cells, and its text with all its line ends.

    The cells of a row without quotes have white space around them, until `row` takes it off.
    """

    line: int
    cells: Sequence[str]
    text: str
    lines: int = 1
    problem: str = ""

    @property
    def row(self) -> Row:
        """Give the row as tables have it."""
        return Row(self.line, tuple([cell.strip() for cell in self.cells]), self.problem, self.lines)


def inspect_text(file: Path) -> TextFile:
    """Read a file once, and tell how it is written. Raises InvalidInput for what is no text of rows."""
    digest, size, utf8 = sha256(), 0, getincrementaldecoder("utf-8")()
    is_utf8, has_nul, unbroken = True, False, 0
    start = b""
    with _opened(file) as stream:
        while block := stream.read(_STEP):
            start = start or block[:_START]
            digest.update(block)
            size += len(block)
            has_nul = has_nul or b"\0" in block
            unbroken = _demand_lines(file, block, unbroken)
            if is_utf8:
                try:
                    utf8.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
    try:
        utf8.decode(b"", True)  # noqa: FBT003  (it takes it by position)
    except UnicodeDecodeError:
        is_utf8 = False
    encoding, errors = _encoding(file, start, is_utf8=is_utf8, has_nul=has_nul)
    return TextFile(file, digest.hexdigest(), size, encoding, errors, _count_lines(file, encoding, errors))


def _count_lines(file: Path, encoding: str, errors: str) -> int:
    """Count the lines of a text by its line ends, block by block."""
    decoder, count, last = getincrementaldecoder(encoding)(errors), 0, ""
    with _opened(file) as stream:
        while block := stream.read(_STEP):
            text = decoder.decode(block)
            both = last + text
            count += text.count("\n") + text.count("\r") - both.count("\r\n")
            last = text[-1:] or last
    return count + (last not in {"", "\n", "\r"})


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=str(file)) from error


def _demand_lines(file: Path, block: bytes, unbroken: int) -> int:
    """Count the bytes since the last line end. Raises InvalidInput where a line is longer than any row."""
    first = min((at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0), default=len(block))
    if unbroken + first > LONGEST_LINE:
        fact = f"a line has more than {LONGEST_LINE >> 20} MB, so this is no table of rows"
        raise InvalidInput(fact, "export it as CSV, TSV or XLSX", where=str(file))
    last = max(block.rfind(b"\n"), block.rfind(b"\r"))
    return unbroken + len(block) if last < 0 else len(block) - last - 1


def _encoding(file: Path, start: bytes, *, is_utf8: bool, has_nul: bool) -> tuple[str, str]:
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise InvalidInput(f"this is {what}, and no text", "save it as CSV or XLSX", where=str(file))
    if _MARKUP.match(start.removeprefix(BOM_UTF8).replace(b"\0", b"").lstrip(b"\xff\xfe")):
        raise InvalidInput("this is HTML or XML", "save it as CSV or XLSX", where=str(file))
    if start.startswith(BOM_UTF16_LE):
        return "utf-16-le", "surrogatepass"
    if start.startswith(BOM_UTF16_BE):
        return "utf-16-be", "surrogatepass"
    if has_nul:
        return unmarked_utf16(str(file), start), "surrogatepass"
    # What spreadsheets write where it is not UTF-8. Bytes that it does not have go back as they were.
    return ("utf-8", "strict") if is_utf8 else ("cp1252", "surrogateescape")


class _Hashing(io.RawIOBase):
    """Hashes what is read through it, so that what was read can be held against what was looked at."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.digest = sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # as it is called
        data = self._stream.read(len(buffer))
        self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)


def text_lines(text: TextFile) -> Iterator[str]:
    """Give the lines of a text, each with its line end.

    Raises InvalidInput where the file is another one than was looked at, or ends within a character.
    """
    with _opened(text.file) as stream:
        hashing = _Hashing(stream)
        with io.TextIOWrapper(
            io.BufferedReader(hashing, _STEP), encoding=text.encoding, errors=text.errors, newline=""
        ) as lines:
            try:
                yield from lines
            except UnicodeDecodeError as error:
                fact = "the file ends within a character, or was changed while it was read"
                raise InvalidInput(fact, "export it again", where=str(text.file)) from error
        if hashing.digest.hexdigest() != text.sha256:
            fact = "the file was changed while it was read"
            raise InvalidInput(fact, "run it again when the file is complete", where=str(text.file))


@dataclass(slots=True)
class TextRows:
    """The rows of a text. `preface` is a first line `sep=;`, which is no row; `blank` counts blank lines.

    `seen` counts the lines that were read so far.
    """

    lines: Iterator[str]
    delimiter: str
    preface: str = ""
    blank: int = 0
    seen: int = 0

    @classmethod
    def of(cls, lines: Iterable[str]) -> "TextRows":
        """Find what separates cells, and begin with the first row."""
        remaining = iter(lines)
        begin = list(islice(remaining, LONGEST_SPAN))
        first = _content(begin[0]).strip("\ufeff") if begin else ""
        declared = declared_delimiter(first)
        preface = begin.pop(0) if declared else ""
        delimiter = declared or find_delimiter(begin)
        return cls(chain(begin, remaining), delimiter, preface)

    def __iter__(self) -> Iterator[RawRow]:
        """Give the rows that are not blank, in order."""
        grammar, delimiter = Grammar.of(self.delimiter), self.delimiter
        blanks = f"{delimiter}{whitespace}\u00a0"
        number = 1 + bool(self.preface)
        waiting: deque[str] = deque()
        while (line := waiting.popleft() if waiting else next(self.lines, None)) is not None:
            content = line.rstrip("\r\n") if number > 1 else _content(line).removeprefix("\ufeff")
            if '"' in content or "\ufffd" in line or "\0" in line:
                raw = self._unusual_row(number, content, line, waiting, grammar)
            else:
                raw = RawRow(number, content.split(delimiter), line)
            number += raw.lines
            self.seen = number - 1
            if content.strip(blanks) or raw.problem or any(raw.row.cells):
                yield raw
            else:
                self.blank += raw.lines

    def _unusual_row(
        self, number: int, content: str, line: str, waiting: deque[str], grammar: Grammar
    ) -> RawRow:
        """Read a row with quotes, or with characters that could not be decoded."""
        row = Row(number, tuple(content.split(self.delimiter)))
        if '"' in content:
            if grammar.whole.fullmatch(content):
                row = quoted_row([content], 0, self.delimiter, grammar)
            else:
                waiting.extend(islice(self.lines, LONGEST_SPAN - len(waiting)))
                row, line = self._quoted(content, line, waiting, grammar)
        problem = row.problem or (UNDECODABLE if "\ufffd" in line or "\0" in line else "")
        return RawRow(number, row.cells, line, row.lines, problem)

    def _quoted(self, content: str, line: str, waiting: deque[str], grammar: Grammar) -> tuple[Row, str]:
        """Read a row whose quotes are open at the end of its line, or wrong."""
        contents = [content, *map(_content, waiting)]
        row = quoted_row(contents, 0, self.delimiter, grammar)
        if row.lines > 1:
            inner = contents[1 : row.lines]
            if any(self._may_be_row(one, len(row.cells)) for one in inner[:-1]):
                row = row._replace(lines=1, problem=HOLDS_LINES)
        text = line + "".join(waiting.popleft() for _ in range(row.lines - 1))
        return row, text

    def _may_be_row(self, content: str, width: int) -> bool:
        return width > 1 and content.count(self.delimiter) >= width - 1


def _content(line: str) -> str:
    if line.endswith("\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(("\n", "\r")) else line
