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
COMPANY: Final = 64
"""Answers whose slices are counted at a time."""
SIDES: Final = (Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE)
TOLD_BOTH: Final = frozenset({*SIDES, Signal.REFUSALS})
"""Alarms that carry the numbers of both sides."""
SIDES_OVER: Final = ("5m", "1h")
"""Windows that both sides are told over: what is now, and what it is held against."""
WIDE: Final = frozenset({Dimension.GLOBAL, Dimension.MODEL, Dimension.ROUTE, Dimension.POLICY})
"""Dimensions that are never silent in a system that works."""


class Watch(PartlySaved):
    """The counts and models of a slice."""

    UNSAVED: ClassVar = frozenset({"_company"})

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
        self._company: list[list[Slice]] = []
        """The slices of the last answers, whose shares are not counted yet."""

    def learn(self, answer: Answer, mates: list[Slice], *, is_echo: bool) -> list[Firing]:
        """Learn from an answer; `mates`: the slices that it is in, the whole aside."""
        record, time_s = answer.record, answer.time_s
        self._responses += 1
        if time_s > self._seen_s:  # noqa: PLR1730 - max takes three times as long
            self._seen_s = time_s
        self._buckets.add(time_s, answer.columns)
        self._company.append(mates)
        if len(self._company) >= COMPANY:
            self._take_in()
        if self._minutes is not None:
            self._minutes.add(answer)
        found = self._now.learn(answer, is_echo=is_echo)
        if self._before is not None:
            found += [shadowed(one) for one in self._before.learn(answer, is_echo=is_echo)]
        found += self._held.observe(float(record.held_chars), time_s)
        if record.added_ms is not None:
            found += self._latency.observe(record.added_ms, time_s)
        return self._both_sides(found) if found else found

    def _take_in(self) -> None:
        """Count which slices the last answers were in."""
        known, company, self._company = self._mates, self._company, []
        for mate, count in Counter(chain.from_iterable(company)).items():
            if mate in known or len(known) < MAX_MATES:
                known[mate] = known.get(mate, 0) + count

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
        self._before, self._before_until_s = self._now, now_s + settings.drift.shadow_s
        self._now = Generation(self._slice, settings.drift, references)

    def adopt(self, settings: MonitorSettings) -> None:
        """Go on under other budgets; detectors keep what they began with."""
        self._budgets = budgets_of(self._slice, settings.budgets)

    def minute(self, now_s: float, watermark_s: float) -> list[Firing]:
        """Judge a minute that is over, and hours that are whole: nothing of before the watermark is to come."""
        found = self._both_sides(self._now.settle(now_s)) + self._now.close_hours(watermark_s)
        if self._before is not None:
            found += [shadowed(one) for one in self._before.close_hours(watermark_s)]
            self._before = None if now_s >= self._before_until_s else self._before
        return found + self._minutes.judge(now_s) if self._minutes is not None else found

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
        return SliceInfo(self._slice, self._responses, self._since_s, self._seen_s)

    def rates(self, now_s: float) -> list[Rate]:
        """Return each signal's rate over each window."""
        return rates_of(self._slice, self._buckets, self._buckets, now_s)

    def series(self, now_s: float, seconds: int, signal: Signal) -> list[Point]:
        """Return the buckets of a window."""
        return [Point(*bucket) for bucket in self._buckets.series(now_s, seconds, signal)]

    def quantiles(self) -> dict[Signal, dict[float, float]]:
        """Return the quantiles of what was added to answers in milliseconds, and of what was held in characters."""
        return {Signal.LATENCY: self._latency.values(), Signal.HELD: self._held.values()}

    def oddity(self) -> Oddity | None:
        """Return the last minute, as odd as it was; None where that is not judged."""
        return self._minutes.oddity() if self._minutes is not None else None

    def reference(self) -> Histogram | None:
        """Return the shape of scores that windows are held against."""
        return self._now.reference()
