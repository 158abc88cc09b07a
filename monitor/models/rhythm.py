"""The rhythm of the day: how much more often a thing is seen at each hour than on average, learned from days.

What returns every day is no change. Without it, an alarm would come with every morning of a busy service.
"""

from __future__ import annotations

from typing import Final

HOUR_S: Final = 3600
HOURS: Final = 24
SLOT_S: Final = 300
"""The factor is renewed this often, between the hours in proportion."""
FADE: Final = 0.8
"""Weight of a day beside the next: it looks back over about five."""
MIN_DAYS: Final = 3
"""Days that an hour must have been seen on before it has a factor of its own."""
PRIOR: Final = 30.0
"""Hits that speak for a factor of 1: an hour with few of its own has no say."""
PAUSE_S: Final = 86_400.0
"""After a change nothing is learned for a day: half a day of the old and half of the new are no rhythm."""
BOUNDS: Final = (0.2, 5.0)


class Rhythm:
    """One signal of one slice."""

    def __init__(self) -> None:
        self.factor = 1.0
        """How many times as often as on average it is seen now."""
        self._slot = -1
        self._answers = 0
        self._hits = 0
        self._paused_until_s = 0.0
        self._days = [0] * HOURS
        self._hour_answers = [0.0] * HOURS
        self._hour_hits = [0.0] * HOURS

    def is_news(self, time_s: float) -> bool:
        """Whether the factor has to be renewed before an answer of this time. Time does not go back."""
        return time_s // SLOT_S > self._slot

    def turn(self, time_s: float) -> None:
        """Renew the factor, and learn from the hour if one is over."""
        slot, before = int(time_s // SLOT_S), self._slot
        self._slot = slot
        per_hour = HOUR_S // SLOT_S
        if before >= 0 and slot // per_hour > before // per_hour:
            self._fold(before // per_hour % HOURS, time_s)
        place = time_s / HOUR_S % HOURS - 0.5
        hour, part = int(place // 1), place % 1
        self.factor = (1 - part) * self._factor_of(hour % HOURS) + part * self._factor_of((hour + 1) % HOURS)

    def add(self, is_hit: bool) -> None:
        """Count an answer."""
        self._answers += 1
        self._hits += is_hit

    def pause(self, time_s: float) -> None:
        """Learn nothing for a day, if there is something to lose."""
        if min(self._days) >= MIN_DAYS:
            self._paused_until_s = time_s + PAUSE_S

    def _fold(self, hour: int, time_s: float) -> None:
        if time_s >= self._paused_until_s and self._answers:
            self._hour_answers[hour] = FADE * self._hour_answers[hour] + self._answers
            self._hour_hits[hour] = FADE * self._hour_hits[hour] + self._hits
            self._days[hour] += 1
        self._answers = self._hits = 0

    def _factor_of(self, hour: int) -> float:
        if self._days[hour] < MIN_DAYS:
            return 1.0
        mean = sum(self._hour_hits) / sum(self._hour_answers)
        expected = mean * self._hour_answers[hour]
        return min(BOUNDS[1], max(BOUNDS[0], (self._hour_hits[hour] + PRIOR) / (expected + PRIOR)))
