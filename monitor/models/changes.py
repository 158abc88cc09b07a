"""Watches one signal of one slice for a change: a share of answers, or the mean of a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from river.drift import ADWIN

from monitor.models.firing import Firing
from monitor.models.ratemix import RateMixture
from monitor.models.rhythm import Rhythm
from monitor.models.unsaved import PartlySaved
from monitor.types import Level

if TYPE_CHECKING:
    from monitor.settings import DriftSettings
    from monitor.types import Signal, Slice

BLOCK: Final = 32
"""Answers between two looks of ADWIN."""
MAX_BLOCKS: Final = 128
"""Blocks remembered: a change that took longer to be seen is told by its last 4,096 answers."""
SURE: Final = 4.5
"""Standard deviations by which the end of a window must differ to be told from chance, among so many ends."""
MIN_HITS: Final = 5
"""Hits since a share moved, before ADWIN is believed that it rose."""


Mark = tuple[int, float]
"""Answers and their sum so far."""


@dataclass(frozen=True, slots=True)
class Move:
    """How a mean moved, as the last answers show it."""

    before: float
    after: float
    answers: int
    """Answers since it moved, about."""
    rest: int
    """Answers of the window before."""
    total: float
    """Sum of their values."""
    start_s: float


class Recent:
    """The last answers in blocks. ADWIN says that a mean moved; this says when, and to what."""

    def __init__(self) -> None:
        self._blocks: list[tuple[float, float]] = []
        """Time of the first answer and sum of each whole block, the oldest first."""
        self._count = 0
        self._sum = 0.0
        self._start_s = math.nan
        self._answers = 0
        self._total = 0.0
        self.last_s = math.nan

    @property
    def room(self) -> int:
        """Answers that the block which goes on has room for: only with the last of them does ADWIN look."""
        return BLOCK - self._count

    def add(self, values: list[float], start_s: float, end_s: float) -> None:
        """Note answers, not more than there is room for, and the times of the first and the last."""
        if not self._count:
            self._start_s = start_s
        self._count += len(values)
        self._answers += len(values)
        for value in values:
            self._sum += value
            self._total += value
        self.last_s = end_s
        if self._count == BLOCK:
            self._blocks = [*self._blocks[1 - MAX_BLOCKS :], (self._start_s, self._sum)]
            self._count, self._sum = 0, 0.0

    def mark(self) -> Mark:
        """Return a mark of here and now: a window that begins with the next answer."""
        return self._answers, self._total

    def move(self, since: Mark, variance: float | None = None) -> Move:
        """Return the likeliest move within the window that a mark began; no variance: values are zeros and ones.

        A short end of the window that differs by no more than chance explains is no move: then what changed did so
        slowly, and all that is remembered is held against what was before.
        """
        width, window_total = self._answers - since[0], self._total - since[1]
        mean = window_total / max(1, width)
        spread = max(mean * (1.0 - mean), 1e-9) if variance is None else max(variance, 1e-12)
        best, found = SURE, Move(mean, mean, self._count, max(1, width), self._sum, self._start_s)
        answers, total = self._count, self._sum
        for start_s, value in reversed(self._blocks):
            answers, total = answers + BLOCK, total + value
            rest = width - answers
            if rest < BLOCK:
                break
            before, after = (window_total - total) / rest, total / answers
            sigmas = abs(after - before) * math.sqrt(answers / spread)
            if sigmas > best or best == SURE:
                best = max(best, sigmas)
                found = Move(max(0.0, before), after, answers, rest, total, start_s)
        return found


class ShareWatch(PartlySaved):
    """A signal that an answer has or has not: the rate mixture, and ADWIN beside it."""

    UNSAVED: ClassVar = frozenset({"_mixtures", "from_s", "until_s"})

    def __init__(
        self, place: Slice, signal: Signal, settings: DriftSettings, *, falls: bool = False, adwin: bool = True
    ) -> None:
        self._slice = place
        self._signal = signal
        self._page = settings.adwin_page
        self._min_ratio = settings.min_ratio
        limit = settings.events_per_false_alarm
        self._rise = RateMixture(limit, min_ratio=settings.min_ratio)
        self._fall = RateMixture(limit, falls=True, min_ratio=settings.min_ratio) if falls else None
        deltas = (settings.adwin_ticket, settings.adwin_page) if adwin else ()
        self._adwins = [ADWIN(delta=delta, clock=BLOCK) for delta in deltas]
        self._rhythm = Rhythm()
        self._recent = Recent()
        self._marks = [self._recent.mark() for _ in self._adwins]
        """Where each ADWIN's window began: River's begins anew after each detection."""
        self._begin()

    def _begin(self) -> None:
        self._mixtures = [self._rise] if self._fall is None else [self._rise, self._fall]
        self.from_s, self.until_s = math.inf, -math.inf
        """Times at which nothing is due: answers without it may be told together, by `miss`."""

    @property
    def room(self) -> int:
        """How many answers may be told together."""
        return self._recent.room

    def observe(self, is_hit: bool, time_s: float) -> list[Firing]:
        """Learn from an answer."""
        if not is_hit and self.from_s <= time_s < self.until_s:
            return self.miss([time_s])
        found: list[Firing] = []
        if self._rhythm.is_news(time_s):
            self._turn(time_s)
        self._rhythm.add(is_hit)
        for mixture in self._mixtures:
            mixture.observe(is_hit, time_s, self._rhythm.factor)
            if mixture.drift_detected:
                found += self._firing(mixture, time_s)
        found += self._averaged([is_hit / self._rhythm.factor], time_s, time_s)
        self._plan()
        return found

    def miss(self, times_s: list[float]) -> list[Firing]:
        """Learn from answers without it: not more than there is room for, and none at a time of something due."""
        self._rhythm.add(False, len(times_s))
        for mixture in self._mixtures:
            mixture.miss(times_s)
        return self._averaged([0.0] * len(times_s), times_s[0], times_s[-1])

    def _averaged(self, values: list[float], start_s: float, end_s: float) -> list[Firing]:
        """Have ADWIN look at values, of which no more than the last may end a block."""
        found: list[Firing] = []
        if not self._adwins:
            return found
        self._recent.add(values, start_s, end_s)
        for place, adwin in enumerate(self._adwins):
            for value in values:
                adwin.update(value)
            if adwin.drift_detected:
                found += self._drifted(adwin, self._recent.move(self._marks[place]))
                self._marks[place] = self._recent.mark()
        return found

    def _plan(self) -> None:
        """Work out when something is due."""
        spans = [mixture.waiting_s() for mixture in self._mixtures]
        self.from_s = max(start_s for start_s, _ in spans)
        self.until_s = min(self._rhythm.end_s, *[end_s for _, end_s in spans])

    def skip(self, answers: int) -> None:
        """Learn from answers without it, where there is no ADWIN that must see each, and hours do not count."""
        self._rise.skip(answers)
        if self._fall is not None:
            self._fall.skip(answers)

    @property
    def may_fall(self) -> bool:
        """Whether a fall counts, which shows while nothing is seen."""
        return self._fall is not None

    def settle(self, time_s: float) -> list[Firing]:
        """Judge the time in which nothing was seen."""
        if self._fall is None:
            return []
        self._fall.settle(time_s, self._rhythm.factor)
        found = self._firing(self._fall, time_s) if self._fall.drift_detected else []
        self._plan()
        return found

    @property
    def baseline(self) -> float:
        """The share that was learned; NaN before."""
        return self._rise.baseline

    def _turn(self, time_s: float) -> None:
        """Take in what came under the factor of before, and go on with the one of now."""
        for mixture in self._mixtures:
            mixture.flush(time_s, self._rhythm.factor)
        self._rhythm.turn(time_s)

    def _firing(self, mixture: RateMixture, time_s: float) -> list[Firing]:
        hits, answers, start_s, ratio = mixture.leading()
        firing = Firing(
            slice=self._slice,
            signal=self._signal,
            detector="rate_fall" if mixture.falls else "rate_rise",
            level=Level.TICKET,
            chance=1.0 / mixture.statistic,
            observed=hits / max(1, answers),
            expected=mixture.expected(),
            evidence={
                "statistic": mixture.statistic,
                "limit": mixture.limit,
                "hits": float(hits),
                "answers": float(answers),
                "likeliest_ratio": ratio,
                "baseline": mixture.baseline,
                "hour_factor": self._rhythm.factor,
                "dispersion": mixture.dispersion,
            },
            start_s=start_s,
            end_s=time_s,
            events=answers,
        )
        mixture.restart()
        self._rhythm.pause(time_s)
        return [firing]

    def _drifted(self, adwin: ADWIN, move: Move) -> list[Firing]:
        """A share that fell counts where falls do; one that changed little does not count."""
        is_rise = move.after >= move.before
        if not is_rise and self._fall is None:
            return []
        ratio = move.after / (move.before + 1.0 / move.rest)
        if self._min_ratio > ratio > 1 / self._min_ratio or (is_rise and move.total < MIN_HITS):
            return []
        level = Level.PAGE if adwin.delta <= self._page else Level.TICKET
        return [_adwin_firing(self._slice, self._signal, adwin, level, move, self._recent.last_s)]


class MeanWatch:
    """The mean of a value of each answer."""

    def __init__(self, place: Slice, signal: Signal, delta: float, level: Level, floor: float) -> None:
        """`floor`: a mean that moved by less does not count."""
        self._slice = place
        self._signal = signal
        self._level = level
        self._floor = floor
        self._adwin = ADWIN(delta=delta, clock=BLOCK)
        self._recent = Recent()
        self._mark = self._recent.mark()

    @property
    def room(self) -> int:
        """How many answers may be told together."""
        return self._recent.room

    def observe(self, values: list[float], times_s: list[float]) -> list[Firing]:
        """Learn from answers, one at least and not more than there is room for. Values must be numbers."""
        for value in values:
            self._adwin.update(value)
        self._recent.add(values, times_s[0], times_s[-1])
        if not self._adwin.drift_detected:
            return []
        variance = self._adwin.variance / max(1, self._adwin.width)  # River gives the sum of squares
        move, self._mark = self._recent.move(self._mark, variance), self._recent.mark()
        if abs(move.after - move.before) < self._floor:
            return []
        return [_adwin_firing(self._slice, self._signal, self._adwin, self._level, move, self._recent.last_s)]


def _adwin_firing(place: Slice, signal: Signal, adwin: ADWIN, level: Level, move: Move, end_s: float) -> Firing:
    return Firing(
        slice=place,
        signal=signal,
        detector="adwin",
        level=level,
        chance=adwin.delta,
        observed=move.after,
        expected=move.before,
        evidence={"delta": adwin.delta, "kept": float(adwin.width), "total": move.total},
        start_s=move.start_s,
        end_s=end_s,
        events=move.answers,
    )
