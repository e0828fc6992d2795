"""Each row of a calling list: clean, blocked or unreadable. What is not known for certain is never clean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from phonenumbers import country_code_for_region

from reconciler.lists.phone_input import is_north_american_in_use
from reconciler.lists.scrub.columns import PhoneColumns
from reconciler.lists.scrub.listed import ListedNumbers, Listings
from reconciler.lists.scrub.text import RawRow

MAX_GAP = 3  # characters between the digits of one number, where it is not known that a cell is one
NO_NUMBER = "no number: nothing is written in {columns}"
SECOND_READER = "read without its columns, this row has the digits of a listed number: look at it"
# The usual writings of a number of +1, each of which has one reading.
_USUAL = re.compile(r"(?:\+?1[ .-]?)?(?:\(([2-9][0-9]{2})\)|([2-9][0-9]{2}))[ .-]?([0-9]{3})[ .-]?([0-9]{4})")


class Kind(Enum):
    """What becomes of a row."""

    CLEAN = "clean"
    BLOCKED = "blocked"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row: blocked, with the lists and columns of its numbers; or unreadable, and why."""

    kind: Kind
    listings: Listings = ()
    columns: tuple[str, ...] = ()
    why: str = ""


CLEAN = Verdict(Kind.CLEAN)


class RowJudge:
    """Judges the rows of one table. `region` (ISO 3166) is that of numbers without a country."""

    def __init__(self, listed: ListedNumbers, columns: PhoneColumns, region: str) -> None:
        self._listed = listed
        self._columns = columns
        self._region = region
        self._watched = (*columns.phones, *columns.left_out)
        self._phones = frozenset(columns.phones)
        self._width = columns.width
        self._is_simple = (
            country_code_for_region(region) == 1
            and columns.country < 0
            and columns.area_code < 0
            and max(self._watched, default=0) < columns.width
        )

    def judge(self, raw: RawRow) -> Verdict:
        """Judge a row: quickly where it is plain, else by everything that its cells can mean."""
        if raw.problem:
            return Verdict(Kind.UNREADABLE, why=raw.problem)
        if self._is_plainly_clean(raw.cells):
            return CLEAN
        cells = raw.row.cells
        blocked = self._blocked(cells)
        if blocked is not None:
            return blocked
        why = self._problem(cells)
        return Verdict(Kind.UNREADABLE, why=why) if why else CLEAN

    def _is_plainly_clean(self, cells: Sequence[str]) -> bool:
        """Tell whether every number of a row is written in a usual way that has one reading, and not listed.

        Where this is False, nothing is said of the row.
        """
        if not self._is_simple or len(cells) != self._width:
            return False
        is_listed, count = self._listed.has_north_american, 0
        for index in self._watched:
            cell = cells[index]
            if cell and not cell.isspace():
                match = _USUAL.fullmatch(cell)
                if match is None:
                    return False
                area, other, exchange, local = match.groups()
                head = (area or other) + exchange
                if not is_north_american_in_use(head) or is_listed(head + local):
                    return False
                count += index in self._phones
        return count > 0

    def _blocked(self, cells: Sequence[str]) -> Verdict | None:
        listed, columns = self._listed, self._columns
        country = columns.country_of(cells)
        found: dict[int, Listings] = {}
        for index, text in columns.phone_texts(cells):
            found[index] = listed.find(text, country) or listed.find(cells[index], country)
        for index in columns.left_out:
            if index < len(cells):
                found[index] = listed.find(cells[index], country)
        hits = {index: listings for index, listings in found.items() if listings}
        if not hits:
            return None
        listings = dict.fromkeys(listing for one in hits.values() for listing in one)
        return Verdict(Kind.BLOCKED, tuple(listings), tuple(columns.title(index) for index in sorted(hits)))

    def _problem(self, cells: Sequence[str]) -> str:
        columns = self._columns
        width = len(columns.header)
        if width and any(cells[width:]):
            return f"it has {len(cells):,} cells, the header {width:,}: quote the cell with the mark in it"
        texts = columns.phone_texts(cells)
        if not texts:
            return NO_NUMBER.format(columns=", ".join(map(columns.title, columns.phones)))
        for index, text in texts:
            if problem := columns.read(text, cells, self._region).problem:
                return f"{columns.title(index)}: {problem}" if len(columns.phones) > 1 else problem
        return ""
