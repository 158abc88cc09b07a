"""How long answers took and how much was held back: quantiles, and a value that is far from all others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from river.stats import EWMean, EWVar, Quantile

from monitor.models.firing import Firing
from monitor.models.unsaved import PartlySaved
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


class QuantileWatch(PartlySaved):
    """One measure of one slice."""

    UNSAVED: ClassVar = frozenset({"_values"})

    def __init__(self, place: Slice, signal: Signal) -> None:
        self._slice = place
        self._signal = signal
        self._quantiles = [Quantile(share) for share in SHARES]
        self._median = Quantile(0.5)
        self._count = 0
        self._start_s = 0.0
        self._mean, self._spread = EWMean(fading_factor=FADE), EWVar(fading_factor=FADE)
        self._medians = 0
        self._begin()

    def _begin(self) -> None:
        self._values: list[float] = []
        """The last ones, that no quantile knows yet."""

    def observe(self, value: float, time_s: float) -> list[Firing]:
        """Learn from an answer."""
        if not self._count:
            self._start_s = time_s
        self._values.append(value)
        self._count += 1
        if self._count < SPAN:
            return []
        self._take_in()
        median, self._median, self._count = self._median.get(), Quantile(0.5), 0
        return self._judged(math.log1p(median or 0.0), time_s)

    def _take_in(self) -> None:
        values, self._values = self._values, []
        for one in (*self._quantiles, self._median):
            update = one.update
            for value in values:
                update(value)

    def values(self) -> dict[float, float]:
        """Return the quantiles by their shares; none before the first answer."""
        self._take_in()
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
