"""A list file as people wrote it, cut into entries and releases with their comments."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.flow_style import column_of, expand_flow_lists
from reconciler.lists.edit.items import (
    SECTIONS,
    Item,
    ItemKeys,
    Number,
    indent_comments,
    parse_comments,
    parse_content,
    with_trailing_comment,
)
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
        dashes = [self._dash_line(item_node, column) for item_node in section.parts]
        start = self._items_start(self.line_of(key.start) + 1, dashes[0])
        items: list[Item] = []
        line_number = start
        for item_node, dash in zip(section.parts, dashes, strict=True):
            if not isinstance(item_node, Branch) or item_node.keys is None:
                raise self._unsupported("an item that is no entry", "write its keys", dash)
            end = self._item_end(item_node, column)
            item = self._flow_item(item_node, column) or self._item(item_node, column, (dash, end))
            item.source_lines = self.lines[line_number:end]
            self._attach_comments(item, [line.strip() for line in self.lines[line_number:dash]])
            items.append(item)
            line_number = end
        return start, line_number, items

    def _dash_line(self, part: Part, column: int) -> int:
        line = self.line_of(part.start)
        while self.lines[line][: column + 1] != " " * column + "-":
            line -= 1
        return line

    def _items_start(self, start: int, dash: int) -> int:
        """Leave comments at the top of a section, with a blank line below them, where they are."""
        blanks = [line for line in range(start, dash) if not self.lines[line].strip()]
        if blanks and any(line.strip() for line in self.lines[start : blanks[-1]]):
            return blanks[-1] + 1
        return start

    def _item_end(self, part: Branch, column: int) -> int:
        """Give the line after an item's last: comments right below it, and indented deeper, are its own."""
        line = self.line_of(part.end - 1) + 1
        while line < len(self.lines) and _comment_column(self.lines[line]) > column:
            line += 1
        return line

    @staticmethod
    def _flow_item(part: Branch, column: int) -> Item | None:
        """Take an entry in brackets as a whole; it is written as it was."""
        phones = part.get("phones")
        is_block = isinstance(phones, Branch)
        if not part.is_flow and not (isinstance(phones, Branch) and phones.is_flow):
            return None
        leaves = phones.parts if isinstance(phones, Branch) else [part.get("phone")]
        numbers = [Number(leaf.text) for leaf in leaves if isinstance(leaf, Leaf)]
        return Item(_item_keys(part), numbers, is_block, column, [], has_comments=True)

    @staticmethod
    def _attach_comments(item: Item, lines_above: list[str]) -> None:
        """Give an item what stands above it: to its number, or to a block as its own."""
        item.lines_above = lines_above
        texts = tuple(line for line in lines_above if line)
        item.has_comments = item.has_comments or (item.is_block and bool(texts))
        if texts and not item.is_block:
            item.numbers = [replace(item.numbers[0], comments_above=texts)]

    def _item(self, item_node: Branch, column: int, lines: tuple[int, int]) -> Item:
        start, end = self.starts[lines[0]], self.starts[lines[1]] - 1
        comments = 0
        if "#" in self.text[start:end] or "?" in self.text[start:end]:
            comment_gaps = gaps(self.text, item_node, start, end)
            comments = sum(len(parse_comments(gap).texts) for gap in comment_gaps)
            if any("?" in gap.partition("#")[0] for gap in comment_gaps):
                raise self._unsupported("a key written with ?", "write key, colon and value", lines[0])
        phones, phone = item_node.get("phones"), item_node.get("phone")
        if isinstance(phones, Branch) and phones.parts:
            item = self._block_item(item_node, phones, column, lines)
        elif isinstance(phone, Leaf):
            item = self._single_item(item_node, phone, column, (start, end))
        else:
            raise self._unsupported("an entry without a number", "write phone or phones", lines[0])
        attached_comments = sum(
            len(number.comments_above) + bool(number.trailing_comment) + len(number.comments_below)
            for number in item.numbers
        )
        item.has_comments = comments > attached_comments
        return item

    def _single_item(self, part: Branch, phone: Leaf, column: int, place: tuple[int, int]) -> Item:
        start, end = place
        comment = parse_comments(self.text[phone.end : end].partition("\n")[0]).trailing
        head = f'{self.text[start : phone.start]}"{phone.text}"{self.text[phone.end : end]}'.split("\n")
        terms = [self.text[k.start : max(k.end + 1, v.end)] for k, v in part.pairs() if k.text != "phone"]
        number = Number(phone.text, trailing_comment=comment)
        return Item(_item_keys(part), [number], is_block=False, column=column, head=head, terms=terms)

    def _block_item(self, part: Branch, phones: Branch, column: int, lines: tuple[int, int]) -> Item:
        key = next(key for key in part.keys or () if key.text == "phones")
        numbers_at = column_of(self.text, phones.start)
        last_line = self.line_of(phones.end - 1) + 1
        tail_from = last_line
        while tail_from < lines[1] and _comment_column(self.lines[tail_from]) > numbers_at:
            tail_from += 1
        below = tuple(line.strip() for line in self.lines[last_line:tail_from])
        head = self.lines[lines[0] : self.line_of(key.start) + 1]
        numbers = self._numbers(key, phones, numbers_at)
        numbers[-1] = replace(numbers[-1], comments_below=below)
        item = Item(
            _item_keys(part), numbers, is_block=True, column=column, head=head, numbers_column=numbers_at
        )
        item.tail = self.lines[tail_from : lines[1]]
        return item

    def _numbers(self, key: Leaf, phones: Branch, column: int) -> list[Number]:
        """Read a block's numbers with their comments. The loop is the hot one."""
        usual = "\n" + " " * column + "- "
        numbers: list[Number] = []
        position = key.end
        for leaf in phones.parts:
            if not isinstance(leaf, Leaf):
                raise self._unsupported(
                    "an item that is no number", "write a number", self.line_of(leaf.start)
                )
            gap = self.text[position : leaf.start]
            position = leaf.end
            if gap == usual:
                numbers.append(Number(leaf.text))
                continue
            comments = parse_comments(gap)
            comments_below, comments_above = comments.split(column)
            if numbers:
                numbers[-1] = replace(
                    numbers[-1], trailing_comment=comments.trailing, comments_below=comments_below
                )
                numbers.append(Number(leaf.text, comments_above))
            else:
                numbers.append(Number(leaf.text, comments_below + comments_above))
        comment = parse_comments(
            self.text[position : self.starts[self.line_of(position) + 1]].partition("\n")[0]
        ).trailing
        numbers[-1] = replace(numbers[-1], trailing_comment=comment)
        return numbers

    def _unsupported(self, fact: str, way_out: str, line: int) -> InvalidInput:
        return InvalidInput(fact, way_out, where=f"{self.path}:{line + 1}")


