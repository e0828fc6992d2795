"""Rows of CSV, TSV and the like: a row is a line, or lines of quoted cells in which nothing is a row."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.lists.tables.rows import Row, find_numbers, holds_number

_MARKS = "\t;,|"
_DECLARED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
LONGEST_SPAN = 1_000  # lines of one cell: a note has fewer

STRAY_QUOTE = "a quote neither opens nor closes a cell of this line: correct it"
OPEN_QUOTE = "a quote opens in this line and does not close: correct it"
SWALLOWED = "a quoted cell spans lines, and what is in it may be rows of their own: correct the quotes"
UNDECODABLE = "characters cannot be decoded: export the table again, as UTF-8"


def text_lines(text: str) -> list[str]:
    """Cut a text into its lines. What follows the last line end is one, too, and empty as a rule."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def declared_delimiter(line: str) -> str:
    """Give the mark of a line `sep=;`, by which spreadsheets say what separates cells; empty: it is none."""
    match = _DECLARED.fullmatch(line.strip("\ufeff"))
    return match[1] if match else ""


def find_delimiter(lines: Sequence[str]) -> str:
    """Find what separates cells: the mark that the first line with any has most of."""
    marked = next((line for line in lines if any(mark in line for mark in _MARKS)), "")
    # Spreadsheets write semicolons where the comma is the decimal mark.
    return max(_MARKS, key=lambda mark: (marked.count(mark), mark == ","))


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a line of whole cells looks, one that leaves a quote open, and how an open quote goes on."""

    whole: re.Pattern[str]
    opened: re.Pattern[str]
    inside: re.Pattern[str]
    closed: re.Pattern[str]
    reopened: re.Pattern[str]

    @classmethod
    def of(cls, delimiter: str) -> "Grammar":
        """Make the patterns for what separates cells."""
        mark = re.escape(delimiter)
        quoted = '(?:[^"]|"")*'
        # Each cell is quoted from its first character to its last, is ="text", or has no quote.
        cell = f'(?: *"{quoted}"|="[^"{mark}]*"|[^"{mark}]*)'
        more = f"(?:{mark}{cell})*"
        return cls(
            whole=re.compile(cell + more),
            opened=re.compile(f'(?:{cell}{mark})* *"({quoted})'),
            inside=re.compile(quoted),
            closed=re.compile(f'({quoted})"{more}'),
            reopened=re.compile(f'({quoted})"(?:{mark}{cell})*{mark} *"({quoted})'),
        )


def text_rows(lines: Sequence[str], delimiter: str, first: int = 1) -> Iterator[Row]:
    """Give the rows of lines, those that are blank left out; `first` is the line to begin with.

    Where quotes are not as they should be, a line is taken for itself, so that it swallows no other.
    """
    grammar = Grammar.of(delimiter)
    at = first - 1
    while at < len(lines):
        line = lines[at]
        row = Row(at + 1, tuple(map(str.strip, line.split(delimiter))))
        if '"' in line:
            row = quoted_row(lines, at, delimiter, grammar)
        if "\ufffd" in line or "\0" in line:
            row = row._replace(problem=row.problem or UNDECODABLE)
        if row.problem or any(row.cells):
            yield row
        at += row.lines


def quoted_row(lines: Sequence[str], at: int, delimiter: str, grammar: Grammar) -> Row:
    """Read the row that begins in the line at `at`, which has a quote; it may go on in the lines after it."""
    line = lines[at]
    as_it_is = Row(at + 1, tuple(map(str.strip, line.split(delimiter))))
    if grammar.whole.fullmatch(line):
        return _parse_cells(as_it_is, [line], delimiter)
    opened = grammar.opened.fullmatch(line)
    if opened is None:
        return as_it_is._replace(problem=STRAY_QUOTE)
    insides, count, is_closed = [opened[1]], 1, False
    for line in lines[at + 1 : at + LONGEST_SPAN]:
        count += 1
        if grammar.inside.fullmatch(line):
            insides.append(line)
        elif match := grammar.reopened.fullmatch(line):
            insides += match.groups()
        else:
            match = grammar.closed.fullmatch(line)
            is_closed = match is not None
            insides += match.groups() if match else ()
            break
    if not is_closed:
        return as_it_is._replace(problem=OPEN_QUOTE)
    if any(map(holds_number, insides)):
        return as_it_is._replace(problem=SWALLOWED)
    return _parse_cells(as_it_is._replace(lines=count), lines[at : at + count], delimiter)


def _parse_cells(row: Row, lines: Sequence[str], delimiter: str) -> Row:
    try:
        reader = csv.reader(
            (f"{line}\n" for line in lines), delimiter=delimiter, skipinitialspace=True, strict=True
        )
        return row._replace(cells=tuple(cell.strip() for cell in next(reader)))
    except (csv.Error, StopIteration) as error:
        return row._replace(problem=f"this row can't be read: {error}", lines=1)


_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class RawLines:
    """What a raw text has, counted without its reader: which lines are not blank, and how lines end.

    `filled` has a byte for each line from 1: 1 where it is not blank.
    """

    text: str
    filled: bytearray
    first_end: str
    last_end: str

    @classmethod
    def count(cls, text: str, delimiter: str) -> "RawLines":
        """Count a text's lines."""
        filled = bytearray(1)
        ends: list[str] = []
        blanks = str.maketrans("", "", delimiter)
        for match in _LINE.finditer(text):
            if match[0]:
                line = match[1]
                is_blank = not line[:1].isalnum() and not line.replace('""', "").translate(blanks).strip()
                filled.append(not is_blank)
                ends[1:] = [match[2]]
        return cls(text, filled, ends[0] if ends else "", ends[-1] if ends else "")

    @property
    def ends_as_it_begins(self) -> bool:
        """Tell whether the last line ends as the first one does: one that does not may be cut."""
        return self.first_end == self.last_end

    def unread_lines(self, rows: Sequence[Row], set_aside: int) -> list[int]:
        """Give the lines that are not blank and part of no row; the first `set_aside` lines are none."""
        unread = bytearray(self.filled)
        unread[: set_aside + 1] = bytes(set_aside + 1)
        for row in rows:
            unread[row.line : row.line + row.lines] = bytes(row.lines)
        return [line for line, is_unread in enumerate(unread) if is_unread]

    def row_count(self, rows: Sequence[Row]) -> int:
        """Count the lines that are not blank, those within cells left out."""
        within = sum(sum(self.filled[row.line + 1 : row.line + row.lines]) for row in rows if row.lines > 1)
        return sum(self.filled) - within

    def numbers(self, searched: frozenset[str]) -> set[str]:
        """Find which of these numbers of +1 the raw text has."""
        return find_numbers(self.text, searched)
