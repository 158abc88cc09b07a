"""Brings what the outbox has for the audit store there, and anchors the chain. One for a store; owns no thread.

An event is acknowledged after its record is committed. After a crash between the two it comes again, and is known
by its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from events.audit.anchors import append_anchor, last_anchor
from events.audit.entries import record_of
from events.codec import EventError, encode
from events.outbox.rows import DeadLetter, Entry
from events.schema.audit_head import VERSION, AuditHeadData
from events.schema.envelope import EVENT_TYPES, Event
from events.schema.ids import RANDOM_BYTES, ulid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from events.audit.records import Head, Record
    from events.audit.sealing import Sealed
    from events.audit.store import AuditStore
    from events.outbox.rows import Row
    from events.outbox.store import Store

SUBSCRIBER: Final = "audit"
READ_ROWS: Final = 500
READ_BYTES: Final = 8 << 20
IDLE_S: Final = 0.2
ANCHOR_EVERY_MS: Final = 10_000
ANCHOR_EVERY_RECORDS: Final = 1000
RETENTION_EVERY_MS: Final = 3_600_000
BEAT_EVERY_MS: Final = 5000


class Feeder:
    """Feeds one audit store from one outbox."""

    def __init__(  # noqa: PLR0913 - each is one thing that it uses
        self,
        outbox: Store,
        store: AuditStore,
        anchors: Path,
        *,
        source: str,
        topic_prefix: str,
        retention_s: float,
        now_ms: Callable[[], int],
        randomness: Callable[[int], bytes],
    ) -> None:
        """`anchors` is the file for anchors; `source` and `topic_prefix` are those of events."""
        self._outbox = outbox
        self._store = store
        self._anchors = anchors
        self._source = source
        self._topic = f"{topic_prefix}.{EVENT_TYPES['audit-head'].topic}"
        self._retention_ms = int(1000 * retention_s)
        self._now_ms = now_ms
        self._randomness = randomness
        self._read_to = outbox.acked(SUBSCRIBER)
        self._dropped_to = 0
        self._has_sealed = True
        """Whether something sealed is left that we have: a crash may have left some."""
        self._version: tuple[int, int] | None = None
        self._anchored = -1
        self._anchored_ms = 0
        self._unpublished: Entry | None = None
        """The newest anchor, while the outbox has not taken it."""
        self._tried_ms = 0
        self._swept_ms = 0
        self._owes_scrub = False
        """Whether the outbox's log still has what was erased."""
        self._beat_ms = -BEAT_EVERY_MS

    def contradiction(self) -> str | None:
        """Return what the newest anchor says that the store does not: it was put back, or is another one."""
        anchor, head = last_anchor(self._anchors), self._store.head()
        if anchor is None:
            return None
        if anchor.chain != head.chain:
            return "the audit store is not the one that the anchors were made for"
        if anchor.seq > head.seq or (anchor.seq == head.seq and anchor.hash != head.hash):
            return f"the audit store ends before record {anchor.seq}, which an anchor knows"
        return None

    def step(self) -> float:
        """Take what is there. Returns how long there is nothing to do, in seconds.

        Raises `AuditError`, `OutboxError` and OSError: nothing is lost then, and it may be called again.
        """
        taken = self._take()
        now_ms = self._now_ms()
        if now_ms - self._swept_ms >= RETENTION_EVERY_MS:
            self._owes_scrub |= self._store.erase_older(now_ms - self._retention_ms, now_ms) > 0
            self._scrub_if_owed()
            self._swept_ms = now_ms
        self._anchor(force=False)  # after the sweep, which a full disk needs
        if now_ms - self._beat_ms >= BEAT_EVERY_MS:
            self.beat("storing")
        return 0.0 if taken else IDLE_S

    def beat(self, state: str) -> None:
        """Say in the outbox how it goes."""
        self._beat_ms = self._now_ms()
        self._outbox.beat(SUBSCRIBER, state, self._beat_ms)

    def close(self) -> None:
        """Anchor the end. The stores are their owner's to close."""
        self._anchor(force=True)

    def _take(self) -> int:
        version = self._outbox.version()
        if version == self._version:
            return 0
        rows = self._outbox.read(self._read_to, READ_ROWS, READ_BYTES)
        if not rows:
            self._version = version
            return 0
        found: list[tuple[Record, Sealed | None]] = []
        dead: list[DeadLetter] = []
        for row in rows:
            self._read(row, found, dead)
        if found:
            self._store.append(found, self._now_ms())
        if dead:
            self._outbox.bury(dead)
        last = rows[-1].seq
        self._has_sealed |= any(row.entry.sealed for row in rows)
        self._drop_sealed(last)
        self._outbox.ack(SUBSCRIBER, last, len(found))
        self._read_to = last
        if self._store.erased_on_arrival:
            self._store.erased_on_arrival = 0
            self._owes_scrub = True
            self._scrub_if_owed()
        return len(rows)

    def _scrub_if_owed(self) -> None:
        """Cut the outbox's log. Where somebody reads it for too long, the next sweep does it."""
        if self._owes_scrub:
            self._owes_scrub = not self._outbox.scrub()

    def _drop_sealed(self, last: int) -> None:
        """Take what is sealed out of the outbox: other subscribers may wait for the events for days."""
        if self._has_sealed:
            self._outbox.drop_sealed(self._dropped_to, last)
            self._has_sealed = False
        self._dropped_to = last

    def _read(self, row: Row, found: list[tuple[Record, Sealed | None]], dead: list[DeadLetter]) -> None:
        try:
            one = record_of(row.entry)
        except EventError as error:
            dead.append(DeadLetter(row.entry, self._now_ms(), 1, str(error)))
            return
        if one is not None:
            found.append(one)

    def _anchor(self, *, force: bool) -> None:
        """Write and publish where the chain ends, now and then; tried no more often when it fails."""
        now_ms = self._now_ms()
        if not force and now_ms - self._tried_ms < ANCHOR_EVERY_MS // 10:
            return
        self._tried_ms = now_ms
        self._write_anchor(now_ms, force=force)
        if self._unpublished is not None:
            self._outbox.append([self._unpublished], now_ms)
            self._unpublished = None

    def _write_anchor(self, now_ms: int, *, force: bool) -> None:
        head = self._store.head()
        news = head.seq - max(self._anchored, 0)
        is_due = now_ms - self._anchored_ms >= ANCHOR_EVERY_MS or news >= ANCHOR_EVERY_RECORDS
        if self._anchored < 0 and (last := last_anchor(self._anchors)) is not None and last.seq == head.seq:
            self._anchored = head.seq  # an earlier run did it
        if head.seq == self._anchored or not (force or is_due):
            return
        event = self._event(head, now_ms)
        append_anchor(self._anchors, event.value)
        self._anchored, self._anchored_ms = head.seq, now_ms
        self._unpublished = event

    def _event(self, head: Head, now_ms: int) -> Entry:
        event_id = ulid(now_ms, self._randomness(RANDOM_BYTES))
        data = AuditHeadData(VERSION, *head)
        value = encode(Event(event_id, self._source, head.chain, now_ms, data))
        return Entry(event_id, self._topic, head.chain, now_ms, value)
