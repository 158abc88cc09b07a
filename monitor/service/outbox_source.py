"""Reads the outbox of a proxy on this machine: one stream, one share. For a thread of its own.

An event stays in the outbox until a checkpoint stands for it, so that after a crash it is there again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from monitor.service.settings import MONITOR_SUBSCRIBER as SUBSCRIBER
from monitor.service.share import item_of
from monitor.service.source import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from events.outbox.store import Store
    from monitor.service.source import Held

SHARE: Final = "share-0"
STREAM: Final = "outbox"
READ_ROWS: Final = 500
READ_BYTES: Final = 8 << 20
IDLE_S: Final = 0.2
BEAT_EVERY_S: Final = 5.0


class OutboxSource:
    """The outbox. Raises `OutboxError`. The store is its owner's to close."""

    def __init__(self, outbox: Store, held: Held, wait: Callable[[float], object]) -> None:
        """`wait` is how to wait so many seconds, or less."""
        self._outbox = outbox
        self._wait = wait
        held.keep({SHARE}, {SHARE: {STREAM: outbox.acked(SUBSCRIBER) + 1}})
        self._place = max(0, held.position(SHARE, STREAM) - 1)
        self._version: tuple[int, int] | None = None
        self._is_caught_up = False
        self._beat_s = 0.0

    def poll(self) -> list[Batch]:
        """See `Source.poll`."""
        version = self._outbox.version()
        if version == self._version:
            self._beat()
            self._wait(IDLE_S)
            return []
        rows = self._outbox.read(self._place, READ_ROWS, READ_BYTES)
        self._is_caught_up = not rows
        if rows:
            self._place = rows[-1].seq
        else:
            self._version = version
        now_s = time.time()
        items = [item_of(row.seq, row.entry.created_ms / 1000, row.entry.value, now_s) for row in rows]
        return [Batch(SHARE, STREAM, items, self._place + 1)]

    def _beat(self) -> None:
        """Say in the outbox that we are there."""
        now_s = time.time()
        if now_s - self._beat_s >= BEAT_EVERY_S:
            self._beat_s = now_s
            self._outbox.beat(SUBSCRIBER, "watching", int(1000 * now_s))

    @property
    def is_caught_up(self) -> bool:
        """See `Source.is_caught_up`."""
        return self._is_caught_up

    @property
    def lag(self) -> int:
        """See `Source.lag`."""
        return 0 if self._is_caught_up else self._outbox.waiting(SUBSCRIBER)

    def keep(self, offsets: Mapping[str, int]) -> None:
        """See `Source.keep`."""
        seq = offsets.get(STREAM, 0) - 1
        if seq > 0:
            self._outbox.ack(SUBSCRIBER, seq, 0)

    def close(self) -> None:
        """See `Source.close`."""
