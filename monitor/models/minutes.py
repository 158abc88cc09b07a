"""The minute that goes on in one slice: how many answers came in it, and what they were like together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.models.oddity import OddityWatch
from monitor.models.silence import SilenceWatch
from monitor.types import Dimension

if TYPE_CHECKING:
    from monitor.models.answer import Answer
    from monitor.models.firing import Firing
    from monitor.types import Oddity, Slice


class Minutes:
    """Adds up answers in the order in which they come; a minute is one of arrival."""

    def __init__(self, place: Slice) -> None:
        self._silence = SilenceWatch(place)
        self._oddity = OddityWatch(place) if place.dimension in {Dimension.GLOBAL, Dimension.MODEL} else None
        self._clear()

    def _clear(self) -> None:
        self._answers = 0
        self._incidents = 0
        self._refusals = 0
        self._length = 0.0
        self._score = 0.0
        self._total_ms = 0.0

    def add(self, answers: list[Answer]) -> None:
        """Count answers."""
        self._answers += len(answers)
        for answer in answers:
            self._incidents += answer.is_incident
            self._refusals += answer.is_refusal
            self._length += answer.length
            self._score += answer.score
            self._total_ms += answer.record.total_ms

    def judge(self, end_s: float) -> list[Firing]:
        """Judge the minute, which is over, and begin the next one."""
        answers = self._answers
        found = self._silence.minute(answers, end_s)
        if self._oddity is not None and answers:
            numbers = {
                "answers": float(answers),
                "incidents": self._incidents / answers,
                "refusals": self._refusals / answers,
                "length": self._length / answers,
                "score": self._score / answers,
                "total_ms": self._total_ms / answers,
            }
            found += self._oddity.minute(numbers, end_s, answers)
        self._clear()
        return found

    def oddity(self) -> Oddity | None:
        """Return the last minute, as odd as it was; None where that is not judged."""
        return self._oddity.last() if self._oddity is not None else None
