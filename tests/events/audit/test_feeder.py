"""From the outbox into the store: once each, through crashes, with anchors. The clock is the test's."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from events.audit import feeder as feeder_module
from events.audit.anchors import read_anchors
from events.audit.database import AuditError, sqlite_url
from events.audit.feeder import IDLE_S, SUBSCRIBER, Feeder
from events.audit.reading import Filter, all_of
from events.audit.sealing import parse_sealed, seal
from events.audit.settings import AuditSettings, AuditText
from events.audit.store import AuditStore
from events.audit.verify import verify
from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry, OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from tests.support.audit import KEY, PLAIN, TIME_MS, raw_bytes, ring
from tests.support.events import exchange_event, incident_event


class Clock:
    now_ms = TIME_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / FILE_NAME, OutboxSettings())
    opened.subscribe([SUBSCRIBER, "kafka"])
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AuditStore]:
    opened = AuditStore(sqlite_url(tmp_path / "audit.db"))
    yield opened
    opened.close()


def feeder(outbox: Store, store: AuditStore, clock: Clock, folder: Path) -> Feeder:
    return Feeder(
        outbox, store, folder / "anchors.jsonl", source="/s", topic_prefix="x", retention_s=60, now_ms=clock,
        randomness=bytes,
    )  # fmt: skip


def put(outbox: Store, count: int, first: int = 1) -> None:
    entries = []
    for number in range(first, first + count):
        event = incident_event(number)
        sealed = seal(ring(), event.id, {"texts": [], "x": PLAIN})
        entries.append(Entry(event.id, "x.incidents.v1", "k", TIME_MS, encode(event), sealed))
        clean = exchange_event(number + 10_000)
        entries.append(Entry(clean.id, "x.exchanges.v1", "k", TIME_MS, encode(clean)))
    outbox.append(entries, TIME_MS)


def anchors(folder: Path) -> list[int]:
    return [one.seq for one in read_anchors((folder / "anchors.jsonl").read_bytes().splitlines())[0]]


def test_the_default_is_a_window_and_settings_do_not_show_keys() -> None:
    given = AuditSettings(keys=KEY, database="postgresql://u:secret@h/d")
    assert given.text is AuditText.WINDOW
    assert KEY not in repr(given)
    assert "secret" not in repr(given)


def test_incidents_arrive_once_and_the_chain_is_anchored(outbox: Store, store: AuditStore, tmp_path: Path) -> None:
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    put(outbox, 3)
    assert [one.step() for _ in range(3)] == [0.0, 0.0, IDLE_S]  # the anchor is an event, too
    assert verify(store).records == 3
    assert outbox.subscribers()[0][:4] == ("audit", True, outbox.acked(SUBSCRIBER), 3)
    other = Store(tmp_path / FILE_NAME, OutboxSettings())  # as a server's: its own connection
    put(other, 2, first=4)
    other.close()
    one.step()
    assert anchors(tmp_path) == [3]  # the next one is not due
    clock.now_ms += 10_000
    one.step()
    one.close()
    assert anchors(tmp_path) == [3, 5]
    told = [row.entry for row in outbox.read(0, 99, 1 << 30) if row.entry.topic == "x.audit-heads.v1"]
    assert [orjson.loads(entry.value)["data"]["seq"] for entry in told] == [3, 5]
    assert verify(store, read_anchors((tmp_path / "anchors.jsonl").read_bytes().splitlines())[0]).anchors == 2


def test_after_a_crash_before_the_acknowledgement_nothing_is_there_twice(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(outbox, 4)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "ack", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            feeder(outbox, store, Clock(), tmp_path).step()
    feeder(outbox, store, Clock(), tmp_path).step()
    assert [link.record.id for link in all_of(store, Filter())] == [incident_event(n).id for n in range(1, 5)]
    assert verify(store).problems == []


def test_a_store_that_fails_loses_nothing(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(outbox, 2)
    one = feeder(outbox, store, Clock(), tmp_path)

    def fail(*_args: object) -> int:
        raise AuditError("down")

    with monkeypatch.context() as patched:
        patched.setattr(store, "append", fail)
        with pytest.raises(AuditError):
            one.step()
    assert outbox.acked(SUBSCRIBER) == 0
    one.step()
    assert verify(store).records == 2


def test_what_cannot_be_read_is_a_dead_letter_and_stops_nobody(
    outbox: Store, store: AuditStore, tmp_path: Path
) -> None:
    put(outbox, 1)
    outbox.append([Entry("bad", "x.incidents.v1", "k", TIME_MS, b"{}")], TIME_MS)
    put(outbox, 1, first=2)
    feeder(outbox, store, Clock(), tmp_path).step()
    assert verify(store).records == 2
    assert [letter.entry.id for letter in outbox.dead_letters(9)] == ["bad"]


def test_what_was_sealed_is_not_kept_in_the_outbox(outbox: Store, store: AuditStore, tmp_path: Path) -> None:
    """Kafka may be down for days: the events wait for it, what belongs to the audit store does not."""
    put(outbox, 3)
    sealed = [row.entry.sealed for row in outbox.read(0, 99, 1 << 30) if row.entry.sealed]
    feeder(outbox, store, Clock(), tmp_path).step()
    rows = outbox.read(0, 99, 1 << 30)
    assert (len(sealed), len(rows) >= 6) == (3, True)
    assert [row.entry.sealed for row in rows if row.entry.sealed] == []
    assert PLAIN.encode() not in raw_bytes(tmp_path)


def test_what_a_crash_or_a_busy_outbox_left_sealed_goes_later(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OutboxError("busy", "locked")

    one = feeder(outbox, store, Clock(), tmp_path)
    for life in (one, one, feeder(outbox, store, Clock(), tmp_path)):
        put(outbox, 1, first=outbox.totals().rows + 1)
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "drop_sealed", fail)
            with pytest.raises(OutboxError):
                life.step()
    again = feeder(outbox, store, Clock(), tmp_path)
    clean = exchange_event(20_000)
    outbox.append([Entry(clean.id, "x.exchanges.v1", "k", TIME_MS, encode(clean))], TIME_MS)
    again.step()
    rows = outbox.read(0, 99, 1 << 30)
    assert len(rows) >= 7
    assert [row.entry.id for row in rows if row.entry.sealed] == []


def test_an_anchor_does_not_stay_in_the_outbox(outbox: Store, store: AuditStore, tmp_path: Path) -> None:
    """It is the feeder's own event: one that nobody takes would be too old one day, and the outbox take no more."""
    outbox.subscribe([SUBSCRIBER])
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    for number in (1, 2):
        other = Store(tmp_path / FILE_NAME, OutboxSettings())  # as a server's: its own connection
        put(other, 1, first=number)
        other.close()
        while one.step() != IDLE_S:
            pass
    clock.now_ms += 10_000
    assert [one.step() for _ in range(3)] == [IDLE_S, 0.0, IDLE_S]
    assert anchors(tmp_path) == [1, 2]
    assert outbox.totals().rows == 0


