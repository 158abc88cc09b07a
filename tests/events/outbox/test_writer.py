"""The thread that writes: durable before it says so, in order; what cannot be kept is said and counted."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from events.outbox.rows import OutboxError
from events.outbox.settings import OnFull, OutboxSettings
from events.outbox.store import Store
from events.outbox.writer import Draft, OutboxWriter
from tests.support.events import TIME_MS, event_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from events.outbox.rows import Entry

WAIT_S = 10


class Written:
    """A writer with what it said."""

    def __init__(self, folder: Path, **limits: object) -> None:
        self.path = folder / "outbox.db"
        self.lost: Counter[str] = Counter()
        self.dead: Counter[str] = Counter()
        self.writer = OutboxWriter(
            self.path,
            OutboxSettings(**limits),  # type: ignore[arg-type]
            now_ms=lambda: TIME_MS,
            on_dropped=lambda reason, count: self.lost.update({reason: count}),
            on_dead=lambda reason, count: self.dead.update({reason: count}),
        )
        self.store = Store(self.path, OutboxSettings())
        self.store.subscribe(["kafka"])
        self.writer.start()

    def ids(self) -> list[str]:
        return [row.entry.id for row in self.store.read(0, 10_000, 1 << 30)]

    def wait(self, *drafts: Draft) -> str | None:
        """Submit, and return what was said; on a durable answer the events are in the file by then."""
        told, said = threading.Event(), list[str | None]()

        def done(reason: str | None) -> None:
            said.append(reason)
            said.append(",".join(self.ids()[-len(drafts) :]))
            told.set()

        self.writer.submit(drafts, done)
        assert told.wait(WAIT_S)
        if said[0] is None and not self.lost and not self.dead:
            assert said[1] == ",".join(draft.id for draft in drafts)
        return said[0]


def draft(number: int, value: bytes = b"{}") -> Draft:
    return Draft(event_id(number), "t", "k", TIME_MS, lambda: value)


def failing(number: int, error: Exception) -> Draft:
    def build() -> bytes:
        raise error

    return Draft(event_id(number), "t", "k", TIME_MS, build)


def test_a_waited_event_is_durable_when_it_is_told(tmp_path: Path) -> None:
    written = Written(tmp_path)
    assert written.wait(draft(1), draft(2)) is None
    written.writer.close()
    assert written.ids() == [event_id(1), event_id(2)]


def test_what_nobody_waits_for_keeps_its_place(tmp_path: Path) -> None:
    """It is committed with what comes after it and is waited for, and in the order of submission."""
    written = Written(tmp_path)
    for number in range(1, 30):
        written.writer.submit([draft(number)])
    assert written.wait(draft(30)) is None
    assert written.ids() == [event_id(number) for number in range(1, 31)]
    written.writer.close()


def test_closing_commits_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    written = Written(tmp_path)
    for number in range(1, 1500):
        written.writer.submit([draft(number)])
    written.writer.close()
    assert len(written.ids()) == 1499
    assert written.wait(draft(2000)) == "closed"
    assert written.lost == {"closed": 1}


def test_an_event_that_cannot_be_built_is_a_dead_letter_and_stops_no_other(tmp_path: Path) -> None:
    """C3. Its place is taken by its identity and the reason; what the error said is not in it."""
    written = Written(tmp_path)
    assert written.wait(failing(1, RuntimeError("zebra-47")), draft(2), failing(3, ValueError("too_large"))) is None
    written.writer.close()
    assert written.ids() == [event_id(2)]
    letters = written.store.dead_letters()
    assert {(one.entry.id, one.reason) for one in letters} == {
        (event_id(1), "unserialisable"),
        (event_id(3), "too_large"),
    }
    assert written.dead == {"unserialisable": 1, "too_large": 1}


def test_a_draft_may_be_made_in_the_thread_and_keeps_its_place(tmp_path: Path) -> None:
    """One that cannot even be made is counted, and stops no other."""
    written = Written(tmp_path)
    threads: list[str] = []

    def late() -> Draft:
        threads.append(threading.current_thread().name)
        return draft(2)

    written.writer.submit([draft(1)])
    written.writer.submit([late, lambda: draft(1 // 0)])
    assert written.wait(draft(3)) is None
    written.writer.close()
    assert written.ids() == [event_id(1), event_id(2), event_id(3)]
    assert threads == ["sluicegate-outbox"]
    assert written.lost == {"bug": 1}


def test_a_full_outbox_is_told_to_who_waits(tmp_path: Path) -> None:
    """C5: with `block` the reason comes back and the loss is counted, for clean records too."""
    written = Written(tmp_path, max_bytes=2000)
    assert written.wait(draft(1, b"x" * 1500)) is None
    assert written.wait(draft(2, b"x" * 1500)) == "full"
    written.writer.submit([draft(3, b"x" * 1500)])
    written.writer.close()
    assert written.ids() == [event_id(1)]
    assert written.lost == {"full": 2}


def test_dropping_the_oldest_lets_everything_go_on(tmp_path: Path) -> None:
    written = Written(tmp_path, max_bytes=4000, on_full=OnFull.DROP_OLDEST)
    for number in range(1, 11):
        assert written.wait(draft(number, b"x" * 1500)) is None
    written.writer.close()
    assert written.ids()[-1] == event_id(10)
    assert written.lost == {"full": 10 - len(written.ids())}


@pytest.mark.parametrize(("on_full", "told"), [(OnFull.BLOCK, "disk_full"), (OnFull.DROP_OLDEST, None)])
def test_a_full_disk_is_counted_whatever_is_configured(tmp_path: Path, on_full: OnFull, told: str | None) -> None:
    written = Written(tmp_path, on_full=on_full)
    assert written.wait(draft(1)) is None
    store = written.writer._store
    assert store is not None
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    big = [draft(number, b"x" * 60_000) for number in range(2, 6)]
    assert written.wait(*big) == told
    assert written.lost == {"disk_full": 4}
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert written.wait(draft(9)) is None
    written.writer.close()
    assert written.ids() == [event_id(1), event_id(9)]


def test_a_bug_is_told_to_who_waits_and_does_not_end_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(written.writer, "_commit", lambda _entries, _dead: 1 // 0)
        assert written.wait(draft(1)) == "bug"
    assert written.wait(draft(2)) is None
    written.writer.close()
    assert written.ids() == [event_id(2)]
    assert written.lost == {"bug": 1}


def test_an_outbox_that_cannot_be_opened_again_is_told_and_counted(tmp_path: Path) -> None:
    """After an error of the disk the file is opened anew, which fails in its own way."""
    written = Written(tmp_path)
    assert written.writer._store is not None
    written.writer._store.close()
    written.writer._store = None
    lock = tmp_path / "outbox.lock"
    lock.unlink()
    lock.mkdir()
    assert written.wait(draft(1)) == "io"
    assert written.lost == {"io": 1}
    lock.rmdir()
    assert written.wait(draft(2)) is None
    written.writer.close()
    assert written.ids() == [event_id(2)]


def test_too_much_in_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs must not eat the memory."""
    monkeypatch.setattr("events.outbox.writer.MAX_WAITING", 3)
    written = Written(tmp_path)
    go = threading.Event()
    began = threading.Event()

    def hang() -> bytes:
        began.set()
        go.wait(WAIT_S)
        return b"{}"

    written.writer.submit([Draft(event_id(1), "t", "k", TIME_MS, hang)], lambda _: None)
    assert began.wait(WAIT_S)
    for number in range(2, 5):
        written.writer.submit([draft(number)])
    assert written.wait(draft(5)) == "overload"
    go.set()
    written.writer.close()
    assert written.ids() == [event_id(number) for number in range(1, 5)]
    assert written.lost == {"overload": 1}


