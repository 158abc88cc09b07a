"""Ids of events: ULIDs, so that they sort by the time of the decision. Time and randomness come from outside."""

from __future__ import annotations

from typing import Final

RANDOM_BYTES: Final = 10
"""Randomness of one id: 80 bits."""

INCIDENT_PREFIX: Final = "inc_"

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_SHIFTS: Final = tuple(range(120, -1, -10))
_MAX_TIME_MS: Final = (1 << 48) - 1


def ulid(time_ms: int, randomness: bytes) -> str:
    """Return the ULID of a time (milliseconds since 1970) and ten random bytes: 26 characters.

    Raises ValueError when either is out of range.
    """
    if not 0 <= time_ms <= _MAX_TIME_MS:
        raise ValueError(f"time {time_ms} ms does not fit an id")
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"an id takes {RANDOM_BYTES} random bytes, not {len(randomness)}")
    value = time_ms << 80 | int.from_bytes(randomness)
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def incident_id(event_id: str) -> str:
    """Return the incident's id that belongs to the event which created it."""
    return INCIDENT_PREFIX + event_id


def time_of(event_id: str) -> int:
    """Return the time in an id, in milliseconds since 1970. Raises ValueError when it is none."""
    if len(event_id) != 26:  # noqa: PLR2004 - the length of every ULID
        raise ValueError(f"{event_id!r} is no ULID")
    value = 0
    for character in event_id[:10]:
        value = value << 5 | _ALPHABET.index(character)
    return value
