"""How large the outbox may grow, and what happens then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OnFull(StrEnum):
    """What happens when an event cannot be kept: the outbox is at a limit, or the disk takes no more."""

    BLOCK = "block"
    """The answer that the event is about does not go on."""
    DROP_OLDEST = "drop-oldest"
    """The oldest events are given up, and counted."""


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """Limits of one outbox. They count what a subscriber still waits for."""

    max_bytes: int = 1 << 30
    """Most bytes of events that wait: half a million incidents, an hour and a half of 100 a second."""
    max_age_s: float = 7 * 86_400.0
    """Longest time that an event may wait."""
    on_full: OnFull = OnFull.BLOCK
    """What happens beyond either."""
    keep_bytes: int = 64 << 20
    """Where nobody subscribes, the newest events are kept to be looked at, up to this."""
