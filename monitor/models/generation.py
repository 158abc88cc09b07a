"""The change detectors of one slice under one revision of its policy. A new revision gets new ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from monitor.models.changes import MeanWatch, ShareWatch
from monitor.models.mix import MixWatch
from monitor.models.shape import ShapeWatch
from monitor.types import Dimension, Level, Signal

if TYPE_CHECKING:
    from monitor.models.answer import Answer
    from monitor.models.firing import Firing
    from monitor.models.shape import Histogram
    from monitor.settings import DriftSettings
    from monitor.types import Slice

OTHERS: Final = (Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE, Signal.BLOCKS)
"""Signals that follow from incidents and refusals: the rate mixture alone watches them."""
GONE: Final = 0.1
"""A share of incidents that fell below this part of what it was looks like a guard that is off."""
SCORE_FLOOR: Final = 0.02
"""Smallest move of the mean score that counts."""
LENGTH_FLOOR: Final = 0.1
"""Smallest move of the mean log length that counts: ten percent."""


class Generation:
    """All detectors of one slice that learn what is normal."""

    def __init__(self, place: Slice, settings: DriftSettings, references: dict[str, Histogram]) -> None:
        is_wide = place.dimension in {Dimension.GLOBAL, Dimension.POLICY}
        self.incidents = ShareWatch(place, Signal.INCIDENTS, settings, falls=is_wide)
        self._refusals = ShareWatch(place, Signal.REFUSALS, settings, falls=True)
        self._others = {signal: ShareWatch(place, signal, settings, adwin=False) for signal in OTHERS}
        self._scores = MeanWatch(place, Signal.SCORES, settings.adwin_ticket, Level.TICKET, SCORE_FLOOR)
        self._shape = ShapeWatch(place, settings, references)
        self._lengths = MeanWatch(place, Signal.LENGTHS, settings.adwin_ticket, Level.INFO, LENGTH_FLOOR)
        self._mix = MixWatch(place, settings)

    def learn(self, answer: Answer, *, is_echo: bool) -> list[Firing]:
        """Learn from an answer; `is_echo`: its incidents are part of a burst that was seen already."""
        time_s, signals = answer.time_s, answer.signals
        found = self._refusals.observe(answer.is_refusal, time_s)
        found += self._lengths.observe(answer.length, time_s)
        if is_echo:
            return found
        found += self.incidents.observe(answer.is_incident, time_s)
        for signal, watch in self._others.items():
            found += watch.observe(signal in signals, time_s)
        found += self._scores.observe(answer.score, time_s)
        found += self._shape.observe(answer.score, time_s)
        found += self._mix.observe(list(answer.record.categories), time_s)
        return [_as_seen(firing) for firing in found] if found else found

    def settle(self, time_s: float) -> list[Firing]:
        """Judge what did not come."""
        return [_as_seen(one) for watch in (self.incidents, self._refusals) for one in watch.settle(time_s)]

    def close_hours(self, watermark_s: float) -> list[Firing]:
        """Judge the hours that no answer to come is of."""
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
