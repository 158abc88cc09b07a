"""Rates as they are read: counts of a slice, with their share and interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.models.intervals import wilson
from monitor.types import COUNTED, WINDOWS_S, Dimension, Rate, Signal, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def balanced(rates: Iterable[Rate]) -> list[tuple[Rate, Rate]]:
    """Return over-refusals beside harmful compliance, by slice and window: each says little without the other.

    A category has no such pair: nothing was found in what is refused too much.
    """
    wanted = {Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE}
    found = {
        (rate.slice, rate.window, rate.signal): rate
        for rate in rates
        if rate.signal in wanted and rate.slice.dimension is not Dimension.CATEGORY
    }
    return [
        (rate, found[place, window, Signal.HARMFUL_COMPLIANCE])
        for (place, window, signal), rate in found.items()
        if signal is Signal.OVER_REFUSALS
    ]
