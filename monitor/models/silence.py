"""Notices that answers stop coming. Fewer than the habit of the hour allows by chance: the guard may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from river.stats import EWMean

from monitor.models.firing import Firing
from monitor.models.intervals import poisson_at_most
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
"""Share of the habit that may go missing without a word: traffic has rhythms, silence has none."""


class SilenceWatch:
    """The minutes of one slice."""

    def __init__(self, place: Slice) -> None:
        self._slice = place
        self._habit = EWMean(fading_factor=FADE)
        self._minutes = 0
        self._last: list[int] = []
        self._since_s = 0.0
        self._is_silent = False

    def minute(self, answers: int, end_s: float) -> list[Firing]:
        """Learn from a minute that is over."""
        self._last = [*self._last, answers][-SPAN:]
        expected = SLACK * self._habit.get() * len(self._last) if self._minutes >= LEARN else 0.0
        chance = poisson_at_most(sum(self._last), expected)
        if self._minutes < LEARN or chance >= CHANCE:
            self._habit.update(answers)
            self._minutes += 1
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
                expected=self._habit.get(),
                evidence={"chance": chance, "seconds": seconds, "allowed_for": SLACK},
                start_s=end_s - seconds,
                end_s=end_s,
                events=sum(self._last),
            )
        ]

    @property
    def is_silent(self) -> bool:
        """Whether answers are missing now."""
        return self._is_silent
