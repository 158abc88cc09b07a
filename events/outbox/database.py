"""The outbox's database: its tables, and how it is opened so that it keeps what it is given.

It knows nothing of what the rows mean.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from events.outbox.rows import OutboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME: Final = "outbox.db"
BUSY_TIMEOUT_S: Final = 5.0
"""For locks that are not ours: a backup, or somebody with the sqlite3 command."""
CHECKPOINT_PAGES: Final = 16_384
"""64 MB of log: a checkpoint within a commit is the last resort, `events.outbox.tidying` does it beside them."""
FORMAT: Final = 2
"""1 kept its totals with a trigger, which cost a third of a row."""
_FULL: Final = 2

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    topic TEXT,
    key TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    value BLOB NOT NULL,
    sealed BLOB,
    size INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS subscriber (
    name TEXT PRIMARY KEY,
    active INTEGER NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '',
    beat_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS dead_letter (
    id TEXT PRIMARY KEY,
    topic TEXT,
    key TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    value BLOB NOT NULL,
    sealed BLOB,
    size INTEGER NOT NULL,
    died_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS total (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    rows INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
);
INSERT OR IGNORE INTO total (one) VALUES (1);
DROP TRIGGER IF EXISTS event_in;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, and check that it keeps what it is given. Raises `OutboxError`."""
    with database_errors(f"{path}: "):
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            problem = _prepare(db)
        except BaseException:
            db.close()
            raise
    if problem is not None:
        db.close()
        raise OutboxError("format", f"{path}: {problem}")
    return db


def _prepare(db: sqlite3.Connection) -> str | None:
    """Set up a connection, and the tables of a new file. Returns why it cannot be used."""
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        return "was written by a later version. Update Sluicegate, or give another folder."
    if found == 0:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON").fetchall()  # what was sealed does not stay in a page when it goes
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    level = db.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != ("wal", _FULL):
        return f"no durable log is possible there ({mode}, {level}). Give a folder on a local disk."
    if found < FORMAT:
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version = {FORMAT}")
    return None


@contextmanager
def database_errors(prefix: str = "") -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        reason = "disk_full" if "full" in text else "busy" if "locked" in text else "io"
        raise OutboxError(reason, f"{prefix}the outbox cannot be used: {text}.") from error
