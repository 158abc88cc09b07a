"""Round numbers for the axes of a drawing: a scale's upper end, and the times that are written below it. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

DAY_MIN: Final = 1440
MONTH_MIN: Final = 30 * DAY_MIN
STEPS_MIN: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, MONTH_MIN)
"""Times between two marks, in minutes: what people count in."""
MAX_MARKS: Final = 10
_ROUND: Final = (1.0, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0)


def round_top(value: float) -> float:
    """Return the least round number that is not below a value above 0: quarters of it are short."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _ROUND if step * power >= value * (1 - 1e-9))


def time_marks(first: int, last: int) -> list[tuple[int, str]]:
    """Return round times between two, in minutes since 1970, with what is written there, in UTC."""
    span = max(1, last - first)
    step = next((one for one in STEPS_MIN if span / one <= MAX_MARKS), 0)
    step = step or -(-span // MAX_MARKS // MONTH_MIN) * MONTH_MIN
    start = -(-first // step) * step
    return [(minute, _label(minute, step)) for minute in range(start, last + 1, step)]


def _label(minute: int, step: int) -> str:
    moment = datetime.fromtimestamp(60 * minute, UTC)
    if step >= MONTH_MIN:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%m-%d}" if step >= DAY_MIN or minute % DAY_MIN == 0 else f"{moment:%H:%M}"
