"""The raw text of a table, counted without its reader: places where a row may be lost or cut."""

import re
from collections.abc import Collection, Iterator

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
    delimiter = delimiter_of(text)
    lines = [match.groups() for match in _LINE.finditer(text)]
    filled = [(at, line) for at, (line, _) in enumerate(lines, 1) if not _is_blank(line, delimiter)]
    if len(filled) != rows:
        yield (
            f"{name}: {len(filled):,} lines are not blank, but {rows:,} rows were read, the header included: "
            "a quote or a cell spans lines"
        )
    cells = _cells(delimiter)
    stray = [at for at, line in filled if '"' in line and not cells.fullmatch(line)]
    if stray:
        yield f"{name}:{_named(stray)}: a quote neither opens nor closes a cell of this line"
    width = _width(filled[0][1], delimiter) if filled else 0
    uneven = [at for at, line in filled if _width(line, delimiter) != width]
    if uneven:
        yield f"{name}:{_named(uneven)}: the line has another number of columns than the first, {width}"
    broken = [at for at, line in filled if "\0" in line or "\ufffd" in line]
    if broken:
        yield f"{name}:{_named(broken)}: characters cannot be decoded"
    yield from _cut_short(name, lines)


def numbers_in(text: str) -> set[str]:
    """Find what may be a number of +1 anywhere in a text, whatever the reader took it for; E.164."""
    return {"+1" + "".join(match.groups()) for match in _NUMBER.finditer(text)}


def text_numbers(name: str, data: bytes, wanted: Collection[str]) -> set[str]:
    """Find which of these numbers the raw text has."""
    return numbers_in(decoded(name, data)) & set(wanted)


def _cut_short(name: str, lines: list[tuple[str, ...]]) -> Iterator[str]:
    """Say that the last line does not end as the first one does. What follows it in `lines` is empty."""
    own = lines[:-1]
    if own and own[0][1] != own[-1][1]:
        yield f"{name}:{len(own)}: the last line does not end as the first one does: the file may be cut"


def _is_blank(line: str, delimiter: str) -> bool:
    return not line.replace('""', "").replace(delimiter, "").strip()


def _cells(delimiter: str) -> re.Pattern[str]:
    """Match a line of whole cells: each quoted from its first character to its last, or without a quote."""
    cell = f'(?:"(?:[^"]|"")*"|[^"{delimiter}]*)'
    return re.compile(f"{cell}(?:{delimiter}{cell})*")


def _width(line: str, delimiter: str) -> int:
    outside = re.sub(r'"[^"]*"', "", line) if '"' in line else line
    return outside.count(delimiter) + 1


def _named(lines: list[int]) -> str:
    return ", ".join(str(line) for line in lines[:_NAMED]) + " …" * (len(lines) > _NAMED)