def test_several_writers_share_a_file(tmp_path: Path) -> None:
    """As the workers of one server do; each keeps its order."""
    writers = [Written(tmp_path) for _ in range(4)]
    threads = []
    for index, one in enumerate(writers):

        def run(one: Written = one, index: int = index) -> None:
            for number in range(40):
                told = threading.Event()
                one.writer.submit([draft(1 + 1000 * index + number)], lambda _, told=told: told.set())
                assert told.wait(WAIT_S)

        threads.append(threading.Thread(target=run))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = writers[0].ids()
    assert len(ids) == 160
    for index in range(4):
        mine = [event_id(1 + 1000 * index + number) for number in range(40)]
        assert [one for one in ids if one in set(mine)] == mine
    for one in writers:
        one.writer.close()


def test_a_folder_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises((OutboxError, OSError)):
        Written(tmp_path / "missing")


def test_what_local_subscribers_get_is_made_in_the_thread(tmp_path: Path) -> None:
    written = Written(tmp_path)

    def seal() -> bytes:
        return threading.current_thread().name.encode()

    written.wait(Draft(event_id(1), None, "k", TIME_MS, lambda: b"{}", seal))
    written.writer.close()
    (row,) = written.store.read(0, 1, 1 << 20)
    assert (row.entry.topic, row.entry.sealed) == (None, b"sluicegate-outbox")


def test_an_event_that_cannot_be_sealed_keeps_its_value(tmp_path: Path) -> None:
    """It waits among the dead letters, and can be sent from there."""
    written = Written(tmp_path)

    def seal() -> bytes:
        raise RuntimeError("zebra-47")

    written.wait(Draft(event_id(1), "t", "k", TIME_MS, lambda: b"{}", seal))
    written.writer.close()
    assert written.dead == {"unserialisable": 1}
    assert written.store.retry() == 1
    (row,) = written.store.read(0, 1, 1 << 20)
    assert (row.entry.id, row.entry.value, row.entry.sealed) == (event_id(1), b"{}", None)


def test_what_comes_during_a_commit_waits_for_company_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load there would be a commit for every few records otherwise."""
    monkeypatch.setattr("events.outbox.writer.LINGER_S", WAIT_S)
    written = Written(tmp_path)
    began, go = threading.Event(), threading.Event()
    groups: list[int] = []
    append = written.writer._store.append  # type: ignore[union-attr]

    def slow(entries: Sequence[Entry], now_ms: int) -> int:
        groups.append(len(entries))
        began.set()
        go.wait(WAIT_S)
        return append(entries, now_ms)

    monkeypatch.setattr(written.writer._store, "append", slow)
    first = threading.Thread(target=written.wait, args=[draft(1)])
    first.start()
    assert began.wait(WAIT_S)
    for number in range(2, 5):
        written.writer.submit([draft(number)])
    go.set()
    first.join()
    assert written.wait(draft(5)) is None
    written.writer.close()
    assert groups == [1, 4]
