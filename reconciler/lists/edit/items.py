"""One entry or release as lines of text with its comments, and what a file says whatever its form."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.yaml_tree.spans import Branch, Leaf, Part, gaps, plain, read_spans


@dataclass(frozen=True, slots=True)
class Remarks:
    """What stands between two scalars: a comment behind the first, and those on lines of their own.

    `own` has each with the column that it begins in.
    """

    behind: str = ""
    own: tuple[tuple[int, str], ...] = ()

    def split(self, column: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give what belongs to the number before and to the one after, whose dashes are in that column.

        A comment belongs to the number below it, unless it is indented deeper than the dashes are and
        directly below a number: then it goes on about that one.
        """
        deeper = next((i for i, (at, _) in enumerate(self.own) if at <= column), len(self.own))
        texts = tuple(text for _, text in self.own)
        return texts[:deeper], texts[deeper:]

    @property
    def all(self) -> tuple[str, ...]:
        """Every comment, in the order written."""
        return (*([self.behind] if self.behind else ()), *(text for _, text in self.own))


def remarks(gap: str) -> Remarks:
    """Read a gap: no scalar stands in it, so whatever follows a `#` is a comment."""
    if "#" not in gap:
        return Remarks()
    first, *others = gap.split("\n")
    own = []
    for line in others:
        at = line.find("#")
        if at >= 0:
            own.append((0 if line[:at].strip() else at, line[at:].rstrip()))
    at = first.find("#")
    return Remarks(first[at:].rstrip() if at >= 0 else "", tuple(own))


def indented(column: int, comments: Sequence[str]) -> list[str]:
    """Write comments as lines of their own, in that column."""
    return [" " * column + text for text in comments]


def behind(line: str, comment: str) -> str:
    """Write a comment behind a line."""
    return f"{line}  {comment}" if comment else line


Said = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Number:
    """One number, with the comments that belong to it: above it, behind it, and indented below it."""

    text: str
    above: tuple[str, ...] = ()
    behind: str = ""
    below: tuple[str, ...] = ()

    def lines(self, column: int) -> list[str]:
        """Write it as an item of a sequence whose dashes are in that column."""
        line = behind(f'{" " * column}- "{self.text}"', self.behind)
        if not self.above and not self.below:
            return [line]
        return [*indented(column, self.above), line, *indented(column + 2, self.below)]


@dataclass(slots=True)
class Item:
    """An entry or a release.

    `said` is what it says besides its numbers, as read, `terms` the same as written, key by key. `above` are
    the blank lines (empty) and comments above it, `head` its lines up to the numbers, `tail` those after
    them. With `phones`, the numbers stand between, their dashes in the column `numbers_at`; with `phone`,
    the number stands in `head` already. `written` are its lines in the file, as long as nothing is changed.
    """

    said: Said
    numbers: list[Number]
    is_block: bool
    column: int
    head: list[str]
    terms: Sequence[str] = ()
    above: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    numbers_at: int = 0
    remarked: bool = False
    written: list[str] | None = None

    @property
    def gathers(self) -> bool:
        """Tell whether its numbers may stand together with others of which the same is said.

        One with evidence of its own stays by itself, so that the two are seen together.
        """
        return not self.remarked and (self.is_block or all(key != "evidence" for key, _ in self.said))

    @property
    def order(self) -> tuple[bool, str, Said]:
        """Order items: single numbers first, by number; then blocks, by what they say of their numbers.

        A block's place does not depend on its numbers, so that one more of them does not move it.
        """
        return (True, "", self.said) if self.is_block else (False, self.numbers[0].text, self.said)

    def lines(self, *, first: bool) -> list[str]:
        """Write it, with what stands above it; the first of its section has no blank line above it."""
        if self.written is not None:
            return self.written
        above: list[str] = []
        for line in self.above:
            if line:
                above.append(" " * self.column + line)
            elif above[-1:] != [""] and (above or not first):
                above.append("")
        if not self.is_block:
            return [*above, *self.head]
        listed = [line for number in self.numbers for line in number.lines(self.numbers_at)]
        return [*above, *self.head, *listed, *self.tail]


def single(column: int, said: Said, terms: Sequence[str], number: str) -> Item:
    """Make an entry of one number, its dash in that column."""
    head = _dashed(column, [f'phone: "{number}"', *terms])
    return Item(said, [Number(number)], is_block=False, column=column, head=head, terms=terms)


def block(column: int, said: Said, terms: Sequence[str], numbers: list[Number]) -> Item:
    """Make an entry of many numbers, its dash in that column."""
    head = _dashed(column, [*terms, "phones:"])
    return Item(said, numbers, True, column, head, terms, numbers_at=column + 4)  # noqa: FBT003  (is_block)


def _dashed(column: int, lines: Sequence[str]) -> list[str]:
    first, *others = lines
    return [f"{' ' * column}- {first}", *(f"{' ' * column}  {line}" for line in others)]


SECTIONS = ("entries", "releases")


def content_of(data: bytes) -> object:
    """Tell what a file says, to be compared."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    return content(text, read_spans(text))


def content(text: str, root: Part) -> object:
    """Tell what a text says: every number with what is said of it, the other keys, and every comment."""
    between = (gap for gap in gaps(text, root, 0, len(text)) if "#" in gap)
    comments = Counter(comment for gap in between for comment in remarks(gap).all)
    sections: dict[str, Counter[object]] = {}
    rest: dict[str, object] = {}
    for key, value in root.pairs() if isinstance(root, Branch) else ():
        if key.text in SECTIONS and isinstance(value, Branch):
            sections[key.text] = Counter(said for item in value.parts for said in _said(item))
        else:
            rest[key.text] = plain(value)
    return comments, sections, rest


def _said(item: Part) -> Iterator[object]:
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
    shared = tuple(sorted(terms))
    return ((number, shared) for number in numbers)