def test_texts_beyond_the_retention_go(outbox: Store, store: AuditStore, tmp_path: Path) -> None:
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    put(outbox, 2)
    one.step()
    clock.now_ms += 3_600_000
    one.step()
    report = verify(store)
    assert (report.texts, report.erased, report.problems) == (0, 2, [])


def test_a_store_that_was_put_back_is_told(outbox: Store, store: AuditStore, tmp_path: Path) -> None:
    one = feeder(outbox, store, Clock(), tmp_path)
    assert one.contradiction() is None
    put(outbox, 2)
    one.step()
    assert one.contradiction() is None
    other = AuditStore(sqlite_url(tmp_path / "other.db"))
    assert "not the one" in str(feeder(outbox, other, Clock(), tmp_path).contradiction())
    other.close()
    (tmp_path / "anchors.jsonl").write_bytes(
        orjson.dumps({"chain": store.head().chain, "seq": 9, "hash": "h"}) + b"\n"
    )
    assert "ends before record 9" in str(one.contradiction())


@pytest.mark.parametrize("when", ["before it came", "after the retention"])
def test_no_byte_of_what_was_erased_is_left_in_the_outbox(
    when: str, outbox: Store, store: AuditStore, tmp_path: Path
) -> None:
    """C8 on the way to the store: neither the encrypted text nor its wrapped key, in file and log of both."""
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    one.step()
    put(outbox, 40)
    parts = [parse_sealed(row.entry.sealed) for row in outbox.read(0, 99, 1 << 30) if row.entry.sealed]
    assert all(part.body in raw_bytes(tmp_path) for part in parts)
    if when == "before it came":
        for number in range(1, 41):
            store.erase_request(incident_event(number).data.request.id, TIME_MS)  # type: ignore[union-attr]
        one.step()
    else:
        one.step()
        clock.now_ms += 3_600_000
        one.step()
    assert verify(store).erased == 40
    raw = raw_bytes(tmp_path)
    assert [n for n, part in enumerate(parts) if part.body in raw or part.wrapped.data in raw] == []


def test_what_a_reader_held_in_the_outboxs_log_is_cut_later(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads the outbox, or its disk fails, just when texts were erased: the next sweep does it."""
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    put(outbox, 2)
    one.step()
    clock.now_ms += 3_600_000
    scrubbed: list[bool] = []

    def scrub() -> bool:
        scrubbed.append(len(scrubbed) == 2)
        if len(scrubbed) == 1:
            raise OutboxError("io", "disk")
        return scrubbed[-1]

    monkeypatch.setattr(outbox, "scrub", scrub)
    with pytest.raises(OutboxError):
        one.step()
    for _ in range(3):
        one.step()
        clock.now_ms += 3_600_000
    assert (verify(store).erased, scrubbed) == (2, [False, False, True])


def test_an_anchor_that_the_outbox_did_not_take_is_published_later(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full outbox: the file has the anchor, and the topic gets it, although the chain has not grown since."""
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    put(outbox, 2)

    def fail(*_args: object) -> int:
        raise OutboxError("full", "full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "append", fail)
        for _ in range(2):
            with pytest.raises(OutboxError):
                one.step()
            one.step()
            clock.now_ms += 1000
    one.step()
    one.step()
    clock.now_ms += 10_000
    one.close()
    told = [row.entry for row in outbox.read(0, 99, 1 << 30) if row.entry.topic == "x.audit-heads.v1"]
    assert [orjson.loads(entry.value)["data"]["seq"] for entry in told] == [2]
    assert anchors(tmp_path) == [2]


def test_without_room_for_anchors_events_are_stored_and_erased_all_the_same(
    outbox: Store, store: AuditStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is erased by its age is what makes room."""
    clock = Clock()
    one = feeder(outbox, store, clock, tmp_path)
    put(outbox, 2)

    def fail(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(feeder_module, "append_anchor", fail)
        with pytest.raises(OSError, match="full"):
            one.step()
        clock.now_ms += 3_600_000
        with pytest.raises(OSError, match="full"):
            one.step()
        assert verify(store).erased == 2
        put(outbox, 2, first=3)
        assert one.step() == 0.0
        assert store.head().seq >= 4
    clock.now_ms += 1000
    one.step()
    assert anchors(tmp_path) == [store.head().seq]
