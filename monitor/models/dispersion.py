"""How many times as much counts vary as independent ones would, and what a likelihood ratio is worth where they do.

Incidents come in conversations: one of them brings the next. A test that takes each for itself sees changes where
there are none (adr/0044).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MEMORY: Final = 168.0
"""Comparisons that are looked back over: those of a week, if there is one an hour."""
PRIOR: Final = 20.0
"""Degrees of freedom that speak for independent counts."""

SPAN_S: Final = 600.0
"""Shortest window in which hits are counted: most conversations are over by then."""
MIN_EXPECTED: Final = 5.0
"""Hits expected in a window, at the least: with fewer, one conversation is all that is seen."""
MIN_BEFORE: Final = 20.0
"""Hits from which the rate of before a window is known well enough to compare it."""
LAG: Final = 8
"""Windows that come after one before it counts: counted at once, a change would pass for dispersion, and hide."""
WINDOW_CAP: Final = 10.0
"""Most that one window says, as a multiple of what is known. Pearson's statistic has a long tail where hits come
together: a cap of five takes a fifth of the dispersion away."""


@dataclass(slots=True)
class Dispersion:
    """Pearson's statistic by its degrees of freedom (McCullagh and Nelder, Generalized Linear Models, 1989)."""

    cap: float
    """Most that one comparison says, as a multiple of what is known."""
    statistic: float = 0.0
    freedom: float = 0.0

    @property
    def value(self) -> float:
        """How many times as much counts vary; 1 at least."""
        return max(1.0, (PRIOR + self.statistic) / (PRIOR + self.freedom))

    def learn(self, statistic: float, freedom: float) -> None:
        """Learn from a comparison; those of before fade."""
        kept = 1.0 - 1.0 / MEMORY
        self.statistic = kept * self.statistic + min(statistic, self.cap * self.value * freedom)
        self.freedom = kept * self.freedom + freedom


class HitWindows:
    """The hits of a stream in windows, each held against the rate of before it."""

    def __init__(self) -> None:
        self._spread = Dispersion(WINDOW_CAP)
        self._begin(math.nan)
        self._waiting: list[float] = []
        """What the last windows showed; it does not count yet."""

    def _begin(self, time_s: float) -> None:
        self._start_s = time_s
        self._hits = 0.0
        self._exposure = 0.0

    @property
    def dispersion(self) -> float:
        """How many times as much the hits vary as independent ones would; 1 at least."""
        return self._spread.value

    def add(self, hits: float, exposure: float) -> None:
        """Count hits, and answers by how likely their hour makes a hit."""
        self._hits += hits
        self._exposure += exposure

    def turn(self, time_s: float, seen: float, answers: float) -> bool:
        """End the window at a hit, if it is long enough, and return whether there is news of the dispersion.

        `seen` hits of `answers` are the rate that was learned, the window's own included.
        """
        if self._start_s != self._start_s:
            self._begin(time_s)
        if time_s < self._start_s + SPAN_S:
            return False
        seen_before, answers_before = seen - self._hits, answers - self._exposure
        if seen_before < MIN_BEFORE:
            self._begin(time_s)
            return False
        expected = self._exposure * seen_before / answers_before
        if expected < MIN_EXPECTED:
            return False
        spread = self._exposure * seen / answers * (1.0 + self._exposure / answers_before)
        self._waiting.append((self._hits - expected) ** 2 / spread)
        self._begin(time_s)
        if len(self._waiting) <= LAG:
            return False
        self._spread.learn(self._waiting.pop(0), 1.0)
        return True

    def forget(self) -> None:
        """The rate changed: windows that do not count yet are of the change. What was learned before stays."""
        self._begin(math.nan)
        self._waiting = []


@lru_cache(4096)
def power(ratio: float, dispersion: float) -> float:
    """Return the power of a likelihood ratio of two rates that keeps a mean of 1 where nothing changes.

    Hits that come in clusters of logarithmic size, the clusters independent, have negative binomial counts of any
    mean m and variance dispersion times m (Quenouille, Biometrics 5, 1949, 162-164). The logarithm of the mean of
    (ratio^hits exp(-(ratio - 1) m)) to the power t is then m times

        -t (ratio - 1) - log(dispersion - (dispersion - 1) ratio^t) / (dispersion - 1),

    which is 0 at t = 0 and at one other place, whatever m. With a dispersion of 1, that is 1.
    """
    excess = dispersion - 1.0
    if excess <= 0.0:
        return 1.0

    def is_below(t: float) -> bool:
        rest = dispersion - excess * ratio**t
        return rest > 0.0 and t * (ratio - 1.0) * excess + math.log(rest) > 0.0

    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low
