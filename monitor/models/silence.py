"""Notices that answers stop coming: fewer than the last hour and the same hour of last week allow by chance.

Where last week is not known yet, yesterday takes its place: an office that goes home every evening is not silent.
The price: a failure makes its hour deaf for a day, or for that day of next week.
People come in conversations, so that answers vary by more than single ones would; by how much is learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from river.stats import EWMean

from monitor.models.firing import Firing
from monitor.models.intervals import counts_at_most
from monitor.types import Level, Signal

if TYPE_CHECKING:
    from monitor.types import Slice

MINUTE_S: Final = 60.0
SPAN: Final = 5
"""Minutes that are judged together."""
CHANCE: Final = 1e-4
FADE: Final = 0.02
"""Weight of a minute in the habit: it looks back over about an hour."""
LEARN: Final = 30
"""Minutes before anything is said."""
SLACK: Final = 0.5
"""Share of what is usual that may go missing without a word: traffic has rhythms, silence has none."""
SPREAD_FADE: Final = 0.02
"""Weight of five minutes in what is known of the dispersion: it looks back over about four hours."""
SPREAD_PRIOR: Final = 4.0
"""Five minutes at the beginning that speak for independent answers."""
SPREAD_CAP: Final = 5.0
"""Most that five minutes say of it, as a multiple of what is known: a failure is no dispersion."""
HOUR_S: Final = 3600.0
WEEK: Final = 168
DAY: Final = 24


class SilenceWatch:
    """The minutes of one slice."""

    def __init__(self, place: Slice) -> None:
        self._slice = place
        self._habit = EWMean(fading_factor=FADE)
        self._dispersion = 1.0
        """How many times as much five minutes vary as independent answers would make them."""
        self._minutes = 0
        self._last: list[int] = []
        self._is_silent = False
        self._week: list[float | None] = [None] * WEEK
        """Answers a minute in each hour of the last week; None where it is not known."""
        self._hour = -1
        self._hour_answers = 0
        self._hour_minutes = 0

    def minute(self, answers: int, end_s: float) -> list[Firing]:
        """Learn from a minute that is over."""
        self._last = [*self._last, answers][-SPAN:]
        self._turn(int((end_s - MINUTE_S) // HOUR_S), answers)
        usual = self._usual()
        expected = SLACK * usual * len(self._last) if self._minutes >= LEARN else 0.0
        chance = counts_at_most(sum(self._last), expected, self._dispersion)
        if self._minutes < LEARN or chance >= CHANCE:
            self._learn(answers)
            self._is_silent = False
            return []
        if self._is_silent:
            return []
        self._is_silent = True
        seconds = MINUTE_S * len(self._last)
        return [
            Firing(
                slice=self._slice,
                signal=Signal.SILENCE,
                detector="poisson",
                level=Level.PAGE,
                chance=chance,
                observed=sum(self._last) / len(self._last),
                expected=usual,
                evidence={
                    "chance": chance,
                    "seconds": seconds,
                    "allowed_for": SLACK,
                    "dispersion": self._dispersion,
                },
                start_s=end_s - seconds,
                end_s=end_s,
                events=sum(self._last),
            )
        ]

    def _learn(self, answers: int) -> None:
        """Take a minute for a usual one. Every fifth says how much five of them vary (Pearson's statistic)."""
        self._habit.update(answers)
        self._minutes += 1
        usual = len(self._last) * self._habit.get()
        if self._minutes % SPAN == 0 and usual > 0.0:
            seen = min((sum(self._last) - usual) ** 2 / usual, SPREAD_CAP * self._dispersion)
            weight = max(SPREAD_FADE, 1.0 / (SPREAD_PRIOR + self._minutes / SPAN))
            self._dispersion = max(1.0, (1.0 - weight) * self._dispersion + weight * seen)

    def _turn(self, hour: int, answers: int) -> None:
        """Count a minute in its hour; an hour that is over is remembered, whatever it was like."""
        if hour != self._hour:
            if self._hour_minutes:
                self._week[self._hour % WEEK] = self._hour_answers / self._hour_minutes
            self._hour, self._hour_answers, self._hour_minutes = hour, 0, 0
        self._hour_answers += answers
        self._hour_minutes += 1

    def _usual(self) -> float:
        """Return the answers a minute that are usual now: habits change an hour early or late."""
        around = [self._week[(self._hour + step) % WEEK] for step in (-1, 0, 1)]
        if None in around[1:]:
            around = [self._week[(self._hour - DAY + step) % WEEK] for step in (-1, 0, 1)]
        return min([self._habit.get(), *[value for value in around if value is not None]])

    @property
    def is_silent(self) -> bool:
        """Whether answers are missing now."""
        return self._is_silent
