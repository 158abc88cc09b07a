"""The outbox's file: a SQLite database in WAL mode with `synchronous=FULL`. One `Store` belongs to one thread.

Several processes may have it open. Every change is one transaction under a file lock: those who wait for it queue
in the kernel, where SQLite's own waiting would poll. A subscriber has a cursor, and an event stays until every
active subscriber is past it. `seq` grows in the order of commits, so a reader that goes on from its cursor misses
nothing.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from events.outbox.database import BUSY_TIMEOUT_S, database_errors, open_database
from events.outbox.rows import DeadLetter, Entry, OutboxError, Row, Subscriber, Totals
from events.outbox.settings import OnFull

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from events.outbox.settings import OutboxSettings

TRIM_SHARE: Final = 0.05
"""How much is dropped at a limit, so that it is not met again at the next event."""


SCRUB_WAIT_MS: Final = 50
SCRUB_TRIES: Final = 40
"""Two seconds of waiting for readers and for other checkpoints, in all."""
MIN_FREE_PAGES: Final = 1024
"""4 MB of free space stay in the file: the next events need it."""
ROWS_AT_ONCE: Final = 32
"""Events in one statement: the interpreter is given away and taken back once for all of them."""
_INSERT: Final = "INSERT INTO event (id, topic, key, created_ms, value, sealed, size) "
_UNLESS_THERE: Final = " ON CONFLICT (id) DO NOTHING"
_KEEP_SEALED: Final = (
    "UPDATE dead_letter SET (sealed, size) = (SELECT sealed, size FROM event WHERE event.id = dead_letter.id)"
    " WHERE id = ? AND sealed IS NULL AND EXISTS (SELECT 1 FROM event WHERE event.id = dead_letter.id)"
)
"""A publisher's dead letter has nothing sealed; the event may still wait with it for a local subscriber."""


