"""A list file as people wrote it, cut into entries and releases that can be sorted, gathered and added to.

Everything outside them is kept to the character: the first lines, the defaults, whatever stands between.
"""

import re
from dataclasses import dataclass, field

from reconciler.desired.content import SECTIONS, content
from reconciler.desired.item import Item, Number
from reconciler.desired.opened import column_of, opened
from reconciler.desired.remarks import behind, indented, remarks
from reconciler.desired.sheet_items import Cutter
from reconciler.desired.spans import Branch, Leaf, read_spans
from reconciler.model.errors import InvalidInput

__all__ = ["Item", "Number", "Section", "Sheet"]

_MARK = "\ufeff"
# Other characters that YAML takes for the end of a line; a carriage return only where no line feed follows.
_ODD_BREAK = re.compile("[\x85\u2028\u2029]|\r(?!\n)")


@dataclass(slots=True)
class Section:
    """The entries or the releases of a file. `empty` is how it is written while it has none."""

    name: str
    column: int
    items: list[Item] = field(default_factory=list)
    empty: str = ""

    def lines(self) -> list[str]:
        """Write the section's items; with its key, where it stood empty in the file."""
        lines = [line for place, item in enumerate(self.items) for line in item.lines(first=not place)]
        if not self.empty:
            return lines
        if not self.items:
            return [self.empty]
        comment, *more = [*remarks(self.empty).all, ""]
        return [behind(f"{self.name}:", comment), *indented(self.column, more[:-1]), *lines]


@dataclass(slots=True)
class Sheet:
    """A list file: sections, and pieces of text between. `newline`, `mark`, `original` are as in the file."""

    pieces: list[list[str] | Section]
    newline: str
    mark: str
    original: tuple[str, Branch]

    @classmethod
    def read(cls, path: str, data: bytes, *, whole: bool = False) -> "Sheet":
        """Cut up a list file, which `read_lists` must have read without an error.

        With `whole`, entries in brackets are written line by line too. Without, they are kept as they are,
        and nothing is added to them.

        Raises InvalidInput for the few forms of YAML that cannot be edited line by line.
        """
        text = data.decode("utf-8")
        mark = _MARK if text.startswith(_MARK) else ""
        text = text.removeprefix(_MARK)
        first = text.find("\n")
        newline = "\r\n" if text[max(0, first - 1) : first] == "\r" else "\n"
        text = text.replace("\r\n", "\n")
        if odd := _ODD_BREAK.search(text):
            line = text.count("\n", 0, odd.start()) + 1
            said = "a line break that most programs do not show"
            raise InvalidInput(said, "write an ordinary one, or a space", where=f"{path}:{line}")
        root = read_spans(text)
        if not isinstance(root, Branch):
            raise InvalidInput("this is no list", "write listId, and entries or releases", where=path)
        return cls(_pieces(path, *opened(text, root, whole=whole)), newline, mark, (text, root))

    @property
    def content(self) -> object:
        """Tell what the file said when it was read: it must be the same after everything that only moves."""
        return content(*self.original)

    def section(self, name: str) -> Section | None:
        """Give a section, if the file has it."""
        return next(
            (piece for piece in self.pieces if isinstance(piece, Section) and piece.name == name), None
        )

    def entries(self) -> Section:
        """Give the entries, to add to; a file that has none gets the section at its end."""
        found = self.section("entries")
        if found is None:
            found = Section("entries", 2, empty="entries: []")
            last = self.pieces[-1]
            while isinstance(last, list) and last and not last[-1]:
                last.pop()
            self.pieces.append(found)
        return found

    def data(self) -> bytes:
        """Put the file together again. It ends in one line break at least."""
        lines = [line for p in self.pieces for line in (p.lines() if isinstance(p, Section) else p)]
        text = "\n".join(lines)
        return (self.mark + text.rstrip("\n") + "\n").replace("\n", self.newline).encode()


def _pieces(path: str, text: str, root: Branch) -> list[list[str] | Section]:
    lines = text.split("\n")
    pieces: list[list[str] | Section] = []
    at = 0  # the first line that is in no piece yet
    cutter = Cutter(path, text, lines)
    for key, value in root.pairs():
        if key.text not in SECTIONS or not isinstance(value, Branch):
            continue
        column = column_of(text, key.start) + 2
        if not value.parts:
            start, end, section = _empty(cutter, key, value, column)
        else:
            start, end, items = cutter.cut(key, value)
            section = Section(key.text, column, items)
        pieces += [lines[at:start], section]
        at = end
    return [*pieces, lines[at:]]


def _empty(cutter: Cutter, key: Leaf, value: Branch, column: int) -> tuple[int, int, Section]:
    start, end = cutter.line_of(key.start), cutter.line_of(value.end) + 1
    return start, end, Section(key.text, column, empty="\n".join(cutter.lines[start:end]))
