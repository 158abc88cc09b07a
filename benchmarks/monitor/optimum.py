"""The optimum: the CUSUM that knows both rates. Nothing that keeps the same rate of false alarms is quicker.

Its threshold for a rate of false alarms is exact: on a lattice of steps the CUSUM is a Markov chain, and the mean
time to an alarm is the solution of a linear system (Brook and Evans 1972; for Bernoulli streams Reynolds and
Stoumbos 1999). Lorden (1971) and Moustakides (1986) show that it is optimal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def steps(before: float, after: float) -> tuple[int, float]:
    """Return how many steps down a hit is worth up, and one step down in nats."""
    up, down = math.log(after / before), -math.log((1 - after) / (1 - before))
    return max(1, round(up / down)), down


def mean_time_to_alarm(rate: float, up: int, height: int) -> float:
    """Return the mean number of answers until the CUSUM, from 0, passes `height` steps at a hit rate.

    E(s) = 1 + p E(s + up) + (1 - p) E(max(0, s - 1)), with E = 0 above the height: walking down from the top,
    each E(s) is a + b E(0), so one pass solves it. From E(s): (1 - p) E(s - 1) = E(s) - 1 - p E(s + up).
    """
    # Every E(s) is written as a + b * E(height); the chain is walked from the top down.
    a, b = [0.0] * (height + 1), [0.0] * (height + 1)
    b[height] = 1.0
    for s in range(height, 0, -1):
        above = s + up
        a_up, b_up = (a[above], b[above]) if above <= height else (0.0, 0.0)
        a[s - 1] = (a[s] - 1.0 - rate * a_up) / (1.0 - rate)
        b[s - 1] = (b[s] - rate * b_up) / (1.0 - rate)
    a_up, b_up = (a[up], b[up]) if up <= height else (0.0, 0.0)
    # At 0: E(0) = 1 + p E(up) + (1 - p) E(0).
    top = (1.0 + rate * a_up - rate * a[0]) / (rate * b[0] - rate * b_up)
    return a[0] + b[0] * top


def height_for(before: float, after: float, events_per_false_alarm: float) -> int:
    """Return the lowest height at which false alarms are no more frequent than wanted."""
    up, _ = steps(before, after)
    low, high = up, 2 * up
    while mean_time_to_alarm(before, up, high) < events_per_false_alarm:
        low, high = high, high + up
    while high - low > 1:
        middle = (low + high) // 2
        if mean_time_to_alarm(before, up, middle) < events_per_false_alarm:
            low = middle
        else:
            high = middle
    return high


class Optimum:
    """The CUSUM itself, fed with the gaps between hits."""

    def __init__(self, before: float, after: float, events_per_false_alarm: float) -> None:
        self._up, _ = steps(before, after)
        self._height = height_for(before, after, events_per_false_alarm)
        self._level = 0

    def restart(self) -> None:
        """Begin at 0."""
        self._level = 0

    def feed(self, gaps: Iterable[int]) -> int | None:
        """Return after how many answers it fires; None when the gaps end before."""
        answers = 0
        for gap in gaps:
            answers += gap
            self._level = max(0, self._level - (gap - 1)) + self._up
            if self._level > self._height:
                return answers
        return None

    def idle(self, answers: int) -> None:
        """Take in answers without a hit."""
        self._level = max(0, self._level - answers)
