"""Rates as they are read: of one slice, or of the same slice in several monitors that share the work."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.models.intervals import wilson
from monitor.types import COUNTED, WINDOWS_S, Rate, Signal, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.models.buckets import Buckets


def rate_of(place: Slice, signal: Signal, window: str, count: int, responses: int) -> Rate:
    """Return a rate with its interval."""
    share = count / responses if responses else math.nan
    return Rate(place, signal, window, count, responses, share, *wilson(min(count, responses), responses))


def rates_of(place: Slice, hits: Buckets, answers: Buckets, now_s: float) -> list[Rate]:
    """Return each signal's rate over each window."""
    found: list[Rate] = []
    for window, seconds in WINDOWS_S.items():
        sums = hits.window(now_s, seconds)
        responses = int(answers.window(now_s, seconds)[RESPONSES])
        found += [rate_of(place, signal, window, int(sums[COLUMNS[signal]]), responses) for signal in COUNTED]
    return found


def merged(parts: Iterable[Iterable[Rate]]) -> list[Rate]:
    """Return the rates of several monitors as one: counts add up, and intervals are made anew."""
    sums: dict[tuple[Slice, Signal, str], tuple[int, int]] = {}
    for part in parts:
        for rate in part:
            key = (rate.slice, rate.signal, rate.window)
            count, responses = sums.get(key, (0, 0))
            sums[key] = (count + rate.count, responses + rate.responses)
    return [rate_of(*key, *counts) for key, counts in sums.items()]
