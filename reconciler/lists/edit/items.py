"""One entry or release as lines of text with its comments, and what a file says whatever its form."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.yaml_tree.spans import Branch, Leaf, Part, gaps, plain, read_spans


@dataclass(frozen=True, slots=True)
class Comments:
    """What stands between two scalars: a comment behind the first, and those on lines of their own.

    `on_own_lines` has each with the column that it begins in.
    """

    trailing: str = ""
    on_own_lines: tuple[tuple[int, str], ...] = ()

    def split(self, column: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give what belongs to the number before and to the one after, whose dashes are in that column.

        A comment belongs to the number below it, unless it is indented deeper than the dashes are and
        directly below a number: then it goes on about that one.
        """
        deeper = next(
            (
                index
                for index, (comment_column, _) in enumerate(self.on_own_lines)
                if comment_column <= column
            ),
            len(self.on_own_lines),
        )
        texts = tuple(text for _, text in self.on_own_lines)
        return texts[:deeper], texts[deeper:]

    @property
    def texts(self) -> tuple[str, ...]:
        """Every comment, in the order written."""
        return (*([self.trailing] if self.trailing else ()), *(text for _, text in self.on_own_lines))


def parse_comments(gap: str) -> Comments:
    """Read a gap: no scalar stands in it, so whatever follows a `#` is a comment."""
    if "#" not in gap:
        return Comments()
    first_line, *other_lines = gap.split("\n")
    on_own_lines = []
    for line in other_lines:
        column = line.find("#")
        if column >= 0:
            on_own_lines.append((0 if line[:column].strip() else column, line[column:].rstrip()))
    column = first_line.find("#")
    return Comments(first_line[column:].rstrip() if column >= 0 else "", tuple(on_own_lines))


def indent_comments(column: int, comments: Sequence[str]) -> list[str]:
    """Write comments as lines of their own, in that column."""
    return [" " * column + text for text in comments]


def with_trailing_comment(line: str, comment: str) -> str:
    """Write a comment behind a line."""
    return f"{line}  {comment}" if comment else line


ItemKeys = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Number:
    """One number, with the comments that belong to it: above it, behind it, and indented below it."""

    text: str
    comments_above: tuple[str, ...] = ()
    trailing_comment: str = ""
    comments_below: tuple[str, ...] = ()

    def lines(self, column: int) -> list[str]:
        """Write it as an item of a sequence whose dashes are in that column."""
        line = with_trailing_comment(f'{" " * column}- "{self.text}"', self.trailing_comment)
        if not self.comments_above and not self.comments_below:
            return [line]
        return [
            *indent_comments(column, self.comments_above),
            line,
            *indent_comments(column + 2, self.comments_below),
        ]


@dataclass(slots=True)
class Item:
    """An entry or a release.

    `keys` is what it says besides its numbers, as read, `terms` the same as written, key by key.
    `lines_above` are the blank lines (empty) and comments above it, `head` its lines up to the numbers,
    `tail` those after them. With `phones`, the numbers stand between, their dashes in the column
    `numbers_column`; with `phone`, the number stands in `head` already. `source_lines` are its lines in the
    file, as long as nothing is changed.
    """

    keys: ItemKeys
    numbers: list[Number]
    is_block: bool
    column: int
    head: list[str]
    terms: Sequence[str] = ()
    lines_above: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    numbers_column: int = 0
    has_comments: bool = False
    source_lines: list[str] | None = None

    @property
    def can_merge(self) -> bool:
        """Tell whether its numbers may stand together with others of which the same is said.

        One with evidence of its own stays by itself, so that the two are seen together.
        """
        return not self.has_comments and (self.is_block or all(key != "evidence" for key, _ in self.keys))

    @property
    def order(self) -> tuple[bool, str, ItemKeys]:
        """Order items: single numbers first, by number; then blocks, by what they say of their numbers.

        A block's place does not depend on its numbers, so that one more of them does not move it.
        """
        return (True, "", self.keys) if self.is_block else (False, self.numbers[0].text, self.keys)

    def lines(self, *, is_first: bool) -> list[str]:
        """Write it, with what stands above it; the first of its section has no blank line above it."""
        if self.source_lines is not None:
            return self.source_lines
        lines_above: list[str] = []
        for line in self.lines_above:
            if line:
                lines_above.append(" " * self.column + line)
            elif lines_above[-1:] != [""] and (lines_above or not is_first):
                lines_above.append("")
        if not self.is_block:
            return [*lines_above, *self.head]
        number_lines = [line for number in self.numbers for line in number.lines(self.numbers_column)]
        return [*lines_above, *self.head, *number_lines, *self.tail]


def single_item(column: int, keys: ItemKeys, terms: Sequence[str], number: str) -> Item:
    """Make an entry of one number, its dash in that column."""
    head = _dash_lines(column, [f'phone: "{number}"', *terms])
    return Item(keys, [Number(number)], is_block=False, column=column, head=head, terms=terms)


def block_item(column: int, keys: ItemKeys, terms: Sequence[str], numbers: list[Number]) -> Item:
    """Make an entry of many numbers, its dash in that column."""
    head = _dash_lines(column, [*terms, "phones:"])
    return Item(keys, numbers, True, column, head, terms, numbers_column=column + 4)  # noqa: FBT003  (is_block)


def _dash_lines(column: int, lines: Sequence[str]) -> list[str]:
    first_line, *other_lines = lines
    return [f"{' ' * column}- {first_line}", *(f"{' ' * column}  {line}" for line in other_lines)]


SECTIONS = ("entries", "releases")


def file_content(data: bytes) -> object:
    """Tell what a file says, to be compared."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    return parse_content(text, read_spans(text))


def parse_content(text: str, root: Part) -> object:
    """Tell what a text says: every number with what is said of it, the other keys, and every comment."""
    comment_gaps = (gap for gap in gaps(text, root, 0, len(text)) if "#" in gap)
    comments = Counter(comment for gap in comment_gaps for comment in parse_comments(gap).texts)
    sections: dict[str, Counter[object]] = {}
    other_keys: dict[str, object] = {}
    for key, value in root.pairs() if isinstance(root, Branch) else ():
        if key.text in SECTIONS and isinstance(value, Branch):
            sections[key.text] = Counter(
                number_keys for item in value.parts for number_keys in _numbers_with_keys(item)
            )
        else:
            other_keys[key.text] = plain(value)
    return comments, sections, other_keys


def _numbers_with_keys(item: Part) -> Iterator[object]:
    """Give each number of an entry or a release, with what is said of it."""
    terms: list[tuple[str, str]] = []
    numbers: list[object] = []
    for key, value in item.pairs() if isinstance(item, Branch) else ():
        if key.text == "phones" and isinstance(value, Branch):
            numbers += (plain(number) for number in value.parts)
        elif key.text == "phone":
            numbers.append(plain(value))
        else:
            terms.append((key.text, value.text if isinstance(value, Leaf) else repr(plain(value))))
    shared_keys = tuple(sorted(terms))
    return ((number, shared_keys) for number in numbers)
