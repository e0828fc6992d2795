"""The comments between two places of a file, and to whom they belong."""

from collections.abc import Sequence
from dataclasses import dataclass


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
