"""A row of a table, and what numbers look like in a text that is no row."""

import re
from collections.abc import Collection
from typing import NamedTuple


class Row(NamedTuple):
    """One row: its line from 1, its cells without white space around them, and what speaks against it.

    `problem` says why it cannot be taken, whatever its cells hold; empty where nothing speaks against it.
    `lines` counts the lines of the file that it has: more than one where a quoted cell spans lines.
    """

    line: int
    cells: tuple[str, ...]
    problem: str = ""
    lines: int = 1


# A number of +1 in any common writing; the FTC's flat form has a comma in it.
_NUMBER = re.compile(
    r"(?<![0-9])(?:1[^0-9\r\n]{0,3})?([2-9][0-9]{2})[^0-9\r\n]{0,3}([0-9]{3})[^0-9\r\n]{0,3}([0-9]{4})(?![0-9])"
)


def find_numbers(text: str, searched: Collection[str]) -> set[str]:
    """Find which of these numbers of +1 stand anywhere in a text, whatever a reader took them for."""
    candidates = ("+1" + "".join(match.groups()) for match in _NUMBER.finditer(text))
    return {number for number in candidates if number in searched}


_DAY = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2})"
    r"(?:[T ][0-9]{1,2}:[0-9:.]+)?(?![0-9])"
)
_SEVEN_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z\r\n]{0,3}[0-9]){6}")


def holds_number(text: str) -> bool:
    """Tell whether a text may hold somebody's number: seven digits or more that are no day."""
    return _SEVEN_DIGITS.search(_DAY.sub(" ", text)) is not None
