"""Notices that the rate of a rare thing changed: Shiryaev and Roberts' statistic, mixed over how much it changed.

A CUSUM must be told the rate before and the rate after. Here the rate before is learned and goes on being learned,
and the rate after is a handful of ratios at a time: each ratio r keeps the sum, over all places where the change
could have been, of the likelihood ratio since then, and the mean of those sums is the statistic. As long as nothing
changes, the statistic minus the number of answers is a martingale, so that a limit of A lets about A answers pass
between two false alarms, at any rate (adr/0021 has the measurements).

Nothing happens while nothing is seen: a run of answers without the thing has a closed form and costs nothing.
"""

from __future__ import annotations

import math
from typing import Final

from river.base import DriftDetector

RISES: Final = (1.6, 2.5, 5.0, 12.0)
FALLS: Final = (1 / 1.6, 1 / 2.5, 1 / 6.0)

OVERSHOOT: Final = 0.8
"""The statistic jumps over its limit rather than meeting it; measured, a limit of 0.6 A gives A answers. The rest
is for the other detectors, which have false alarms of their own."""
CAUTION: Final = 0.1
"""Standard errors by which the learned rate is taken to be closer to a change than it was seen to be."""
MIN_SEEN: Final = 20
"""How often the thing must have been seen before its rate counts as known."""
MEMORY: Final = 2_000_000.0
"""Answers that the learned rate looks back over; older ones fade."""
CAP: Final = 1e12
"""Highest value of a sum, so that it can come down again where the change is too small for an alarm."""
_MAX_EXPONENT: Final = 600.0


class RateMixture(DriftDetector):
    """Watches a stream of zeros and ones for a rise of its mean, or for a fall."""

    def __init__(
        self,
        events_per_false_alarm: float,
        *,
        falls: bool = False,
        min_ratio: float = 1.5,
        memory: float = MEMORY,
    ) -> None:
        """`min_ratio`: a change by less does not count, however sure it is."""
        super().__init__()
        self.limit = OVERSHOOT * events_per_false_alarm
        self.falls = falls
        self.min_ratio = min_ratio
        self.memory = memory
        self._ratios = FALLS if falls else RISES
        self._seen = 0.0
        self._answers = 0.0
        self._forget()

    def _forget(self) -> None:
        """Start over: what was normal before a change is not normal after it."""
        self._pending = 0
        self._position = 0
        self._sums = [0.0] * len(self._ratios)
        self._climbs = [0.0] * len(self._ratios)
        """Each ratio's CUSUM: where it last was 0, the change most likely began."""
        self._onsets = [0] * len(self._ratios)
        self._starts_s = [0.0] * len(self._ratios)
        self._hits = [0] * len(self._ratios)
        self.statistic = 0.0

    def update(self, x: int | float | bool) -> None:  # noqa: PYI041 - as its parent
        """Learn from one answer."""
        self.observe(bool(x), float(self._position))

    def observe(self, is_hit: bool, time_s: float) -> None:
        """Learn from one answer, and when it was."""
        self._drift_detected = False
        if not is_hit:
            self._pending += 1
            return
        self._apply(time_s)
        rate = self._cautious_rate()
        for place, ratio in enumerate(self._ratios):
            up = min(ratio * rate, 0.5 + 0.5 * rate) / rate
            self._sums[place] = min(CAP, (1.0 + self._sums[place]) * up)
            self._climbs[place] += math.log(up)
            self._hits[place] += 1
        self._position += 1
        self._learn(1.0, 1.0)
        self._judge()

    def skip(self, answers: int) -> None:
        """Learn from answers without the thing."""
        self._drift_detected = False
        self._pending += answers

    def settle(self, time_s: float) -> None:
        """Judge the answers of a run that has not ended: a fall shows in them alone."""
        self._drift_detected = False
        self._apply(time_s)
        self._judge()

    def restart(self) -> None:
        """Forget the rate that was learned, and begin anew."""
        self._seen = self._answers = 0.0
        self._drift_detected = False
        self._forget()

    # What an alarm is made of.

    @property
    def is_ready(self) -> bool:
        """Whether the rate is known well enough to see it change."""
        return self._seen >= MIN_SEEN

    @property
    def baseline(self) -> float:
        """The rate that was learned."""
        return self._seen / self._answers if self._answers else math.nan

    def leading(self) -> tuple[int, int, float, float]:
        """Return hits and answers since the likeliest change, when that was, and the likeliest ratio."""
        place = max(range(len(self._sums)), key=self._sums.__getitem__)
        answers = self._position - self._onsets[place]
        return self._hits[place], answers, self._starts_s[place], self._ratios[place]

    # Steps.

    def _apply(self, time_s: float) -> None:
        """Take in the run of answers without the thing."""
        run, self._pending = self._pending, 0
        if run:
            rate = self._cautious_rate()
            for place, ratio in enumerate(self._ratios):
                slope = math.log((1.0 - min(ratio * rate, 0.5 + 0.5 * rate)) / (1.0 - rate))
                self._sums[place] = _after_run(self._sums[place], slope, run)
                self._climbs[place] += slope * run
            self._position += run
            self._learn(0.0, float(run))
        for place, climb in enumerate(self._climbs):
            if climb <= 0.0:
                self._climbs[place] = 0.0
                self._onsets[place], self._hits[place], self._starts_s[place] = self._position, 0, time_s

    def _learn(self, hits: float, answers: float) -> None:
        self._seen += hits
        self._answers += answers
        if self._answers > self.memory:
            kept = self.memory / self._answers
            self._seen *= kept
            self._answers *= kept

    def _cautious_rate(self) -> float:
        error = CAUTION * math.sqrt(self._seen)
        seen = max(0.5, self._seen - error) if self.falls else self._seen + error + 0.5
        return min(0.95, seen / (self._answers + 1.0))

    def _judge(self) -> None:
        if not self.is_ready:
            self._sums = [0.0] * len(self._sums)
            return
        self.statistic = sum(self._sums) / len(self._sums)
        if self.statistic > self.limit:
            hits, answers, _, _ = self.leading()
            ratio = hits / max(1, answers) / self.baseline
            self._drift_detected = ratio * self.min_ratio <= 1.0 if self.falls else ratio >= self.min_ratio


def _after_run(value: float, slope: float, run: int) -> float:
    """Return what `value` becomes by adding 1 and multiplying by exp(slope), `run` times over."""
    if slope * run > _MAX_EXPONENT:
        return CAP
    growth = math.expm1(slope * run)
    return min(CAP, value * (1.0 + growth) + math.exp(slope) * growth / math.expm1(slope))
