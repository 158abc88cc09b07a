"""Several shares read as one: counts are added, and what follows from them is worked out anew. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.models.rating import rate_of
from monitor.types import Point, SliceInfo, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.types import Rate, Signal, Slice


def merged_rates(rates: Iterable[Rate]) -> list[Rate]:
    """Return one rate for each slice, signal and window."""
    sums: dict[tuple[Slice, Signal, str], tuple[int, int]] = {}
    for rate in rates:
        key = (rate.slice, rate.signal, rate.window)
        count, responses = sums.get(key, (0, 0))
        sums[key] = (count + rate.count, responses + rate.responses)
    return [rate_of(*key, *counts) for key, counts in sums.items()]


def merged_points(points: Iterable[Point]) -> list[Point]:
    """Return one point for each time and length, in the order of time."""
    sums: dict[tuple[float, float], tuple[int, int]] = {}
    for point in points:
        count, responses = sums.get((point.start_s, point.seconds), (0, 0))
        sums[point.start_s, point.seconds] = (count + point.count, responses + point.responses)
    return [Point(*key, *found) for key, found in sorted(sums.items())]


def merged_slices(infos: Iterable[SliceInfo]) -> list[SliceInfo]:
    """Return one entry for each slice."""
    found: dict[Slice, SliceInfo] = {}
    for info in infos:
        before = found.get(info.slice)
        found[info.slice] = (
            info
            if before is None
            else SliceInfo(
                info.slice,
                info.responses + before.responses,
                min(info.since_s, before.since_s),
                max(info.seen_s, before.seen_s),
            )
        )
    return list(found.values())


def merged_totals(totals: Iterable[Totals]) -> Totals:
    """Return the sums."""
    whole = Totals(0, 0, 0, 0, 0, 0, {})
    for one in totals:
        whole = replace(
            whole,
            received=whole.received + one.received,
            counted=whole.counted + one.counted,
            duplicates=whole.duplicates + one.duplicates,
            late=whole.late + one.late,
            future=whole.future + one.future,
            behind=whole.behind + one.behind,
            refused=dict(Counter(whole.refused) + Counter(one.refused)),
        )
    return whole