def _comment_column(line: str) -> int:
    """Tell in which column a line's comment begins; -1 for a line that is no comment."""
    text = line.lstrip(" ")
    return len(line) - len(text) if text.startswith("#") else -1


def _item_keys(part: Branch) -> ItemKeys:
    pairs = ((key.text, value) for key, value in part.pairs() if key.text not in _NUMBER_KEYS)
    return tuple(
        sorted((key, value.text if isinstance(value, Leaf) else repr(plain(value))) for key, value in pairs)
    )


__all__ = ["Item", "Number", "Section", "Sheet"]

_BOM = "\ufeff"
# Other characters that YAML takes for the end of a line; a carriage return only where no line feed follows.
_UNUSUAL_BREAK = re.compile("[\x85\u2028\u2029]|\r(?!\n)")


@dataclass(slots=True)
class Section:
    """The entries or the releases of a file. `empty_text` is how it is written while it has none."""

    name: str
    column: int
    items: list[Item] = field(default_factory=list)
    empty_text: str = ""

    def lines(self) -> list[str]:
        """Write the section's items; with its key, where it stood empty in the file."""
        lines = [line for place, item in enumerate(self.items) for line in item.lines(is_first=not place)]
        if not self.empty_text:
            return lines
        if not self.items:
            return [self.empty_text]
        comment, *more = [*parse_comments(self.empty_text).texts, ""]
        return [
            with_trailing_comment(f"{self.name}:", comment),
            *indent_comments(self.column, more[:-1]),
            *lines,
        ]