class Store:
    """The open file. Raises `OutboxError` for all that goes wrong, and OSError where it cannot be opened."""

    def __init__(self, path: Path, settings: OutboxSettings) -> None:
        """Open the file, or make it. The folder is there."""
        self.path = path
        self._settings = settings
        self._puts = 0
        self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its log gets the same rights
            with self._locked():
                self._db = open_database(path)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the file. What was committed stays."""
        self._db.close()
        os.close(self._lock)

    # Writing.

    def append(self, entries: Sequence[Entry], now_ms: int) -> int:
        """Make events durable, all of them or none. An id that is there already is left as it is.

        Returns how many older ones were dropped to make room. Raises `OutboxError` where there is none.
        """
        with self._change() as db:
            dropped = self._make_room(db, entries, now_ms)
            _insert(db, entries)
        self._puts += 1
        return dropped

    def _make_room(self, db: sqlite3.Connection, entries: Sequence[Entry], now_ms: int) -> int:
        added = sum(entry.size for entry in entries)
        has_subscriber = db.execute("SELECT 1 FROM subscriber WHERE active LIMIT 1").fetchone() is not None
        limit = self._settings.max_bytes if has_subscriber else self._settings.keep_bytes
        held, oldest_ms = db.execute(
            "SELECT bytes, (SELECT created_ms FROM event ORDER BY seq LIMIT 1) FROM total"
        ).fetchone()
        too_old_ms = now_ms - int(1000 * self._settings.max_age_s)
        is_old = oldest_ms is not None and oldest_ms < too_old_ms
        is_full = held + added > limit
        if not (is_old or is_full):
            return 0
        if has_subscriber and self._settings.on_full is OnFull.BLOCK:
            what = f"{held >> 20} MiB of events wait" if is_full else "events wait for longer than max_age"
            raise OutboxError("full" if is_full else "age", f"The outbox takes no more: {what}.")
        wanted = held + added - int(limit * (1 - TRIM_SHARE)) if is_full else 0
        gone = _drop_oldest(db, wanted, too_old_ms)
        if has_subscriber:
            db.execute("UPDATE total SET dropped = dropped + ?", (gone,))
        return gone if has_subscriber else 0

    def bury(self, letters: Sequence[DeadLetter], notices: Sequence[Entry] = ()) -> None:
        """Keep events that could not be delivered. `notices` of them go to the end of the queue, full or not."""
        with self._change() as db:
            _insert(db, notices)
            db.executemany(
                "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (*letter.entry, letter.entry.size, letter.died_ms, letter.attempts, letter.reason)
                    for letter in letters
                ],
            )
        self._puts += 1

    def retry(self, ids: Sequence[str] | None = None) -> int:
        """Put dead letters at the end of the queue again: those with these ids, None: all. Returns how many."""
        with self._change() as db:
            found = db.execute(
                "SELECT id FROM dead_letter WHERE length(value) > 0 ORDER BY created_ms, id"
            ).fetchall()
            chosen = [(one,) for (one,) in found if ids is None or one in ids]
            for (one,) in chosen:
                db.execute(_KEEP_SEALED, (one,))
                _forget(db, "id = ?", one)
            before = _last_seq(db)
            db.executemany(
                _INSERT + "SELECT id, topic, key, created_ms, value, sealed, size FROM dead_letter WHERE id = ?",  # noqa: S608
                chosen,
            )
            _count_after(db, before)
            db.executemany("DELETE FROM dead_letter WHERE id = ?", chosen)
        self._puts += 1
        return len(chosen)

    # Subscribers.

    def subscribe(self, names: Sequence[str]) -> None:
        """Keep events for these subscribers from now on, and for no other. A new one gets all that is there."""
        with self._change() as db:
            db.execute("UPDATE subscriber SET active = 0")
            for name in names:
                db.execute(
                    "INSERT INTO subscriber (name, active) VALUES (?, 1)"
                    " ON CONFLICT (name) DO UPDATE SET active = 1",
                    (name,),
                )

    def read(self, after: int, max_rows: int, max_bytes: int) -> list[Row]:
        """Return the events after a place in the queue, in order; at least one where there is one."""
        rows: list[Row] = []
        size = 0
        with database_errors():
            found = self._db.execute(
                "SELECT seq, id, topic, key, created_ms, value, sealed FROM event"
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, max_rows),
            )
            for seq, *fields in found:
                row = Row(seq, Entry(*fields))
                size += row.entry.size
                if rows and size > max_bytes:
                    break
                rows.append(row)
        return rows

    def acked(self, name: str) -> int:
        """Return up to where a subscriber has everything."""
        with database_errors():
            row = self._db.execute("SELECT acked FROM subscriber WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def ack(self, name: str, seq: int, delivered: int) -> None:
        """Note that a subscriber has everything up to `seq`; `delivered` of it reached where it should."""
        with self._quick_change() as db:
            db.execute(
                "UPDATE subscriber SET acked = max(acked, ?), delivered = delivered + ? WHERE name = ?",
                (seq, delivered, name),
            )
            _forget(db, "seq <= ?", db.execute("SELECT min(acked) FROM subscriber WHERE active").fetchone()[0])

    def drop_sealed(self, after: int, seq: int) -> None:
        """Throw away what is sealed of the events after a place, up to `seq`: whom it was for has it."""
        with self._quick_change() as db:
            db.execute(
                "UPDATE event SET sealed = NULL WHERE seq > ? AND seq <= ? AND sealed IS NOT NULL", (after, seq)
            )

    def beat(self, name: str, state: str, now_ms: int) -> None:
        """Note how a subscriber is."""
        with self._quick_change() as db:
            db.execute("UPDATE subscriber SET state = ?, beat_ms = ? WHERE name = ?", (state, now_ms, name))

    # Looking.

    def totals(self) -> Totals:
        """Return what is in the outbox; it does not count rows."""
        with database_errors():
            return Totals(
                *self._db.execute(
                    "SELECT rows, bytes, dropped, (SELECT created_ms FROM event ORDER BY seq LIMIT 1) FROM total"
                ).fetchone()
            )

    def subscribers(self) -> list[Subscriber]:
        """Return all subscribers there ever were, by name."""
        with database_errors():
            found = self._db.execute(
                "SELECT name, active, acked, delivered, state, beat_ms FROM subscriber ORDER BY name"
            ).fetchall()
        return [Subscriber(name, bool(active), *rest) for name, active, *rest in found]

    def waiting(self, name: str) -> int:
        """Return how many events a subscriber has not got yet."""
        with database_errors():
            found = self._db.execute(
                "SELECT count(*) FROM event WHERE seq > coalesce((SELECT acked FROM subscriber WHERE name = ?), 0)",
                (name,),
            ).fetchone()
        return int(found[0])

    def dead_letters(self, limit: int = -1) -> list[DeadLetter]:
        """Return dead letters, the newest first."""
        with database_errors():
            found = self._db.execute(
                "SELECT * FROM dead_letter ORDER BY died_ms DESC, id LIMIT ?", (limit,)
            ).fetchall()
        return [DeadLetter(Entry(*row[:6]), *row[7:]) for row in found]

    def dead_count(self) -> int:
        """Return how many dead letters there are."""
        with database_errors():
            return int(self._db.execute("SELECT count(*) FROM dead_letter").fetchone()[0])

    def version(self) -> tuple[int, int]:
        """Return what changes when another process or thread has changed the file, or we have put events in."""
        with database_errors():
            return int(self._db.execute("PRAGMA data_version").fetchone()[0]), self._puts

    # Housekeeping.

    def checkpoint(self, *, alone: bool = False) -> int:
        """Move the log into the file. Returns how many pages it has.

        When all of it is moved before the next commit, that one begins it anew. Others write meanwhile; `alone`:
        they wait.
        """
        with self._locked() if alone else nullcontext(), database_errors():
            _, pages, _ = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(pages)

    def scrub(self) -> bool:
        """Cut the log, which still holds earlier forms of pages. Returns False when somebody read all the time.

        Deleted pages of the file are overwritten when they are deleted (`secure_delete`). Others wait for this, so
        it is tried for a moment, again and again.
        """
        with database_errors():
            self._db.execute(f"PRAGMA busy_timeout = {SCRUB_WAIT_MS}").fetchall()
            try:
                for _ in range(SCRUB_TRIES):
                    with self._locked():
                        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if not busy:
                        return True
                    time.sleep(SCRUB_WAIT_MS / 1000)
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_TIMEOUT_S)}").fetchall()
        return False

    def give_back(self, max_pages: int) -> None:
        """Give free space back to the disk where there is a lot of it. Others wait for it, as for a commit."""
        with database_errors():
            if self._db.execute("PRAGMA freelist_count").fetchone()[0] < MIN_FREE_PAGES:
                return
        with self._quick_change() as db:
            db.execute(f"PRAGMA incremental_vacuum({max_pages})").fetchall()

    # Locks and transactions.

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def _quick_change(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction that the machine's crash may undo: it would only be done again."""
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._change() as db:
                yield db
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: durable when the block is left, as if it had never begun when it raises."""
        with self._locked(), database_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _insert(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Add events and count them; those whose id is there already are left out."""
    before = _last_seq(db)
    added = size = 0
    for at in range(0, len(entries), ROWS_AT_ONCE):
        values: list[object] = []
        for entry in entries[at : at + ROWS_AT_ONCE]:
            entry_size = entry.size
            values += entry
            values.append(entry_size)
            size += entry_size
        added += db.execute(_insert_of(len(values) // 7), values).rowcount
    if added == len(entries):
        db.execute("UPDATE total SET rows = rows + ?, bytes = bytes + ?", (added, size))
    else:
        _count_after(db, before)


@lru_cache(maxsize=ROWS_AT_ONCE)
def _insert_of(rows: int) -> str:
    return f"{_INSERT}VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?)'] * rows)}{_UNLESS_THERE}"


def _last_seq(db: sqlite3.Connection) -> int:
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return 0 if found is None else int(found[0])


def _count_after(db: sqlite3.Connection, seq: int) -> None:
    """Add to the totals what was put in after a place in the queue."""
    db.execute(
        "UPDATE total SET (rows, bytes) ="
        " (SELECT total.rows + count(*), total.bytes + coalesce(sum(size), 0) FROM event WHERE seq > ?)",
        (seq,),
    )


def _drop_oldest(db: sqlite3.Connection, wanted_bytes: int, older_than_ms: int) -> int:
    """Delete events from the oldest on, until so many bytes are free and none is too old."""
    freed, last = 0, 0
    found = db.execute("SELECT seq, created_ms, size FROM event ORDER BY seq")
    for seq, created_ms, size in found:
        if freed >= wanted_bytes and created_ms >= older_than_ms:
            break
        freed, last = freed + size, seq
    found.close()
    return _forget(db, "seq <= ?", last)


def _forget(db: sqlite3.Connection, where: str, value: object) -> int:
    """Delete events and take them off the totals. Returns how many."""
    found = db.execute(f"SELECT count(*), coalesce(sum(size), 0) FROM event WHERE {where}", (value,))  # noqa: S608
    count, size = found.fetchone()
    if count:
        db.execute(f"DELETE FROM event WHERE {where}", (value,))  # noqa: S608 - a literal of this module
        db.execute("UPDATE total SET rows = rows - ?, bytes = bytes - ?", (count, size))
    return int(count)
