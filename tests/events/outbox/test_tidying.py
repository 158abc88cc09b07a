"""Moving the log into the file beside those who write: the log stays short, and no commit does it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.outbox.tidying import Tidier
from tests.events.outbox.test_store import entry
from tests.support.events import TIME_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS = OutboxSettings()


def test_the_log_stays_short_while_events_come(tmp_path: Path) -> None:
    """18 MB of commits, one after another, with a tidier that is asked as the writer asks it."""
    path = tmp_path / "outbox.db"
    store, tidier = Store(path, LIMITS), Tidier(path, LIMITS)
    tidier.start()
    for number in range(1, 601):
        store.append([entry(number, size=30_000)], TIME_MS)
        if number % 16 == 0:
            tidier.want()
    tidier.close()
    assert path.with_name("outbox.db-wal").stat().st_size < 12 << 20
    assert [row.entry.id for row in store.read(0, 1000, 1 << 30)] == [entry(n).id for n in range(1, 601)]
    store.close()


def test_a_reader_in_the_middle_holds_nobody_up(tmp_path: Path) -> None:
    """While somebody reads, the log cannot begin anew; commits and checkpoints go on, and afterwards it does."""
    path = tmp_path / "outbox.db"
    store, reader, tidier = Store(path, LIMITS), Store(path, LIMITS), Tidier(path, LIMITS)
    store.append([entry(1)], TIME_MS)
    reader._db.execute("BEGIN")
    assert reader.totals().rows == 1
    tidier.start()
    tidier.want()
    store.append([entry(2)], TIME_MS)
    assert reader.totals().rows == 1
    reader._db.execute("COMMIT")
    assert reader.totals().rows == 2
    tidier.close()
    assert reader.checkpoint() > 0
    store.append([entry(3)], TIME_MS)
    assert store.checkpoint() < 10, "the log has begun anew"
    reader.close()
    store.close()


def test_a_folder_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    """The writer's own commit says what is wrong with the disk; the tidier tries again when it is asked."""
    path = tmp_path / "gone" / "outbox.db"
    tidier = Tidier(path, LIMITS)
    tidier.start()
    tidier.want()
    until(lambda: not tidier._wanted.is_set())
    assert not path.exists()
    path.parent.mkdir()
    store = Store(path, LIMITS)
    store.append([entry(number, size=30_000) for number in range(40)], TIME_MS)
    assert path.stat().st_size < 100_000, "all of it is in the log"
    tidier.want()
    until(lambda: path.stat().st_size > 1_000_000)
    tidier.close()
    store.close()
    assert "sluicegate-outbox-tidy" not in [thread.name for thread in threading.enumerate()]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.005)
