"""Where the pages begin: so that page 2000 is found as fast as page 1."""

import sqlite3
from bisect import bisect_left

# A mark at every so many entries: the largest page, so that full pages begin on a mark.
STRIDE = 500


class Marks:
    """The row number of every 500th entry, found when first needed and kept until entries before it go.

    Row numbers only grow, so a new entry moves no mark; a removed one moves those at and behind it.
    """

    def __init__(self) -> None:
        self._rows: list[int] = []

    def forget(self, row: int = 0) -> None:
        """Forget the marks at and behind a row that went; all of them by default."""
        del self._rows[bisect_left(self._rows, row) :]

    def row(self, connection: sqlite3.Connection, position: int) -> int:
        """Find the row of the last mark at or before a position, which must be one of an entry."""
        index = position // STRIDE
        while len(self._rows) <= index:
            self._rows.append(self._next(connection))
        return self._rows[index]

    def _next(self, connection: sqlite3.Connection) -> int:
        after, skip = (self._rows[-1], STRIDE - 1) if self._rows else (0, 0)
        query = "SELECT row FROM entry WHERE row > ? ORDER BY row LIMIT 1 OFFSET ?"
        found: tuple[int] = connection.execute(query, (after, skip)).fetchone()
        return found[0]
