"""How long answers took and how much was held back: quantiles, and a value that is far from all others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from river.stats import EWMean, EWVar, Quantile

from monitor.models.firing import Firing
from monitor.types import Level

if TYPE_CHECKING:
    from monitor.types import Signal, Slice

SHARES: Final = (0.5, 0.95, 0.99)
SPAN: Final = 200
"""Answers whose median is one value to the test: single slow answers are nobody's business."""
FADE: Final = 0.02
LEARN: Final = 20
SIGMAS: Final = 6.0
FLOOR: Final = 0.05
"""Smallest spread of log medians that is believed: 5 %."""


class QuantileWatch:
    """One measure of one slice."""

    def __init__(self, place: Slice, signal: Signal) -> None:
        self._slice = place
        self._signal = signal
        self._quantiles = [Quantile(share) for share in SHARES]
        self._median = Quantile(0.5)
        self._count = 0
        self._start_s = 0.0
        self._mean, self._spread = EWMean(fading_factor=FADE), EWVar(fading_factor=FADE)
        self._medians = 0

    @property
    def room(self) -> int:
        """Answers that the span which goes on has room for: only with the last of them it is judged."""
        return SPAN - self._count

    def observe(self, values: list[float], times_s: list[float]) -> list[Firing]:
        """Learn from answers, one at least and not more than there is room for."""
        if not self._count:
            self._start_s = times_s[0]
        for one in (*self._quantiles, self._median):
            update = one.update
            for value in values:
                update(value)
        self._count += len(values)
        if self._count < SPAN:
            return []
        median, self._median, self._count = self._median.get(), Quantile(0.5), 0
        return self._judged(math.log1p(median or 0.0), times_s[-1])

    def values(self) -> dict[float, float]:
        """Return the quantiles by their shares; none before the first answer."""
        found = {share: one.get() for share, one in zip(SHARES, self._quantiles, strict=True)}
        return {share: float(value) for share, value in found.items() if value is not None}

    def named_values(self) -> dict[str, float]:
        """Return the quantiles by names such as `p95`."""
        return {f"p{100 * share:g}": value for share, value in self.values().items()}

    def _judged(self, value: float, time_s: float) -> list[Firing]:
        mean, spread = self._mean.get(), max(FLOOR, math.sqrt(max(0.0, self._spread.get())))
        distance = (value - mean) / spread
        is_far = self._medians >= LEARN and distance > SIGMAS
        self._mean.update(value)
        self._spread.update(value)
        self._medians += 1
        if not is_far:
            return []
        return [
            Firing(
                slice=self._slice,
                signal=self._signal,
                detector="median",
                level=Level.INFO,
                chance=0.0,
                observed=math.expm1(value),
                expected=math.expm1(mean),
                evidence={"sigmas": distance, "spread": spread} | self.named_values(),
                start_s=self._start_s,
                end_s=time_s,
                events=SPAN,
            )
        ]
