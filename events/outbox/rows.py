"""What the outbox holds and says of itself, as plain values, and the error it raises."""

from __future__ import annotations

from typing import Final, NamedTuple

ROW_BYTES: Final = 256
"""What a row costs beside its value: its key, ids and indexes."""


class OutboxError(Exception):
    """The outbox cannot be used, or cannot take an event. `reason` is one word for metrics."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Entry(NamedTuple):
    """An event on its way into the outbox."""

    id: str
    topic: str | None
    """None: for local subscribers alone; it never leaves this machine."""
    key: str
    created_ms: int
    value: bytes
    """What is published: no text of an exchange is in it."""
    sealed: bytes | None = None
    """For local subscribers alone, encrypted by whoever made it; it is never published."""

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return len(self.value) + len(self.sealed or b"") + ROW_BYTES


class Row(NamedTuple):
    """An event in the outbox."""

    seq: int
    entry: Entry


class DeadLetter(NamedTuple):
    """An event that could not be delivered, and why."""

    entry: Entry
    died_ms: int
    attempts: int
    reason: str


class Totals(NamedTuple):
    """What is in the outbox."""

    rows: int
    bytes: int
    dropped: int
    """Events given up at a limit since the file was made."""
    oldest_ms: int | None


class Subscriber(NamedTuple):
    """Somebody for whom events are kept."""

    name: str
    active: bool
    acked: int
    delivered: int
    state: str
    """What it said of itself last, in one word."""
    beat_ms: int
    """When it said so."""
