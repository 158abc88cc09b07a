"""The change detectors of one slice under one revision of its policy. A new revision gets new ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Final

from monitor.models.changes import MeanWatch, ShareWatch
from monitor.models.mix import MixWatch
from monitor.models.shape import ShapeWatch
from monitor.models.unsaved import PartlySaved
from monitor.types import Dimension, Level, Signal

if TYPE_CHECKING:
    from monitor.models.answer import Answer
    from monitor.models.firing import Firing
    from monitor.models.shape import Histogram
    from monitor.settings import DriftSettings
    from monitor.types import Slice

OTHERS: Final = (Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE, Signal.BLOCKS)
"""Signals that follow from incidents and refusals: the rate mixture alone watches them."""
SHARES: Final = (Signal.REFUSALS, Signal.INCIDENTS, *OTHERS)
"""What an answer has or has not."""
SETTLED: Final = (SHARES.index(Signal.INCIDENTS), SHARES.index(Signal.REFUSALS))
"""Those whose fall is judged while nothing is seen."""
MIX: Final = -1
"""Place of the mix among those that answers wait for."""
GONE: Final = 0.1
"""A share of incidents that fell below this part of what it was looks like a guard that is off."""
SCORE_FLOOR: Final = 0.02
"""Smallest move of the mean score that counts."""
LENGTH_FLOOR: Final = 0.1
"""Smallest move of the mean log length that counts: ten percent."""


class Generation(PartlySaved):
    """All detectors of one slice that learn what is normal."""

    UNSAVED: ClassVar = frozenset({"_shares", "_taken", "from_s", "until_s"})

    def __init__(self, place: Slice, settings: DriftSettings, references: dict[str, Histogram]) -> None:
        is_wide = place.dimension in {Dimension.GLOBAL, Dimension.POLICY}
        self.incidents = ShareWatch(place, Signal.INCIDENTS, settings, falls=is_wide)
        self._refusals = ShareWatch(place, Signal.REFUSALS, settings, falls=True)
        self._others = {signal: ShareWatch(place, signal, settings, adwin=False) for signal in OTHERS}
        self._scores = MeanWatch(place, Signal.SCORES, settings.adwin_ticket, Level.TICKET, SCORE_FLOOR)
        self._shape = ShapeWatch(place, settings, references)
        self._lengths = MeanWatch(place, Signal.LENGTHS, settings.adwin_ticket, Level.INFO, LENGTH_FLOOR)
        self._mix = MixWatch(place, settings)
        self._begin()

    def _begin(self) -> None:
        self._shares = (self._refusals, self.incidents, *self._others.values())
        self._taken = [0] * (len(self._shares) + 1)
        """How many of the answers that wait each of them has taken in, and the mix."""
        self._plan()

    def _plan(self) -> None:
        self.from_s = max(watch.from_s for watch in self._shares)
        self.until_s = min(watch.until_s for watch in self._shares)

    def notice(self, answer: Answer, waiting: list[Answer]) -> list[Firing]:
        """Learn what cannot wait from an answer that will be the next one of those that do."""
        found: list[Firing] = []
        time_s, times_s = answer.time_s, [one.time_s for one in waiting]
        for place, watch in enumerate(self._shares):
            is_hit = SHARES[place] in answer.signals
            if is_hit or not watch.from_s <= time_s < watch.until_s:
                found += self._catch_up(place, times_s)
                found += watch.observe(is_hit, time_s)
                self._taken[place] += 1
        if answer.record.categories:
            self._catch_up(MIX, times_s)
            found += self._mix.observe(list(answer.record.categories), time_s)
            self._taken[MIX] += 1
        self._plan()
        return [_as_seen(firing) for firing in found] if found else found

    def _catch_up(self, place: int, times_s: list[float]) -> list[Firing]:
        """Have one of them take in what it has not, which is without its signal."""
        missed_s = times_s[self._taken[place] :]
        self._taken[place] += len(missed_s)
        if place == MIX:
            self._mix.count(missed_s)
            return []
        return self._shares[place].miss(missed_s) if missed_s else []

    def learn(self, answers: list[Answer], times_s: list[float]) -> list[Firing]:
        """Learn from all answers that waited, one at least and not more than there is room for."""
        found = [firing for place in range(len(self._shares)) for firing in self._catch_up(place, times_s)]
        self._catch_up(MIX, times_s)
        self._taken = [0] * len(self._taken)
        scores = [answer.score for answer in answers]
        found += self._lengths.observe([answer.length for answer in answers], times_s)
        found += self._scores.observe(scores, times_s)
        found += self._shape.observe(scores, times_s)
        return [_as_seen(firing) for firing in found] if found else found

    def learn_echo(self, answer: Answer) -> list[Firing]:
        """Learn from an answer whose incidents are part of a burst that was seen already. None may wait."""
        found = self._refusals.observe(answer.is_refusal, answer.time_s)
        found += self._lengths.observe([answer.length], [answer.time_s])
        self._plan()
        return found

    @property
    def room(self) -> int:
        """How many answers may wait, none waiting now."""
        counted = min(self._refusals.room, self.incidents.room)
        return min(counted, self._lengths.room, self._scores.room, self._shape.room)

    def settle(self, time_s: float, waiting: list[Answer]) -> list[Firing]:
        """Judge what did not come."""
        found: list[Firing] = []
        times_s = [answer.time_s for answer in waiting]
        for place in SETTLED:
            if self._shares[place].may_fall:
                found += self._catch_up(place, times_s) + self._shares[place].settle(time_s)
        self._plan()
        return [_as_seen(firing) for firing in found] if found else found

    def close_hours(self, watermark_s: float, waiting: list[Answer]) -> list[Firing]:
        """Judge the hours that no answer to come is of."""
        self._catch_up(MIX, [answer.time_s for answer in waiting])
        return self._mix.settle(watermark_s)

    def reference(self) -> Histogram | None:
        """Return the shape of scores that windows are held against."""
        return self._shape.reference


def _as_seen(firing: Firing) -> Firing:
    """A fall of incidents is good news, unless next to none are left: then the guard may be off."""
    if firing.signal is not Signal.INCIDENTS or firing.is_rise:
        return firing
    if firing.expected and firing.observed <= GONE * firing.expected:
        return dataclasses.replace(firing, signal=Signal.SILENCE, level=Level.PAGE)
    return dataclasses.replace(firing, level=Level.INFO)


def shadowed(firing: Firing) -> Firing:
    """What the detectors of the policy before say is to be read only."""
    return dataclasses.replace(firing, level=Level.INFO, about=firing.about | {"policy": "before"})
