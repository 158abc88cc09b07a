"""The shape of a value's distribution, window against reference: a move that leaves the mean where it was shows."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from monitor.models.firing import Firing
from monitor.types import Level, Signal

if TYPE_CHECKING:
    from monitor.settings import DriftSettings
    from monitor.types import Slice

EDGES: Final = (1e-9, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Scores lie in 0 to 1, most of them at the ends; the first bin is for answers in which nothing was found."""
PRIOR: Final = 0.5
"""Added to each bin, so that an empty one is no infinity."""
TWICE: Final = 2

Histogram = tuple[int, ...]


def stability_index(reference: Histogram, window: Histogram) -> float:
    """Return the population stability index: 0 for the same shape, above 0.2 for a change that matters."""
    return sum((new - old) * math.log(new / old) for old, new in _shares(reference, window))


def jensen_shannon(reference: Histogram, window: Histogram) -> float:
    """Return the Jensen-Shannon divergence in bits: 0 for the same shape, 1 for shapes that share nothing."""
    total = 0.0
    for old, new in _shares(reference, window):
        middle = (old + new) / 2
        total += old * math.log2(old / middle) + new * math.log2(new / middle)
    return total / 2


def _shares(reference: Histogram, window: Histogram) -> list[tuple[float, float]]:
    old, new = (sum(one) + PRIOR * len(one) for one in (reference, window))
    return [((a + PRIOR) / old, (b + PRIOR) / new) for a, b in zip(reference, window, strict=True)]


class ShapeWatch:
    """The scores of one slice."""

    def __init__(self, place: Slice, settings: DriftSettings, named: dict[str, Histogram] | None = None) -> None:
        """`named`: references that were kept under a name."""
        self._slice = place
        self._limit = settings.shape_limit
        self._size = settings.shape_window
        self._rolls = settings.reference == "rolling"
        self._reference = (named or {}).get(settings.reference)
        self._window = [0] * (len(EDGES) + 1)
        self._filled = 0
        self._start_s = 0.0
        self._over = 0
        """Windows in a row that passed the limit."""

    @property
    def room(self) -> int:
        """Answers that the window which goes on has room for: only with the last of them it is judged."""
        return self._size - self._filled

    def observe(self, values: list[float], times_s: list[float]) -> list[Firing]:
        """Learn from answers, not more than there is room for."""
        if not self._filled:
            self._start_s = times_s[0]
        for value in values:
            self._window[bisect_right(EDGES, value)] += 1
        self._filled += len(values)
        if self._filled < self._size:
            return []
        window, self._window, self._filled = tuple(self._window), [0] * (len(EDGES) + 1), 0
        if self._reference is None:
            self._reference = window
            return []
        found = self._compared(self._reference, window, times_s[-1])
        if self._rolls or found:
            self._reference = window
        return found

    @property
    def reference(self) -> Histogram | None:
        """What windows are held against; it can be kept under a name."""
        return self._reference

    def _compared(self, reference: Histogram, window: Histogram, time_s: float) -> list[Firing]:
        index = stability_index(reference, window)
        self._over = self._over + 1 if index > self._limit else 0
        if self._over < TWICE and not (self._rolls and self._over):
            return []
        self._over = 0
        return [
            Firing(
                slice=self._slice,
                signal=Signal.SCORES,
                detector="shape",
                level=Level.TICKET,
                chance=0.0,
                observed=index,
                expected=0.0,
                evidence={
                    "stability_index": index,
                    "limit": self._limit,
                    "jensen_shannon": jensen_shannon(reference, window),
                    "reference": float(sum(reference)),
                },
                start_s=self._start_s,
                end_s=time_s,
                events=self._size,
            )
        ]
