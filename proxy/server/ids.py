"""Request ids: random, unguessable, short enough for a header and a log line."""

from __future__ import annotations

import os
import threading
from typing import Final

ID_BYTES: Final = 12
_BATCH: Final = 128
"""Ids drawn at once: asking the system for each costs more than the rest of it."""

POOL_BYTES: Final = 1280

_drawn: list[str] = []
_pool = bytearray()
_pool_lock = threading.Lock()


def new_request_id() -> str:
    """Return a new id: `req_` and 24 hexadecimal digits."""
    if not _drawn:
        digits = os.urandom(ID_BYTES * _BATCH).hex()
        _drawn.extend(digits[at : at + 2 * ID_BYTES] for at in range(0, len(digits), 2 * ID_BYTES))
    return f"req_{_drawn.pop()}"


def random_bytes(count: int) -> bytes:
    """Return random bytes of the system's; few at a time, for the ids of events. Any thread may ask."""
    with _pool_lock:
        if len(_pool) < count:
            _pool.extend(os.urandom(max(count, POOL_BYTES)))
        rest = len(_pool) - count
        taken = bytes(_pool[rest:])
        del _pool[rest:]
    return taken


def _forget() -> None:
    _drawn.clear()
    _pool.clear()
    global _pool_lock  # noqa: PLW0603 - another thread of the parent may have held it
    _pool_lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # two processes must not draw from the same batch
    os.register_at_fork(after_in_child=_forget)
