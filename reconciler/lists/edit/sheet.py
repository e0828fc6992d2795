"""A list file as people wrote it, cut into entries and releases with their comments."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.flow_style import column_of, opened
from reconciler.lists.edit.items import SECTIONS, Item, Number, Said, behind, content, indented, remarks
from reconciler.yaml_tree.spans import Branch, Leaf, Part, gaps, plain, read_spans

_NUMBER_KEYS = frozenset({"phone", "phones"})


class Cutter:
    """Cuts one file, whose every list is in block form."""

    def __init__(self, path: str, text: str, lines: list[str]) -> None:
        self.path = path
        self.text = text
        self.lines = lines
        self.starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def line_of(self, place: int) -> int:
        """Tell the line of a place, from 0."""
        return bisect_right(self.starts, place) - 1

    def cut(self, key: Leaf, section: Branch) -> tuple[int, int, list[Item]]:
        """Cut a section. Gives its first line, the one after its last, and its items."""
        column = column_of(self.text, section.start)
        dashes = [self._dash_line(part, column) for part in section.parts]
        start = self._head_end(self.line_of(key.start) + 1, dashes[0])
        items: list[Item] = []
        at = start
        for part, dash in zip(section.parts, dashes, strict=True):
            if not isinstance(part, Branch) or part.keys is None:
                raise self._refused("an item that is no entry", "write its keys", dash)
            end = self._end(part, column)
            item = self._closed(part, column) or self._item(part, column, (dash, end))
            item.written = self.lines[at:end]
            self._put_above(item, [line.strip() for line in self.lines[at:dash]])
            items.append(item)
            at = end
        return start, at, items

    def _dash_line(self, part: Part, column: int) -> int:
        line = self.line_of(part.start)
        while self.lines[line][: column + 1] != " " * column + "-":
            line -= 1
        return line

    def _head_end(self, start: int, dash: int) -> int:
        """Leave comments at the top of a section, with a blank line below them, where they are."""
        blanks = [line for line in range(start, dash) if not self.lines[line].strip()]
        if blanks and any(line.strip() for line in self.lines[start : blanks[-1]]):
            return blanks[-1] + 1
        return start

    def _end(self, part: Branch, column: int) -> int:
        """Give the line after an item's last: comments right below it, and indented deeper, are its own."""
        line = self.line_of(part.end - 1) + 1
        while line < len(self.lines) and _comment_column(self.lines[line]) > column:
            line += 1
        return line

    @staticmethod
    def _closed(part: Branch, column: int) -> Item | None:
        """Take an entry in brackets as a whole; it is written as it was."""
        many = part.get("phones")
        is_block = isinstance(many, Branch)
        if not part.is_flow and not (isinstance(many, Branch) and many.is_flow):
            return None
        leaves = many.parts if isinstance(many, Branch) else [part.get("phone")]
        numbers = [Number(leaf.text) for leaf in leaves if isinstance(leaf, Leaf)]
        return Item(_said(part), numbers, is_block, column, [], remarked=True)

    @staticmethod
    def _put_above(item: Item, above: list[str]) -> None:
        """Give an item what stands above it: to its number, or to a block as its own."""
        item.above = above
        texts = tuple(line for line in above if line)
        item.remarked = item.remarked or (item.is_block and bool(texts))
        if texts and not item.is_block:
            item.numbers = [replace(item.numbers[0], above=texts)]

    def _item(self, part: Branch, column: int, lines: tuple[int, int]) -> Item:
        start, end = self.starts[lines[0]], self.starts[lines[1]] - 1
        comments = 0
        if "#" in self.text[start:end] or "?" in self.text[start:end]:
            between = gaps(self.text, part, start, end)
            comments = sum(len(remarks(gap).all) for gap in between)
            if any("?" in gap.partition("#")[0] for gap in between):
                raise self._refused("a key written with ?", "write key, colon and value", lines[0])
        many, one = part.get("phones"), part.get("phone")
        if isinstance(many, Branch) and many.parts:
            item = self._block(part, many, column, lines)
        elif isinstance(one, Leaf):
            item = self._single(part, one, column, (start, end))
        else:
            raise self._refused("an entry without a number", "write phone or phones", lines[0])
        attached = sum(len(n.above) + bool(n.behind) + len(n.below) for n in item.numbers)
        item.remarked = comments > attached
        return item

    def _single(self, part: Branch, phone: Leaf, column: int, place: tuple[int, int]) -> Item:
        start, end = place
        comment = remarks(self.text[phone.end : end].partition("\n")[0]).behind
        head = f'{self.text[start : phone.start]}"{phone.text}"{self.text[phone.end : end]}'.split("\n")
        terms = [self.text[k.start : max(k.end + 1, v.end)] for k, v in part.pairs() if k.text != "phone"]
        number = Number(phone.text, behind=comment)
        return Item(_said(part), [number], is_block=False, column=column, head=head, terms=terms)

    def _block(self, part: Branch, many: Branch, column: int, lines: tuple[int, int]) -> Item:
        key = next(key for key in part.keys or () if key.text == "phones")
        numbers_at = column_of(self.text, many.start)
        last = self.line_of(many.end - 1) + 1
        tail_from = last
        while tail_from < lines[1] and _comment_column(self.lines[tail_from]) > numbers_at:
            tail_from += 1
        below = tuple(line.strip() for line in self.lines[last:tail_from])
        head = self.lines[lines[0] : self.line_of(key.start) + 1]
        numbers = self._numbers(key, many, numbers_at)
        numbers[-1] = replace(numbers[-1], below=below)
        item = Item(_said(part), numbers, is_block=True, column=column, head=head, numbers_at=numbers_at)
        item.tail = self.lines[tail_from : lines[1]]
        return item

    def _numbers(self, key: Leaf, many: Branch, column: int) -> list[Number]:
        """Read a block's numbers with their comments. The loop is the hot one."""
        usual = "\n" + " " * column + "- "
        numbers: list[Number] = []
        at = key.end
        for leaf in many.parts:
            if not isinstance(leaf, Leaf):
                raise self._refused("an item that is no number", "write a number", self.line_of(leaf.start))
            gap = self.text[at : leaf.start]
            at = leaf.end
            if gap == usual:
                numbers.append(Number(leaf.text))
                continue
            found = remarks(gap)
            below, above = found.split(column)
            if numbers:
                numbers[-1] = replace(numbers[-1], behind=found.behind, below=below)
                numbers.append(Number(leaf.text, above))
            else:
                numbers.append(Number(leaf.text, below + above))
        comment = remarks(self.text[at : self.starts[self.line_of(at) + 1]].partition("\n")[0]).behind
        numbers[-1] = replace(numbers[-1], behind=comment)
        return numbers

    def _refused(self, fact: str, way_out: str, line: int) -> InvalidInput:
        return InvalidInput(fact, way_out, where=f"{self.path}:{line + 1}")


def _comment_column(line: str) -> int:
    """Tell in which column a line's comment begins; -1 for a line that is no comment."""
    text = line.lstrip(" ")
    return len(line) - len(text) if text.startswith("#") else -1


def _said(part: Branch) -> Said:
    pairs = ((key.text, value) for key, value in part.pairs() if key.text not in _NUMBER_KEYS)
    return tuple(
        sorted((key, value.text if isinstance(value, Leaf) else repr(plain(value))) for key, value in pairs)
    )


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
