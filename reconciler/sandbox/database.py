"""Opening the sandbox's SQLite file, which several processes may do at once."""

import secrets
import sqlite3
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from reconciler.core.model.errors import InvalidInput

# How long one process waits for another's write, in seconds.
_PATIENCE = 30.0
_PAUSE = 0.01

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS sandbox (instance TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    expiration_policy TEXT NOT NULL,
    list_id TEXT NOT NULL,
    source TEXT NOT NULL,
    modified TEXT
);
CREATE INDEX IF NOT EXISTS entry_key ON entry (phone, list_id);
COMMIT;
"""


def connect(database: Path | None) -> sqlite3.Connection:
    """Open (and make, where there is none) a sandbox's database; None is one in memory.

    Raises InvalidInput for a file that is no such database, or that cannot be opened.
    """
    try:
        if database is not None:
            database.parent.mkdir(parents=True, exist_ok=True)
            database.touch(mode=0o600)  # SQLite gives its other files the same rights
        # Statements are cached by their text: the few that there are stay prepared. The store's lock keeps
        # the server's thread and its owner's from using the connection at once.
        connection = sqlite3.connect(
            database or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise _unusable(database, error) from error
    try:
        _prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(database, error) from error
    return connection


def instance(connection: sqlite3.Connection) -> str:
    """Read the random name that a database got when it was made: a new one is another target."""
    found: tuple[str] = connection.execute("SELECT instance FROM sandbox").fetchone()
    return found[0]


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # SQLite does not wait for another process that is about to write when it changes the journal mode.
        retry_while_busy = Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_delay(_PATIENCE),
            wait=wait_fixed(_PAUSE),
            reraise=True,
        )
        retry_while_busy(connection.execute, "PRAGMA journal_mode = WAL")
    # With a write-ahead log, NORMAL risks the last commits on a power cut, and never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLES)
    connection.execute(
        "INSERT INTO sandbox SELECT ? WHERE NOT EXISTS (SELECT 1 FROM sandbox)", (secrets.token_hex(8),)
    )


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _unusable(database: Path | None, error: Exception) -> InvalidInput:
    return InvalidInput(
        f"the sandbox's database cannot be used: {error}",
        "give another path, or remove the file to begin with an empty sandbox",
        where=str(database or ":memory:"),
    )
