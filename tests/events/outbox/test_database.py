"""How the database is opened: durable, or not at all."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from events.outbox.database import FORMAT, database_errors, open_database
from events.outbox.rows import OutboxError

if TYPE_CHECKING:
    from pathlib import Path


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    """C6: synchronous=FULL and a write-ahead log, whatever SQLite was built with, and at every opening."""
    for _ in range(2):
        db = open_database(tmp_path / "outbox.db")
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()


def test_a_place_without_a_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems cannot do it: SQLite then goes on without, and says so only when it is asked."""
    real = sqlite3.connect

    class WithoutLog(sqlite3.Connection):
        def execute(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
            return super().execute("PRAGMA journal_mode = DELETE" if "WAL" in sql else sql, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: real(*args, factory=WithoutLog, **more))
    with pytest.raises(OutboxError, match="no durable log is possible there"):
        open_database(tmp_path / "outbox.db")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (sqlite3.OperationalError("database or disk is full"), "disk_full"),
        (sqlite3.OperationalError("database is locked"), "busy"),
        (sqlite3.OperationalError("disk I/O error"), "io"),
        (sqlite3.DatabaseError("file is not a database"), "io"),
    ],
)
def test_errors_have_one_word_each(error: sqlite3.Error, reason: str) -> None:
    with pytest.raises(OutboxError) as caught, database_errors():
        raise error
    assert caught.value.reason == reason


def test_a_file_of_the_first_format_is_taken_over(tmp_path: Path) -> None:
    """Its trigger goes: what is counted by hand now would be counted twice."""
    path = tmp_path / "outbox.db"
    db = open_database(path)
    db.executescript(
        "CREATE TRIGGER event_in AFTER INSERT ON event BEGIN UPDATE total SET rows = rows + 1; END;"
        "PRAGMA user_version = 1;"
    )
    db.close()
    again = open_database(path)
    assert again.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").fetchone() == (0,)
    assert again.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    again.close()
