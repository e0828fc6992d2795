"""One entry or release of a list file as lines of text that can be moved, with its numbers taken out.

A comment above a number or behind it is the number's. Every other comment in the lines of an entry is the
entry's own (`remarked`): it says something about these numbers, so they are not mixed with others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.desired.remarks import behind, indented

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