@dataclass(slots=True)
class Sheet:
    """A list file: sections, and pieces of text between. `newline`, `bom`, `original` are as in the file."""

    pieces: list[list[str] | Section]
    newline: str
    bom: str
    original: tuple[str, Branch]

    @classmethod
    def read(cls, path: str, data: bytes, *, whole: bool = False) -> "Sheet":
        """Cut up a list file, which `read_lists` must have read without an error.

        With `whole`, entries in brackets are written line by line too. Without, they are kept as they are,
        and nothing is added to them.

        Raises InvalidInput for the few forms of YAML that cannot be edited line by line.
        """
        text = data.decode("utf-8")
        mark = _BOM if text.startswith(_BOM) else ""
        text = text.removeprefix(_BOM)
        first_break = text.find("\n")
        newline = "\r\n" if text[max(0, first_break - 1) : first_break] == "\r" else "\n"
        text = text.replace("\r\n", "\n")
        if unusual_break := _UNUSUAL_BREAK.search(text):
            line = text.count("\n", 0, unusual_break.start()) + 1
            fact = "a line break that most programs do not show"
            raise InvalidInput(fact, "write an ordinary one, or a space", where=f"{path}:{line}")
        root = read_spans(text)
        if not isinstance(root, Branch):
            raise InvalidInput("this is no list", "write listId, and entries or releases", where=path)
        return cls(
            _cut_pieces(path, *expand_flow_lists(text, root, whole=whole)), newline, mark, (text, root)
        )

    @property
    def content(self) -> object:
        """Tell what the file said when it was read: it must be the same after everything that only moves."""
        return parse_content(*self.original)

    def section(self, name: str) -> Section | None:
        """Give a section, if the file has it."""
        return next(
            (piece for piece in self.pieces if isinstance(piece, Section) and piece.name == name), None
        )

    def section_to_extend(self, name: str) -> Section:
        """Give a section, to add to; a file that has none gets it at its end."""
        section = self.section(name)
        if section is None:
            section = Section(name, 2, empty_text=f"{name}: []")
            last_piece = self.pieces[-1]
            while isinstance(last_piece, list) and last_piece and not last_piece[-1]:
                last_piece.pop()
            self.pieces.append(section)
        return section

    def to_bytes(self) -> bytes:
        """Put the file together again. It ends in one line break at least."""
        lines = [
            line for piece in self.pieces for line in (piece.lines() if isinstance(piece, Section) else piece)
        ]
        text = "\n".join(lines)
        return (self.bom + text.rstrip("\n") + "\n").replace("\n", self.newline).encode()


def _cut_pieces(path: str, text: str, root: Branch) -> list[list[str] | Section]:
    lines = text.split("\n")
    pieces: list[list[str] | Section] = []
    line_number = 0  # the first line that is in no piece yet
    cutter = Cutter(path, text, lines)
    for key, value in root.pairs():
        if key.text not in SECTIONS or not isinstance(value, Branch):
            continue
        column = column_of(text, key.start) + 2
        if not value.parts:
            start, end, section = _empty_section(cutter, key, value, column)
        else:
            start, end, items = cutter.cut(key, value)
            section = Section(key.text, column, items)
        pieces += [lines[line_number:start], section]
        line_number = end
    return [*pieces, lines[line_number:]]


def _empty_section(cutter: Cutter, key: Leaf, value: Branch, column: int) -> tuple[int, int, Section]:
    start, end = cutter.line_of(key.start), cutter.line_of(value.end) + 1
    return start, end, Section(key.text, column, empty_text="\n".join(cutter.lines[start:end]))
