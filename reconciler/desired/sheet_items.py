"""The lines of a list file cut into its entries and releases, comment by comment."""

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

from reconciler.desired.item import Item, Number, Said
from reconciler.desired.opened import column_of
from reconciler.desired.remarks import remarks
from reconciler.desired.spans import Branch, Leaf, Part, gaps, plain
from reconciler.model.errors import InvalidInput

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
