"""The sandbox's DNC groups and their records, in SQLite beside the entries."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from reconciler.sandbox.database import connect
from reconciler.sandbox.groups.skills import SKILL_TABLES, SkillStore

_TABLES = """
CREATE TABLE IF NOT EXISTS dnc_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    active INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dnc_record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL,
    phone TEXT NOT NULL,
    expired TEXT,
    updated TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dnc_record_group ON dnc_record (group_id, id);
CREATE INDEX IF NOT EXISTS dnc_record_phone ON dnc_record (phone, group_id);
"""
_RECORD = "SELECT id, group_id, phone, expired, updated FROM dnc_record"
_INSERT = "INSERT INTO dnc_record (group_id, phone, expired, updated) VALUES (?, ?, ?, ?)"


class Group(NamedTuple):
    """One group, and how many of its records are in force."""

    id: int
    name: str
    active: bool
    removed: bool
    updated: str
    valid: int


class Record(NamedTuple):
    """One record. `phone` is digits as stored; `expired` an ISO date, or what a test put there."""

    id: int
    group: int
    phone: str
    expired: str | None
    updated: str

    def is_expired(self, today: str) -> bool:
        """Tell whether it is over: on the day of its `expiredDate` it no longer counts."""
        return self.expired is not None and self.expired <= today


class GroupStore:
    """Groups, their skills (`skills`) and their records. Several processes may share one database."""

    def __init__(self, database: Path | None) -> None:
        self._lock = threading.RLock()
        self._connection = connect(database)
        self._connection.executescript(_TABLES + SKILL_TABLES)
        self.skills = SkillStore(self._transaction)

    def close(self) -> None:
        """Close the database; one in memory is gone then."""
        with self._lock:
            self._connection.close()

    def make(self, name: str, now: str, *, active: bool = True, removed: bool = False) -> int:
        """Make a group; several may have one name, as nobody publishes that they may not."""
        with self._transaction() as connection:
            query = "INSERT INTO dnc_group (name, active, removed, updated) VALUES (?, ?, ?, ?)"
            return int(connection.execute(query, (name, active, removed, now)).lastrowid or 0)

    def groups(self, today: str) -> list[Group]:
        """List every group, in the order in which they were made."""
        valid = (
            "SELECT count(*) FROM dnc_record WHERE group_id = g.id AND (expired IS NULL OR expired > :today)"
        )
        query = f"SELECT id, name, active, removed, updated, ({valid}) FROM dnc_group g ORDER BY id"  # noqa: S608  (a constant)
        with self._transaction() as connection:
            rows = connection.execute(query, {"today": today}).fetchall()
        return [
            Group(i, name, bool(is_active), bool(off), at, count)
            for i, name, is_active, off, at, count in rows
        ]

    def names(self) -> dict[int, str]:
        """Name the groups that were not removed, by id."""
        with self._transaction() as connection:
            return dict(connection.execute("SELECT id, name FROM dnc_group WHERE removed = 0"))

    def records(self, group: int, skip: int, top: int, *, after: str = "") -> tuple[list[Record], int]:
        """Read some of a group's records, and how many there are; `after`: those in force after a day."""
        where = "WHERE group_id = ? AND (? = '' OR expired IS NULL OR expired > ?)"
        with self._transaction() as connection:
            parameters = (group, after, after)
            query = f"{_RECORD} {where} ORDER BY id LIMIT ? OFFSET ?"
            rows = connection.execute(query, (*parameters, top, skip)).fetchall()
            total = connection.execute(f"SELECT count(*) FROM dnc_record {where}", parameters).fetchone()[0]  # noqa: S608  (a constant)
        return [Record(*row) for row in rows], int(total)

    def find(self, phone: str, group: int | None = None) -> list[Record]:
        """Look digits up, in one group or in all."""
        where = "WHERE phone = ?" if group is None else "WHERE phone = ? AND group_id = ?"
        with self._transaction() as connection:
            rows = connection.execute(
                f"{_RECORD} {where} ORDER BY id", (phone,) if group is None else (phone, group)
            )
            return [Record(*row) for row in rows]

    def post(
        self,
        group: int,
        phone: str,
        expired: str | None,
        now: str,
        *,
        again: Literal["update", "fail", "duplicate"] = "duplicate",
    ) -> bool:
        """Add a record; False where its number is there, and `again` lets that fail."""
        with self._transaction() as connection:
            exists = bool(self.find(phone, group))
            if exists and again == "fail":
                return False
            if exists and again == "update":
                query = "UPDATE dnc_record SET expired = ?, updated = ? WHERE phone = ? AND group_id = ?"
                connection.execute(query, (expired, now, phone, group))
            else:
                connection.execute(_INSERT, (group, phone, expired, now))
            return True

    def count(self) -> int:
        """Count the records of every group."""
        with self._transaction() as connection:
            return int(connection.execute("SELECT count(*) FROM dnc_record").fetchone()[0])

    def load(self, group: int, phones: Iterable[str], now: str, expired: str | None = None) -> None:
        """Add records fast, checking nothing."""
        with self._transaction() as connection:
            connection.executemany(_INSERT, [(group, phone, expired, now) for phone in phones])

    def expire(self, group: int, phone: str, day: str, now: str) -> bool:
        """Set the expiry of a number's records; False where there is none."""
        with self._transaction() as connection:
            query = "UPDATE dnc_record SET expired = ?, updated = ? WHERE phone = ? AND group_id = ?"
            return connection.execute(query, (day, now, phone, group)).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection.in_transaction:  # one within another is part of it
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
