"""The sandbox's entries in SQLite: a million of them, several processes at once, every page found at once."""

import re
import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from reconciler.sandbox.database import connect, instance
from reconciler.sandbox.entries.entry import NOW, Entry

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
        row: tuple[int] = connection.execute(query, (after, skip)).fetchone()
        return row[0]


_COLUMNS = "phone, reason_code, expiration_policy, list_id, source, modified, 'dnc-' || row"
_INSERT = (
    "INSERT INTO entry (phone, reason_code, expiration_policy, list_id, source, modified)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_UPDATE = (
    "UPDATE entry SET reason_code = ?, expiration_policy = ?, source = ?, modified = ?"
    " WHERE phone = ? AND list_id = ?"
)
_TERMS = "SELECT reason_code, expiration_policy, source FROM entry WHERE phone = ? AND list_id = ?"
# An id as `_COLUMNS` writes it; 18 digits are what an SQLite integer certainly holds.
_ID = re.compile(r"dnc-([1-9][0-9]{0,17})")


class StoreResult(Enum):
    """What storing one entry did."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()


class Store:
    """Entries in the order in which they came. A list may hold a number twice, if an agent did that."""

    def __init__(self, database: Path | None) -> None:
        self._lock = threading.RLock()
        self._connection = connect(database)
        self._marks = Marks()
        self._total: int | None = None
        self._version = -1
        self.instance = instance(self._connection)

    def close(self) -> None:
        """Close the database; one in memory is gone then."""
        with self._lock:
            self._connection.close()

    def page(self, number: int, size: int) -> tuple[list[Entry], int]:
        """Read one page, counted from 1, and the total, of one and the same moment."""
        with self._transaction("DEFERRED") as connection:
            total = self._count()
            position = (number - 1) * size
            if position >= total:
                return [], total
            first = self._marks.row(connection, position)
            query = f"SELECT {_COLUMNS} FROM entry WHERE row >= ? ORDER BY row LIMIT ? OFFSET ?"  # noqa: S608  (a constant)
            rows = connection.execute(query, (first, size, position % STRIDE))
            return [Entry._make(row) for row in rows], total

    def upsert(self, entries: Sequence[Entry], now: str) -> list[StoreResult]:
        """Store entries, no key twice among them; one that is there exactly so stays untouched."""
        with self._transaction("IMMEDIATE") as connection:
            results = [self._compare(entry) for entry in entries]
            created = [e for e, result in zip(entries, results, strict=True) if result is StoreResult.CREATED]
            updated = [e for e, result in zip(entries, results, strict=True) if result is StoreResult.UPDATED]
            self._insert(created, now)
            connection.executemany(_UPDATE, [_update(e, now) for e in updated])
            return results

    def delete(self, entry_id: str) -> bool:
        """Take one entry off by its id; False when there is none."""
        match = _ID.fullmatch(entry_id)
        if match is None:
            return False
        with self._transaction("IMMEDIATE"):
            return self._delete([int(match[1])]) == 1

    def add(self, entries: Iterable[Entry], now: str) -> None:
        """Add entries as they are, checking nothing: also a number twice, or what is no number."""
        with self._transaction("IMMEDIATE"):
            self._insert(entries, now)

    def modify(self, entry: Entry, now: str) -> bool:
        """Replace what is held of a number on a list; False when it is not there."""
        with self._transaction("IMMEDIATE") as connection:
            return connection.execute(_UPDATE, _update(entry, now)).rowcount > 0

    def remove(self, list_id: str, phone: str) -> bool:
        """Take a number off a list, as often as it is there; False when it is not."""
        with self._transaction("IMMEDIATE") as connection:
            query = "SELECT row FROM entry WHERE phone = ? AND list_id = ?"
            return self._delete([row for (row,) in connection.execute(query, (phone, list_id))]) > 0

    def entries(self) -> list[Entry]:
        """Read everything, in order."""
        with self._transaction("DEFERRED") as connection:
            query = f"SELECT {_COLUMNS} FROM entry ORDER BY row"  # noqa: S608  (a constant)
            return [Entry._make(row) for row in connection.execute(query)]

    def _compare(self, entry: Entry) -> StoreResult:
        stored_terms = self._connection.execute(_TERMS, (entry.phone, entry.list_id)).fetchall()
        if not stored_terms:
            return StoreResult.CREATED
        sent = (entry.reason_code, entry.expiration_policy, entry.source)
        return StoreResult.UNCHANGED if all(terms == sent for terms in stored_terms) else StoreResult.UPDATED

    def _insert(self, entries: Iterable[Entry], now: str) -> None:
        rows = ((*e[:5], now if e.modified == NOW else e.modified) for e in entries)
        # For an INSERT, executemany sets rowcount to the sum.
        added_count = self._connection.executemany(_INSERT, rows).rowcount
        if self._total is not None:
            self._total += max(added_count, 0)

    def _delete(self, rows: list[int]) -> int:
        deleted_count = self._connection.executemany(
            "DELETE FROM entry WHERE row = ?", [(r,) for r in rows]
        ).rowcount
        deleted_count = max(deleted_count, 0)
        if deleted_count:
            self._marks.forget(min(rows))
        if self._total is not None:
            self._total -= deleted_count
        return deleted_count

    def _count(self) -> int:
        if self._total is None:
            self._total = int(self._connection.execute("SELECT count(*) FROM entry").fetchone()[0])
        return self._total

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute(f"BEGIN {kind}")
            try:
                self._forget_if_others_wrote()
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._forget()
                raise

    def _forget_if_others_wrote(self) -> None:
        # SQLite changes this number when another connection, of any process, has committed.
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version:
            self._forget()
            self._version = version

    def _forget(self) -> None:
        self._marks.forget()
        self._total = None


def _update(entry: Entry, now: str) -> tuple[str | None, ...]:
    modified = now if entry.modified == NOW else entry.modified
    return (entry.reason_code, entry.expiration_policy, entry.source, modified, entry.phone, entry.list_id)
