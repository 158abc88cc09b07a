"""C6: whatever is appended, published, acknowledged, buried and retried, through crashes and reopenings, nothing
that was committed is lost, nothing that was not appears, and the order is kept.

A crash is a copy of the files as they lie on the disk at that moment: what a killed process leaves behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from events.outbox.rows import DeadLetter, Entry, OutboxError
from events.outbox.settings import OnFull, OutboxSettings
from events.outbox.store import Store
from tests.support.events import TIME_MS, event_id

LIMITS = OutboxSettings(max_bytes=60_000, keep_bytes=60_000)
NAMES = ("kafka", "audit")


class OutboxMachine(RuleBasedStateMachine):
    """A model of the outbox beside the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sluicegate-outbox-"))
        self.lives = 0
        self.number = 0
        self.queue: list[tuple[int, Entry]] = []
        """What is committed and not yet acknowledged by all."""
        self.acked = dict.fromkeys(NAMES, 0)
        self.dead: dict[str, Entry] = {}
        self.dropped = 0
        self.open()
        self.store.subscribe(NAMES)

    def open(self) -> None:
        self.store = Store(self.folder / "outbox.db", LIMITS)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 5), size=st.integers(0, 4000))
    def append(self, count: int, size: int) -> None:
        new = []
        for _ in range(count):
            self.number += 1
            new.append(Entry(event_id(self.number), "t", f"k{self.number % 3}", TIME_MS, b"x" * size))
        room = LIMITS.max_bytes - sum(entry.size for _, entry in self.queue)
        if sum(entry.size for entry in new) > room:
            with pytest.raises(OutboxError, match="takes no more"):
                self.store.append(new, TIME_MS)
            return
        self.store.append(new, TIME_MS)
        rows = self.store.read(self.queue[-1][0] if self.queue else max(self.acked.values()), 100, 1 << 30)
        assert [row.entry for row in rows] == new
        self.queue += [(row.seq, row.entry) for row in rows]

    @rule(size=st.integers(0, 4000))
    def begin_and_crash_before_the_commit(self, size: int) -> None:
        entry = Entry(event_id(999_999), "t", "k", TIME_MS, b"x" * size)
        self.store._db.execute("BEGIN IMMEDIATE")
        self.store._db.execute(
            "INSERT INTO event (id, topic, key, created_ms, value, sealed, size) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*entry, entry.size),
        )
        self.crash()

    @rule()
    def crash(self) -> None:
        self.lives += 1
        after = self.folder.with_name(f"{self.folder.name}-{self.lives}")
        shutil.copytree(self.folder, after)
        self.store.close()
        shutil.rmtree(self.folder)
        self.folder = after
        self.open()
        assert self.store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert self.store._db.execute("PRAGMA synchronous").fetchone() == (2,)

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self.open()
        self.store.subscribe(NAMES)

    @rule(how=st.sampled_from(["beside", "alone", "scrub", "give back"]))
    def tidy(self, how: str) -> None:
        if how == "scrub":
            assert self.store.scrub()
        elif how == "give back":
            self.store.give_back(64)
        else:
            self.store.checkpoint(alone=how == "alone")

    @precondition(lambda self: self.queue)
    @rule(name=st.sampled_from(NAMES), share=st.floats(0, 1))
    def publish_and_acknowledge(self, name: str, share: float) -> None:
        rows = self.store.read(self.acked[name], 100, 1 << 30)
        assert [row.entry for row in rows] == [entry for seq, entry in self.queue if seq > self.acked[name]]
        part = rows[: int(len(rows) * share)]
        if part:
            self.store.ack(name, part[-1].seq, len(part))
            self.acked[name] = part[-1].seq
            self.forget()

    @precondition(lambda self: any(seq > self.acked["kafka"] for seq, _ in self.queue))
    @rule()
    def bury_the_next_one(self) -> None:
        (row,) = self.store.read(self.acked["kafka"], 1, 1 << 30)
        self.store.bury([DeadLetter(row.entry, TIME_MS, 1, "too_large")])
        self.store.ack("kafka", row.seq, 0)
        self.acked["kafka"] = row.seq
        self.dead[row.entry.id] = row.entry
        self.forget()

    @precondition(lambda self: self.dead)
    @rule()
    def retry_all(self) -> None:
        wanted = {identity for identity, entry in self.dead.items() if entry.value}
        assert self.store.retry() == len(wanted)
        last = max((seq for seq, _ in self.queue), default=max(self.acked.values()))
        self.queue = [(seq, entry) for seq, entry in self.queue if entry.id not in wanted]
        back = self.store.read(last, 100, 1 << 30)
        assert {row.entry.id for row in back} == wanted
        assert all(self.dead.pop(row.entry.id) == row.entry for row in back)
        self.queue += [(row.seq, row.entry) for row in back]

    def forget(self) -> None:
        least = min(self.acked.values())
        self.queue = [(seq, entry) for seq, entry in self.queue if seq > least]

    @invariant()
    def agree(self) -> None:
        rows = self.store.read(0, 10_000, 1 << 30)
        assert [(row.seq, row.entry) for row in rows] == self.queue
        totals = self.store.totals()
        assert totals.rows == len(self.queue)
        assert totals.bytes == sum(entry.size for _, entry in self.queue)
        assert totals.dropped == 0
        assert {letter.entry.id: letter.entry for letter in self.store.dead_letters()} == self.dead
        assert {one.name: one.acked for one in self.store.subscribers()} == self.acked


RUNS, STEPS = (200, 5000) if os.environ.get("SLUICEGATE_CHAOS") else (12, 25)
OutboxMachine.TestCase.settings = settings(
    settings.get_profile(settings.get_current_profile_name()), max_examples=RUNS, stateful_step_count=STEPS
)
TestOutboxMachine = OutboxMachine.TestCase


def test_the_limits_of_the_machine_are_those_that_block() -> None:
    """So that a refusal is part of the model."""
    assert LIMITS.on_full is OnFull.BLOCK
