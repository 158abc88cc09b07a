"""Everything that is kept for one slice: counts, change detectors, quantiles, minutes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final

from monitor.models.buckets import COLUMNS, RESPONSES, Buckets
from monitor.models.burn import budgets_of, burns
from monitor.models.generation import Generation, shadowed
from monitor.models.minutes import Minutes
from monitor.models.quantiles import QuantileWatch
from monitor.models.rating import rates_of
from monitor.models.unsaved import PartlySaved
from monitor.types import WINDOWS_S, Dimension, Point, Signal, Slice, SliceInfo

if TYPE_CHECKING:
    from monitor.models.answer import Answer
    from monitor.models.burn import Burn
    from monitor.models.firing import Firing
    from monitor.models.shape import Histogram
    from monitor.settings import MonitorSettings
    from monitor.types import Oddity, Rate

MIN_NOW: Final = 50
"""Answers of the last minutes from which a share can be told."""
MAX_MATES: Final = 60
"""Slices whose shared answers are counted: of three dimensions, the first twenty or so."""
SIDES: Final = (Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE)
TOLD_BOTH: Final = frozenset({*SIDES, Signal.REFUSALS})
"""Alarms that carry the numbers of both sides."""
SIDES_OVER: Final = ("5m", "1h")
"""Windows that both sides are told over: what is now, and what it is held against."""
WIDE: Final = frozenset({Dimension.GLOBAL, Dimension.MODEL, Dimension.ROUTE, Dimension.POLICY})
"""Dimensions that are never silent in a system that works."""


class Watch(PartlySaved):
    """The counts and models of a slice.

    Answers wait until a model has to look, or somebody reads: to go through all models for each of them costs more,
    since what other slices need has displaced them from the caches. Only the signals of an answer are learned at
    once.
    """

    UNSAVED: ClassVar = frozenset({"_waiting", "_in_minutes", "_room", "_from_s", "_until_s"})

    def __init__(
        self, place: Slice, since_s: float, settings: MonitorSettings, references: dict[str, Histogram]
    ) -> None:
        self._slice = place
        self._since_s = since_s
        self._seen_s = since_s
        self._responses = 0
        self._buckets = Buckets()
        self._budgets = budgets_of(place, settings.budgets)
        self._now = Generation(place, settings.drift, references)
        self._before: Generation | None = None
        self._before_until_s = 0.0
        self._latency = QuantileWatch(place, Signal.LATENCY)
        self._held = QuantileWatch(place, Signal.HELD)
        self._minutes = Minutes(place) if place.dimension in WIDE else None
        self._mates: dict[Slice, int] = {}
        self._begin()

    def _begin(self) -> None:
        self._waiting: list[Answer] = []
        self._in_minutes = 0
        """How many of them the minute has."""
        self._plan()
        self._room = self._least_room()
        """How many answers may wait."""

    def _plan(self) -> None:
        """Note at which times nothing is due."""
        self._from_s, self._until_s = self._now.from_s, self._now.until_s
        if self._before is not None:
            self._from_s = max(self._from_s, self._before.from_s)
            self._until_s = min(self._until_s, self._before.until_s)

    def _least_room(self) -> int:
        room = min(self._now.room, self._held.room, self._latency.room)
        return min(room, self._before.room) if self._before is not None else room

    def learn(self, answer: Answer, *, is_echo: bool) -> list[Firing]:
        """Learn from an answer; `is_echo`: its incidents are part of a burst that was seen already."""
        self._buckets.add(answer.time_s, answer.columns)
        if answer.time_s > self._seen_s:  # noqa: PLR1730 - max takes three times as long
            self._seen_s = answer.time_s
        if is_echo:
            return self._both_sides(self._learn_echo(answer))
        if answer.is_quiet and self._from_s <= answer.time_s < self._until_s:
            found: list[Firing] = []
        else:
            found = self._now.notice(answer, self._waiting)
            if self._before is not None:
                found += [shadowed(one) for one in self._before.notice(answer, self._waiting)]
            self._plan()
        self._waiting.append(answer)
        if len(self._waiting) >= self._room:
            found += self._take_in()
        return self._both_sides(found) if found else found

    def _learn_echo(self, answer: Answer) -> list[Firing]:
        found = self._take_in()
        found += self._now.learn_echo(answer)
        if self._before is not None:
            found += [shadowed(one) for one in self._before.learn_echo(answer)]
        found += self._count([answer], [answer.time_s])
        self._plan()
        return found

    def _take_in(self) -> list[Firing]:
        answers, self._waiting = self._waiting, []
        if not answers:
            return []
        times_s = [answer.time_s for answer in answers]
        found = self._now.learn(answers, times_s)
        if self._before is not None:
            found += [shadowed(one) for one in self._before.learn(answers, times_s)]
        return found + self._count(answers, times_s)

    def _count(self, answers: list[Answer], times_s: list[float]) -> list[Firing]:
        """Learn what needs no detector of change: counts, shares, quantiles."""
        self._responses += len(answers)
        if self._minutes is not None:
            self._minutes.add(answers[self._in_minutes :])
            self._in_minutes = 0
        known = self._mates
        for mate, count in Counter(chain.from_iterable([answer.mates for answer in answers])).items():
            if mate in known or len(known) < MAX_MATES:
                known[mate] = known.get(mate, 0) + count
        found = self._held.observe([float(answer.record.held_chars) for answer in answers], times_s)
        added = [(one.record.added_ms, one.time_s) for one in answers if one.record.added_ms is not None]
        if added:
            found += self._latency.observe([added_ms for added_ms, _ in added], [time_s for _, time_s in added])
        self._room = self._least_room()
        return found

    def _both_sides(self, found: list[Firing]) -> list[Firing]:
        """A model that declines less may comply with more, and the other way round: neither is told alone."""
        if not any(firing.signal in TOLD_BOTH for firing in found):
            return found
        numbers = {}
        for window in SIDES_OVER:
            sums = self._buckets.window(self._seen_s, WINDOWS_S[window])
            numbers[f"answers_{window}"] = float(sums[RESPONSES])
            numbers |= {f"{side}_{window}": float(sums[COLUMNS[side]] / max(1, sums[RESPONSES])) for side in SIDES}
        return [
            dataclasses.replace(firing, evidence=firing.evidence | numbers)
            if firing.signal in TOLD_BOTH
            else firing
            for firing in found
        ]

    def renew(self, now_s: float, settings: MonitorSettings, references: dict[str, Histogram]) -> None:
        """Begin new detectors, for a policy that changed; those of before go on beside them for a while."""
        self._take_in()
        self._before, self._before_until_s = self._now, now_s + settings.drift.shadow_s
        self._now = Generation(self._slice, settings.drift, references)
        self._begin()

    def adopt(self, settings: MonitorSettings) -> None:
        """Go on under other budgets; detectors keep what they began with."""
        self._budgets = budgets_of(self._slice, settings.budgets)

    def minute(self, now_s: float, watermark_s: float) -> list[Firing]:
        """Judge a minute that is over, and hours that are whole: nothing of before the watermark is to come."""
        waiting = self._waiting
        found = self._both_sides(self._now.settle(now_s, waiting)) + self._now.close_hours(watermark_s, waiting)
        if self._before is not None:
            found += [shadowed(one) for one in self._before.close_hours(watermark_s, waiting)]
            self._before = None if now_s >= self._before_until_s else self._before
        self._plan()
        if self._minutes is not None:
            self._minutes.add(waiting[self._in_minutes :])
            self._in_minutes = len(waiting)
            found += self._minutes.judge(now_s)
        return found

    def burns(self, now_s: float, settings: MonitorSettings) -> list[Burn]:
        """Return how the budgets of this slice are being spent."""
        return burns(self._slice, self._buckets, self._budgets, settings.burn, now_s)

    # Reading.

    @property
    def buckets(self) -> Buckets:
        """The counts."""
        return self._buckets

    @property
    def baseline(self) -> float:
        """The share of answers with an incident that was learned; NaN before."""
        return self._now.incidents.baseline

    @property
    def is_shadowed(self) -> bool:
        """Whether the detectors of the policy before still go on."""
        return self._before is not None

    def share_in(self, other: Slice) -> float:
        """Return the share of this slice's answers that are in another slice too."""
        self._take_in()
        return self._mates.get(other, 0) / self._responses if self._responses else 0.0

    def share_now(self, now_s: float, signal: Signal) -> float | None:
        """Return the share of the last minutes' answers that show a signal; None where they are too few."""
        sums = self._buckets.window(now_s, WINDOWS_S["5m"])
        if signal not in COLUMNS or sums[RESPONSES] < MIN_NOW:
            return None
        return float(sums[COLUMNS[signal]] / sums[RESPONSES])

    def info(self) -> SliceInfo:
        """Return what the slice is."""
        self._take_in()
        return SliceInfo(self._slice, self._responses, self._since_s, self._seen_s)

    def rates(self, now_s: float) -> list[Rate]:
        """Return each signal's rate over each window."""
        return rates_of(self._slice, self._buckets, self._buckets, now_s)

    def series(self, now_s: float, seconds: int, signal: Signal) -> list[Point]:
        """Return the buckets of a window."""
        return [Point(*bucket) for bucket in self._buckets.series(now_s, seconds, signal)]

    def quantiles(self) -> dict[Signal, dict[float, float]]:
        """Return the quantiles of what was added to answers in milliseconds, and of what was held in characters."""
        self._take_in()
        return {Signal.LATENCY: self._latency.values(), Signal.HELD: self._held.values()}

    def oddity(self) -> Oddity | None:
        """Return the last minute, as odd as it was; None where that is not judged."""
        return self._minutes.oddity() if self._minutes is not None else None

    def reference(self) -> Histogram | None:
        """Return the shape of scores that windows are held against."""
        self._take_in()
        return self._now.reference()
