"""The raw text of a table, counted without its reader: places where a row may be lost or cut."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from reconciler.desired.table import decoded, delimiter_of

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
