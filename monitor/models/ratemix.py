"""Notices that the rate of a rare thing changed: Shiryaev and Roberts' statistic, mixed over how much it changed.

A CUSUM must be told the rate before and the rate after. Here the rate before is learned and goes on being learned,
and the rate after is a handful of ratios at a time: each ratio r keeps the sum, over all places where the change
could have been, of the likelihood ratio since then, and the mean of those sums is the statistic. As long as nothing
changes, the statistic minus the number of answers is a martingale, so that a limit of A lets at least A answers
pass between two false alarms, at any rate (adr/0021 has the measurements). Where hits come together it would be
none; how much they do is learned, and each likelihood ratio is raised to the power that makes it one again
(`dispersion.py`, adr/0044).

Nothing happens while nothing is seen: a run of answers without the thing has a closed form and costs nothing.
Answers need not come in their order: `onsets.py` puts a late one where it belongs.
"""

from __future__ import annotations

import math
from typing import Final

from river.base import DriftDetector

from monitor.models.dispersion import HitWindows, power
from monitor.models.onsets import Onsets, Since

RISES: Final = (1.6, 2.5, 5.0, 12.0)
FALLS: Final = (1 / 1.6, 1 / 2.5, 1 / 6.0)

MARGIN: Final = 1.6
"""The limit is this many times A. The statistic jumps over its limit rather than meeting it: measured, 0.6 A would
do. The rest is room for the tests beside it, which have false alarms of their own."""
CAUTION: Final = 0.1
"""Standard errors by which the learned rate is taken to be closer to a change than it was seen to be."""
MIN_SEEN: Final = 20
"""How often the thing must have been seen before its rate counts as known."""
MEMORY: Final = 2_000_000.0
"""Answers that the learned rate looks back over; older ones fade."""


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
        self.limit = MARGIN * events_per_false_alarm
        self.falls = falls
        self.min_ratio = min_ratio
        self.memory = memory
        self._ratios = FALLS if falls else RISES
        self._seen = 0.0
        self._answers = 0.0
        self._position = 0.0
        self._windows = HitWindows()
        self._powers = [1.0] * len(self._ratios)
        self._forget()

    def _forget(self) -> None:
        """Start over: what was normal before a change is not normal after it."""
        self._run = 0
        """Answers without the thing that were not taken in yet ..."""
        self._misses: dict[int, int] = {}
        """... and those of them that were late, by the place of their time."""
        self._since_s = math.nan
        """Time of the first answer that was taken in."""
        self._onsets = Onsets(len(self._ratios))
        self.statistic = 0.0

    def update(self, x: int | float | bool) -> None:  # noqa: PYI041 - as its parent
        """Learn from one answer."""
        self._position += 1.0
        self.observe(bool(x), self._position)

    def observe(self, is_hit: bool, time_s: float, factor: float = 1.0) -> None:
        """Learn from one answer, and when it was; `factor`: how much likelier than usual its hour makes a hit."""
        self._drift_detected = False
        onsets = self._onsets
        if time_s >= onsets.due_s:
            self._apply(time_s, factor)
            onsets.begin(time_s)
        if not is_hit:
            self.miss([time_s])
            return
        self._apply(time_s, factor)
        if self._windows.turn(time_s, self._seen, self._answers):
            self._powers = [power(ratio, round(self.dispersion, 2)) for ratio in self._ratios]
        rate = self._cautious_rate(factor)
        sizes = zip(self._ratios, self._powers, strict=True)
        ups = [(min(ratio * rate, 0.5 + 0.5 * rate) / rate) ** worth for ratio, worth in sizes]
        self._onsets.hit(time_s, ups, factor)
        self._learn(1.0, factor)
        self._judge()

    def waiting_s(self) -> tuple[float, float]:
        """Return the times from and before which answers without the thing may be told late, by `miss`."""
        return self._onsets.known_s(), self._onsets.due_s

    def miss(self, times_s: list[float]) -> None:
        """Learn when answers without the thing were, nothing being due at the time of any."""
        self._drift_detected = False
        last_s, misses = self._onsets.last_s, self._misses
        late_s = [time_s for time_s in times_s if time_s < last_s]
        self._run += len(times_s) - len(late_s)
        for time_s in late_s:
            at = self._onsets.place(time_s)
            misses[at] = misses.get(at, 0) + 1

    def skip(self, answers: int) -> None:
        """Learn from answers without the thing, none of them late."""
        self._drift_detected = False
        self._run += answers

    def settle(self, time_s: float, factor: float = 1.0) -> None:
        """Judge the answers of a run that has not ended: a fall shows in them alone."""
        self._drift_detected = False
        self._apply(time_s, factor)
        self._judge()

    def flush(self, time_s: float, factor: float) -> None:
        """Take in the run of answers so far, before the hour's factor changes. Nothing is judged."""
        self._apply(time_s, factor)

    def restart(self) -> None:
        """Forget the rate that was learned, and begin anew."""
        self._seen = self._answers = 0.0
        self._windows.forget()
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

    @property
    def dispersion(self) -> float:
        """How many times as much hits vary as independent ones would; 1 at least."""
        return self._windows.dispersion

    def leading(self) -> tuple[int, int, float, float]:
        """Return hits and answers since the likeliest change, when that was, and the likeliest ratio."""
        size, since = self._likeliest()
        start_s = since.start_s if math.isfinite(since.start_s) else self._since_s
        return since.hits, since.answers, start_s, self._ratios[size]

    def expected(self) -> float:
        """Return the share of hits that the learned rate gives the answers since the likeliest change."""
        _, since = self._likeliest()
        return self.baseline * since.exposure / max(1, since.answers)

    # Steps.

    def _likeliest(self) -> tuple[int, Since]:
        values = self._onsets.values()
        size = max(range(len(values)), key=values.__getitem__)
        return size, self._onsets.since(size)

    def _apply(self, time_s: float, factor: float) -> None:
        """Take in the run of answers without the thing."""
        if math.isnan(self._since_s):
            self._since_s = time_s
        misses = self._misses
        if self._run:
            misses[-1] = self._run
        if not misses:
            return
        self._run, self._misses = 0, {}
        rate = self._cautious_rate(factor)
        sizes = zip(self._ratios, self._powers, strict=True)
        slopes = [
            worth * math.log((1.0 - min(ratio * rate, 0.5 + 0.5 * rate)) / (1.0 - rate)) for ratio, worth in sizes
        ]
        self._onsets.run(slopes, misses, factor)
        self._learn(0.0, factor * sum(misses.values()))

    def _learn(self, hits: float, answers: float) -> None:
        self._seen += hits
        self._answers += answers
        self._windows.add(hits, answers)
        if self._answers > self.memory:
            kept = self.memory / self._answers
            self._seen *= kept
            self._answers *= kept

    def _cautious_rate(self, factor: float) -> float:
        error = CAUTION * math.sqrt(self._seen)
        seen = max(0.5, self._seen - error) if self.falls else self._seen + error + 0.5
        return min(0.95, factor * seen / (self._answers + 1.0))

    def _judge(self) -> None:
        if not self.is_ready:
            self._onsets, self._since_s = Onsets(len(self._ratios)), math.nan
            return
        values = self._onsets.values()
        self.statistic = sum(values) / len(values)
        if self.statistic > self.limit:
            hits, answers, _, _ = self.leading()
            ratio = hits / max(1, answers) / self.expected()
            self._drift_detected = ratio * self.min_ratio <= 1.0 if self.falls else ratio >= self.min_ratio
