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
OLD_S: Final = 43_200.0
"""What an hour showed counts from then on, when it comes again: counted at once, a rise would explain itself."""
PRIOR: Final = 30.0
"""Hits that speak for a factor of 1: an hour with few of its own has no say. After one day the factor of an hour is
wrong by 9 % at most, one standard deviation (30 hits: sqrt(30) / 60). With half of it a share that does not follow
the hour has a false alarm more in 20 million answers (benchmarks/monitor, stationary)."""
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
        self._new: list[tuple[float, int, int] | None] = [None] * HOURS
        """When the hour was last over, its answers and its hits, until they are old enough to count."""
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
        part = place % 1
        hour = int(place // 1) % HOURS
        following = (hour + 1) % HOURS
        self._count(hour, time_s)
        self._count(following, time_s)
        self.factor = (1 - part) * self._factor_of(hour) + part * self._factor_of(following)

    @property
    def end_s(self) -> float:
        """From which time on an answer is news."""
        return float((self._slot + 1) * SLOT_S)

    def add(self, is_hit: bool, answers: int = 1) -> None:
        """Count answers, all of them hits or none."""
        self._answers += answers
        self._hits += is_hit * answers

    def pause(self, time_s: float) -> None:
        """Learn nothing for a day, if a whole one was seen: there is something to lose."""
        if all(answers or new for answers, new in zip(self._hour_answers, self._new, strict=True)):
            self._paused_until_s = time_s + PAUSE_S

    def _fold(self, hour: int, time_s: float) -> None:
        if time_s >= self._paused_until_s and self._answers:
            self._count(hour, time_s)
            self._new[hour] = (time_s, self._answers, self._hits)
        self._answers = self._hits = 0

    def _count(self, hour: int, time_s: float) -> None:
        new = self._new[hour]
        if new is not None and time_s - new[0] >= OLD_S:
            self._hour_answers[hour] = FADE * self._hour_answers[hour] + new[1]
            self._hour_hits[hour] = FADE * self._hour_hits[hour] + new[2]
            self._new[hour] = None

    def _factor_of(self, hour: int) -> float:
        if not self._hour_answers[hour]:
            return 1.0
        new = [one for one in self._new if one is not None]
        answers = sum(self._hour_answers) + sum(one[1] for one in new)
        mean = (sum(self._hour_hits) + sum(one[2] for one in new)) / answers
        expected = mean * self._hour_answers[hour]
        return min(BOUNDS[1], max(BOUNDS[0], (self._hour_hits[hour] + PRIOR) / (expected + PRIOR)))
