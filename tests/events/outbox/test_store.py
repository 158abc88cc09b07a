"""The outbox's file: what it keeps, for whom, in which order, and up to where."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psutil
import pytest

from events.outbox.rows import DeadLetter, Entry, OutboxError
from events.outbox.settings import OnFull, OutboxSettings
from events.outbox.store import MIN_FREE_PAGES, Store
from tests.support.events import TIME_MS, event_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = OutboxSettings(max_bytes=10_000, keep_bytes=10_000, max_age_s=60)
DROPPING = OutboxSettings(max_bytes=10_000, keep_bytes=10_000, max_age_s=60, on_full=OnFull.DROP_OLDEST)


def entry(number: int, key: str = "k", size: int = 100, **more: object) -> Entry:
    return Entry(event_id(number), "t", key, TIME_MS, b"x" * size, **more)  # type: ignore[arg-type]


def entries(*numbers: int) -> list[Entry]:
    return [entry(number) for number in numbers]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "outbox.db", OutboxSettings())
    yield made
    made.close()


def test_what_is_appended_is_read_in_order_after_a_reopening(tmp_path: Path) -> None:
    first = Store(tmp_path / "outbox.db", OutboxSettings())
    first.append(entries(2, 1), TIME_MS)
    first.append([entry(3, sealed=b"secret")], TIME_MS)
    first.close()
    second = Store(tmp_path / "outbox.db", OutboxSettings())
    assert [row.entry for row in second.read(0, 10, 1 << 20)] == [*entries(2, 1), entry(3, sealed=b"secret")]
    second.close()


def test_the_file_is_for_its_owner_alone(store: Store) -> None:
    assert store.path.stat().st_mode & 0o077 == 0


def test_reading_goes_on_from_a_place_and_keeps_to_its_limits(store: Store) -> None:
    store.append(entries(1, 2, 3, 4), TIME_MS)
    first, *_ = store.read(0, 1, 1)
    assert [row.entry.id for row in store.read(first.seq, 2, 1 << 20)] == [event_id(2), event_id(3)]
    assert len(store.read(0, 10, 2 * entry(1).size)) == 2
    assert len(store.read(0, 10, 1)) == 1


def test_an_id_is_kept_once(store: Store) -> None:
    store.append(entries(1, 2), TIME_MS)
    store.append(entries(2, 3), TIME_MS)
    assert [row.entry.id for row in store.read(0, 10, 1 << 20)] == [event_id(n) for n in (1, 2, 3)]
    assert store.totals().rows == 3
    assert store.totals().bytes == 3 * entry(1).size


def test_events_stay_until_every_active_subscriber_has_them(store: Store) -> None:
    store.subscribe(["kafka", "audit"])
    store.append(entries(1, 2, 3), TIME_MS)
    last = store.read(0, 10, 1 << 20)[-1].seq
    store.ack("kafka", last, 3)
    assert (store.totals().rows, store.waiting("kafka"), store.waiting("audit")) == (3, 0, 3)
    store.ack("audit", last - 1, 2)
    assert [row.entry.id for row in store.read(0, 10, 1 << 20)] == [event_id(3)]
    store.subscribe(["kafka"])
    store.ack("kafka", last, 0)
    assert store.totals().rows == 0
    assert [(one.name, one.active, one.delivered) for one in store.subscribers()] == [
        ("audit", False, 2),
        ("kafka", True, 3),
    ]


def test_places_in_the_queue_are_never_used_again(store: Store) -> None:
    store.subscribe(["kafka"])
    store.append(entries(1), TIME_MS)
    (row,) = store.read(0, 10, 1 << 20)
    store.ack("kafka", row.seq, 1)
    store.append(entries(2), TIME_MS)
    assert store.read(store.acked("kafka"), 10, 1 << 20)[0].entry.id == event_id(2)


def test_an_acknowledgement_never_goes_back(store: Store) -> None:
    store.subscribe(["kafka"])
    store.append(entries(1, 2), TIME_MS)
    store.ack("kafka", 2, 2)
    store.ack("kafka", 1, 0)
    assert store.acked("kafka") == 2


def test_a_full_outbox_takes_nothing_and_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", SMALL)
    store.subscribe(["kafka"])
    store.append([entry(1, size=9_000)], TIME_MS)
    with pytest.raises(OutboxError, match="takes no more") as caught:
        store.append([entry(2, size=2_000)], TIME_MS)
    assert caught.value.reason == "full"
    assert store.totals().rows == 1
    store.close()


def test_an_outbox_that_waited_too_long_takes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", SMALL)
    store.subscribe(["kafka"])
    store.append(entries(1), TIME_MS)
    with pytest.raises(OutboxError) as caught:
        store.append(entries(2), TIME_MS + 61_000)
    assert caught.value.reason == "age"
    store.close()


def test_the_oldest_are_dropped_and_counted(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", DROPPING)
    store.subscribe(["kafka"])
    for number in range(1, 31):
        store.append([entry(number, size=744)], TIME_MS)
    rows = store.read(0, 100, 1 << 20)
    assert rows[-1].entry.id == event_id(30)
    assert 8 <= len(rows) <= 10
    assert store.totals().dropped == 30 - len(rows)
    assert store.append(entries(31), TIME_MS + 61_000) == len(rows)
    store.close()


def test_where_nobody_subscribes_the_newest_are_kept_and_nothing_counts_as_lost(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.db", SMALL)
    for number in range(1, 31):
        assert store.append([entry(number, size=744)], TIME_MS) == 0
    assert store.read(0, 100, 1 << 20)[-1].entry.id == event_id(30)
    assert store.totals().bytes <= 10_000
    assert store.totals().dropped == 0
    store.close()


def test_dead_letters_are_kept_and_come_back(store: Store) -> None:
    store.subscribe(["kafka"])
    store.append(entries(1, 2), TIME_MS)
    store.bury(
        [DeadLetter(entry(1, sealed=b"s"), TIME_MS, 3, "too_large"), DeadLetter(entry(9, size=0), TIME_MS, 0, "x")]
    )
    store.ack("kafka", 2, 1)
    assert store.dead_count() == 2
    assert {(letter.entry.id, letter.reason) for letter in store.dead_letters()} == {
        (event_id(1), "too_large"),
        (event_id(9), "x"),
    }
    assert store.retry([event_id(1), "unknown"]) == 1
    (row,) = store.read(store.acked("kafka"), 10, 1 << 20)
    assert row.entry == entry(1, sealed=b"s")
    assert store.retry() == 0, "what could not be built cannot be sent"
    assert store.dead_count() == 1


def test_a_dead_letter_that_comes_back_keeps_what_still_waits_for_the_audit_store(store: Store) -> None:
    store.subscribe(["kafka", "audit"])
    store.append([entry(1, sealed=b"s"), entry(2, sealed=b"t")], TIME_MS)
    store.bury([DeadLetter(entry(1), TIME_MS, 1, "too_large")])
    store.ack("kafka", 1, 0)
    assert store.retry() == 1
    rows = store.read(0, 10, 1 << 20)
    assert [row.entry for row in rows] == [entry(2, sealed=b"t"), entry(1, sealed=b"s")]
    assert store.totals().bytes == sum(row.entry.size for row in rows)


def test_what_is_sealed_goes_between_two_places_alone(store: Store) -> None:
    store.subscribe(["kafka", "audit"])
    store.append([entry(number, sealed=b"s") for number in range(1, 6)], TIME_MS)
    store.drop_sealed(1, 3)
    rows = store.read(0, 10, 1 << 20)
    assert [row.seq for row in rows if row.entry.sealed is None] == [2, 3]


def test_a_change_by_another_is_seen(store: Store) -> None:
    other = Store(store.path, OutboxSettings())
    before = store.version()
    other.append(entries(1), TIME_MS)
    assert store.version() != before
    other.beat("kafka", "publishing", TIME_MS)
    other.close()


def test_a_checkpoint_moves_the_log_into_the_file(store: Store) -> None:
    store.append([entry(number, size=5000) for number in range(1, 100)], TIME_MS)
    assert store.checkpoint() > 100
    assert store.path.stat().st_size > 400_000
    store.append([entry(100)], TIME_MS)
    assert store.checkpoint(alone=True) < 10, "the log has begun anew"


def test_free_space_goes_back_to_the_disk_but_for_what_the_next_events_need(store: Store) -> None:
    store.subscribe(["kafka"])
    store.append([entry(number, size=8000) for number in range(1, 601)], TIME_MS)
    store.checkpoint()
    before = store.path.stat().st_size
    store.ack("kafka", 600, 600)
    for _ in range(40):
        store.give_back(64)
    store.checkpoint()
    after = store.path.stat().st_size
    assert MIN_FREE_PAGES * 4096 * 0.9 < after < before
    store.give_back(64)
    assert store.path.stat().st_size == after


def test_scrubbing_leaves_nothing_of_what_was_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([entry(1, sealed=b"whispered" * 2000), entry(2)], TIME_MS)
    store.drop_sealed(0, 9)
    log = store.path.with_name("outbox.db-wal")
    assert b"whispered" in log.read_bytes()
    monkeypatch.setattr("events.outbox.store.SCRUB_TRIES", 2)
    reader, other = Store(store.path, OutboxSettings()), Store(store.path, OutboxSettings())
    reader._db.execute("BEGIN")
    assert reader.totals().rows == 2
    assert not other.scrub(), "somebody reads"
    assert other._db.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    other.close()
    reader._db.execute("COMMIT")
    assert store.scrub()
    assert b"whispered" not in store.path.read_bytes() + log.read_bytes()
    reader.close()


def test_a_failed_change_leaves_nothing(store: Store) -> None:
    with pytest.raises(OutboxError):
        store.append([entry(1), Entry(event_id(2), "t", None, TIME_MS, b"")], TIME_MS)  # type: ignore[arg-type]
    assert store.totals().rows == 0
    store.append(entries(3), TIME_MS)
    assert store.totals().rows == 1


def test_a_full_disk_is_an_error_of_its_own(store: Store) -> None:
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(OutboxError) as caught:
        store.append([entry(number, size=5000) for number in range(1, 50)], TIME_MS)
    assert caught.value.reason == "disk_full"
    assert store.totals().rows == 0


def test_a_file_of_a_later_version_or_another_kind_is_refused(tmp_path: Path) -> None:
    later = tmp_path / "later.db"
    with sqlite3.connect(later) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(OutboxError, match=r"later\.db: was written by a later version"):
        Store(later, OutboxSettings())
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database" * 1000)
    with pytest.raises(OutboxError, match=r"other\.db: the outbox cannot be used"):
        Store(other, OutboxSettings())


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    open_files = psutil.Process().num_fds
    before = open_files()
    for _ in range(5):
        Store(tmp_path / "outbox.db", OutboxSettings()).close()
        with pytest.raises(IsADirectoryError):
            Store(tmp_path, OutboxSettings())
    assert open_files() == before


def test_what_is_there_already_is_counted_once(tmp_path: Path) -> None:
    """Beside new ones, over more than one statement, and again when it comes back from the dead letters."""
    store = Store(tmp_path / "outbox.db", OutboxSettings())
    store.append(entries(*range(1, 41)), TIME_MS)
    store.append([entry(40, size=5), *entries(*range(41, 121)), entry(120, size=5)], TIME_MS)
    assert (store.totals().rows, store.totals().bytes) == (120, 120 * entry(1).size)
    assert [row.entry for row in store.read(0, 200, 1 << 20)] == entries(*range(1, 121))
    store.bury([DeadLetter(entry(7), TIME_MS, 1, "refused")], [entry(200)])
    assert store.retry() == 1
    assert (store.totals().rows, store.totals().bytes) == (121, 121 * entry(1).size)
    store.close()
