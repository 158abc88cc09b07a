"""Rates as they are read: counts of a slice, with their share and interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.models.intervals import wilson
from monitor.types import COUNTED, WINDOWS_S, Rate, Signal, Slice

if TYPE_CHECKING:
    from monitor.models.buckets import Buckets


def rate_of(place: Slice, signal: Signal, window: str, count: int, responses: int) -> Rate:
    """Return a rate with its interval."""
    share = count / responses if responses else math.nan
    return Rate(place, signal, window, count, responses, share, *wilson(count, responses))


def rates_of(place: Slice, hits: Buckets, answers: Buckets, now_s: float) -> list[Rate]:
    """Return each signal's rate over each window."""
    found: list[Rate] = []
    for window, seconds in WINDOWS_S.items():
        sums = hits.window(now_s, seconds)
        responses = int(answers.window(now_s, seconds)[RESPONSES])
        found += [rate_of(place, signal, window, int(sums[COLUMNS[signal]]), responses) for signal in COUNTED]
    return found
