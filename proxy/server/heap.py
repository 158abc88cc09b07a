"""How often Python looks for garbage: what a start loads is kept, and what exchanges make is freed without it."""

from __future__ import annotations

import gc
from typing import Final

RARELY: Final = (20_000, 20, 100)
"""Thresholds of the garbage collector."""


def look_rarely() -> None:
    """Let the garbage collector look less often: what a start imports and builds is no garbage.

    Looking through it again and again took a tenth of a start.
    """
    gc.set_threshold(*RARELY)


def settle_heap() -> None:
    """Take what was loaded out of the garbage collector's sight, and let it look less often.

    spaCy, which Presidio imports, leaves a large heap that lives for ever: walking it again and again took a fifth
    of the time of a busy worker. What exchanges make is freed by reference counts, all but a few cycles.
    """
    gc.collect()
    gc.freeze()
    look_rarely()
