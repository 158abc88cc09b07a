"""Where a change may have begun, by event time, so that an answer that comes late speaks only of changes before it.

The last ten minutes are kept as stretches: each has the likelihood ratio of its own answers, and the weight of the
changes that may have begun in it. An answer that comes late changes the ratio of its stretch, and with it what is
thought of all changes up to there; those that may have begun later stay as they are. What is older is one sum.
A stretch begins with a hit, and where answers come late at short times too; the older, the longer it may be.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

HORIZON_S: Final = 600.0
"""How late an answer may be and still be put in its place: the watermark of the buckets."""
FINE_S: Final = 1.0
"""Shortest stretch."""
COARSENESS: Final = 4.0
"""A stretch may be as long as this part of its age."""
MAX_STRETCHES: Final = 48
"""Stretches before those that may are put together: about 40 are left at most."""
CAP: Final = 1e12
"""Highest value of a sum, so that it can come down again where the change is too small for an alarm."""
ORDERLY_S: Final = 10.0
"""While no answer is later than this, stretches begin with hits alone: that is all that answers in order need."""
STEPS: Final = 24.0
"""Else one begins whenever as much time has passed as this part of how late answers are ..."""
STEP_S: Final = 2.5
"""... and not more often than this."""
FADE_S: Final = 3600.0
"""How late answers are is forgotten by half in this time."""
_BOUNDS: Final = (1e-200, 1e200)
_MAX_EXPONENT: Final = 600.0

_Step = tuple[float, float, float]
"""What a run of answers does: a ratio is multiplied by the first, a sum by the second, and the third is added."""


@dataclass(slots=True)
class Stretch:
    """A time without a boundary in it."""

    start_s: float
    ratios: list[float]
    """Likelihood ratio of its answers, under each size of change."""
    sums: list[float]
    """The same for each change that may have begun in it, from there on, added up."""
    hits: int = 0
    answers: int = 0
    exposure: float = 0.0
    """Answers, each counted as often as its hour makes a hit likely."""


_START_S: Final = attrgetter("start_s")


@dataclass(frozen=True, slots=True)
class Since:
    """What has come since the likeliest beginning of a change."""

    start_s: float
    hits: int
    answers: int
    exposure: float


class Onsets:
    """The changes that may have begun, under several sizes of change at a time."""

    def __init__(self, sizes: int) -> None:
        self._sizes = sizes
        self._stretches = [self._stretch(-math.inf)]
        self._before = [0.0] * sizes
        """Of all changes before the last stretch, as its beginning found them."""
        self._past = [0.0] * sizes
        """Of all changes before the first stretch, as its beginning found them."""
        self._climbs = [0.0] * sizes
        """The CUSUM of what was before the first stretch."""
        self._since = [Since(-math.inf, 0, 0, 0.0) for _ in range(sizes)]
        """What has come since that CUSUM last was 0."""
        self._late_s = 0.0
        """How late answers have been lately."""
        self.last_s = -math.inf
        """Where the last stretch begins: an answer of this time or later is not late."""
        self.due_s = math.inf
        """When a stretch is to begin, be it with no hit: late answers will need it."""

    def place(self, time_s: float) -> int:
        """Return where an answer of this time belongs: -1 is the last stretch, and before the first is one more."""
        late_s = self.last_s - time_s
        if late_s <= 0.0:
            return -1
        if late_s > self._late_s:
            self._late_s = min(late_s, HORIZON_S)
            self._plan()
        return bisect_right(self._stretches, time_s, key=_START_S) - 1 - len(self._stretches)

    def known_s(self) -> float:
        """Return from which time on no answer is later than any was: to ask for its place changes nothing."""
        return math.nextafter(self.last_s - self._late_s, math.inf) if self._late_s else self.last_s

    def begin(self, time_s: float) -> None:
        """Begin a stretch. What came before must have been taken in."""
        while self.due_s < time_s - STEP_S:
            self._open(max(self.due_s, time_s - self._late_s))  # a block came in: its others are yet to be placed
        self._open(time_s)
        if len(self._stretches) > MAX_STRETCHES or self._stretches[1].start_s <= time_s - HORIZON_S:
            self._compact(time_s)

    def hit(self, time_s: float, ups: list[float], factor: float) -> None:
        """Take in a hit, with its likelihood ratio under each size of change."""
        if time_s >= self.last_s + FINE_S:
            self.begin(time_s)
        at = self.place(time_s)
        if at == -1:
            last = self._stretches[-1]
            for size, up in enumerate(ups):
                last.ratios[size] = _bounded(last.ratios[size] * up)
                last.sums[size] = min(CAP, (1.0 + last.sums[size]) * up)
            _count(last, 1, 1, factor)
        else:
            self._add(at, [_step(math.log(up), 1) for up in ups], 1, 1, factor)
            self._rebuild()
        self._cap()

    def run(self, slopes: list[float], misses: dict[int, int], factor: float) -> None:
        """Take in answers without a hit, by the places where they belong. Places hold until the next hit."""
        steps: dict[int, list[_Step]] = {}
        for at in sorted(misses, reverse=slopes[0] > 0.0):  # in the order that makes the sums the smaller
            count = misses[at]
            if count not in steps:
                steps[count] = [_step(slope, count) for slope in slopes]
            self._add(at, steps[count], count, 0, factor)
        if len(misses) > 1 or -1 not in misses:
            self._rebuild()
        self._cap()

    def values(self) -> list[float]:
        """Return the sum over all changes that may have begun, under each size of change."""
        last = self._stretches[-1]
        return [
            min(CAP, before * ratio + own)
            for before, ratio, own in zip(self._before, last.ratios, last.sums, strict=True)
        ]

    def since(self, size: int) -> Since:
        """Return what has come since the likeliest beginning of a change of a size: where its CUSUM last was 0."""
        climb, found = self._climbs[size], self._since[size]
        for stretch in self._stretches:
            climb, found = _climbed(climb, found, stretch, size)
        return found

    # Steps.

    def _stretch(self, start_s: float) -> Stretch:
        return Stretch(start_s, [1.0] * self._sizes, [0.0] * self._sizes)

    def _open(self, time_s: float) -> None:
        if self.last_s > -math.inf:
            self._late_s *= 0.5 ** ((time_s - self.last_s) / FADE_S)
        self._before = self.values()
        self._stretches.append(self._stretch(time_s))
        self.last_s = time_s
        self._plan()

    def _plan(self) -> None:
        if self._late_s > ORDERLY_S:
            self.due_s = self.last_s + max(STEP_S, self._late_s / STEPS)
        else:
            self.due_s = math.inf

    def _add(self, at: int, steps: list[_Step], answers: int, hits: int, factor: float) -> None:
        """Take in answers, all hits or none: what may have begun up to their stretch is judged again.

        A change may have begun with one of them too: it is held to what came in of its stretch since, and to all
        stretches after it.
        """
        if at < -len(self._stretches):
            self._add_to_past(steps, answers, hits, factor)
            return
        stretch = self._stretches[at]
        ratios, sums = stretch.ratios, stretch.sums
        for size, step in enumerate(steps):
            ratios[size] = _bounded(ratios[size] * step[0])
            sums[size] = _stepped(sums[size], step)
        _count(stretch, answers, hits, factor)

    def _add_to_past(self, steps: list[_Step], answers: int, hits: int, factor: float) -> None:
        """Take in answers of before the first stretch."""
        ratios = [change for change, _, _ in steps]
        late = Stretch(self._stretches[0].start_s, ratios, [], hits, answers, factor * answers)
        for size, step in enumerate(steps):
            self._past[size] = _stepped(self._past[size], step)
            self._climbs[size], self._since[size] = _climbed(self._climbs[size], self._since[size], late, size)

    def _rebuild(self) -> None:
        """Work out anew what the last stretch found."""
        earlier = self._stretches[:-1]
        for size in range(self._sizes):
            found = self._past[size]
            for stretch in earlier:
                found = found * stretch.ratios[size] + stretch.sums[size]
                if found > CAP:  # noqa: PLR1730 - the hottest loop: min takes twice as long
                    found = CAP
            self._before[size] = found

    def _cap(self) -> None:
        last = self._stretches[-1]
        for size, before in enumerate(self._before):
            value = before * last.ratios[size] + last.sums[size]
            if value > CAP:
                last.ratios[size] *= CAP / value
                last.sums[size] *= CAP / value

    def _compact(self, now_s: float) -> None:
        """Put together what is old enough for a longer stretch, and give up what is too old for any."""
        kept: list[Stretch] = []
        stretches = self._stretches
        for place, stretch in enumerate(stretches):
            end_s = stretches[place + 1].start_s if place + 1 < len(stretches) else math.inf
            if end_s <= now_s - HORIZON_S and not kept:
                self._give_up(stretch)
            elif kept and end_s - kept[-1].start_s <= max(FINE_S, (now_s - end_s) / COARSENESS):
                kept[-1] = _together(kept[-1], stretch)
            else:
                kept.append(stretch)
        self._stretches = kept

    def _give_up(self, stretch: Stretch) -> None:
        for size in range(self._sizes):
            self._past[size] = min(CAP, self._past[size] * stretch.ratios[size] + stretch.sums[size])
            self._climbs[size], self._since[size] = _climbed(self._climbs[size], self._since[size], stretch, size)


def after_run(value: float, slope: float, run: int) -> float:
    """Return what `value` becomes by adding 1 and multiplying by exp(slope), `run` times over."""
    return _stepped(value, _step(slope, run))


def _step(slope: float, run: int) -> _Step:
    if slope * run > _MAX_EXPONENT:
        return math.exp(_MAX_EXPONENT), 0.0, CAP
    growth = math.expm1(slope * run)
    return math.exp(slope * run), 1.0 + growth, math.exp(slope) * growth / math.expm1(slope)


def _stepped(value: float, step: _Step) -> float:
    value = value * step[1] + step[2]
    return min(CAP, value)


def _bounded(value: float) -> float:
    return value if _BOUNDS[0] <= value <= _BOUNDS[1] else min(_BOUNDS[1], max(_BOUNDS[0], value))


def _count(stretch: Stretch, answers: int, hits: int, factor: float) -> None:
    stretch.hits += hits
    stretch.answers += answers
    stretch.exposure += factor * answers


def _added(since: Since, hits: int, answers: int, exposure: float) -> Since:
    return Since(since.start_s, since.hits + hits, since.answers + answers, since.exposure + exposure)


def _climbed(climb: float, since: Since, stretch: Stretch, size: int) -> tuple[float, Since]:
    """Take a CUSUM, and what has come since it last was 0, past a stretch."""
    if climb <= 0.0:
        climb, since = 0.0, Since(stretch.start_s, 0, 0, 0.0)
    climb += math.log(_bounded(stretch.ratios[size]))
    return climb, _added(since, stretch.hits, stretch.answers, stretch.exposure)


def _together(one: Stretch, other: Stretch) -> Stretch:
    return Stretch(
        one.start_s,
        [_bounded(a * b) for a, b in zip(one.ratios, other.ratios, strict=True)],
        [min(CAP, a * b + c) for a, b, c in zip(one.sums, other.ratios, other.sums, strict=True)],
        one.hits + other.hits,
        one.answers + other.answers,
        one.exposure + other.exposure,
    )
