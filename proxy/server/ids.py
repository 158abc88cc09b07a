"""Request ids: random, unguessable, short enough for a header and a log line."""

from __future__ import annotations

import os
from typing import Final

ID_BYTES: Final = 12
_BATCH: Final = 128
"""Ids drawn at once: asking the system for each costs more than the rest of it."""

_drawn: list[str] = []


def new_request_id() -> str:
    """Return a new id: `req_` and 24 hexadecimal digits."""
    if not _drawn:
        digits = os.urandom(ID_BYTES * _BATCH).hex()
        _drawn.extend(digits[at : at + 2 * ID_BYTES] for at in range(0, len(digits), 2 * ID_BYTES))
    return f"req_{_drawn.pop()}"


if hasattr(os, "register_at_fork"):  # two processes must not draw from the same batch
    os.register_at_fork(after_in_child=_drawn.clear)
