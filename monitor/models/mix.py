"""How incidents spread over categories: the last hours against those before them.

An answer counts in the hour that its own time names. An hour stays open until the watermark has passed its end, so
what is said of it does not depend on the order in which its answers came.

Each hour that closes ends windows of 1, 2, 4 and 8 hours: a change too small for one hour shows in several (window-
limited tests: Lai, Journal of the Royal Statistical Society B 57, 1995, 613-658). Every look spends a chance of its
own, by the answers that it adds: all looks together have as many false alarms by answers as the tests of rates
have. And what an hour may differ by is learned: where incidents come in conversations, or hours have their own mix,
they differ by more than independent ones would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.models.dispersion import Dispersion
from monitor.models.firing import Firing
from monitor.models.intervals import discoveries, log_shares_differ, log_widened, two_sample_chi_square
from monitor.types import Level, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.settings import DriftSettings
    from monitor.types import Slice

HOUR_S: Final = 3600.0
WINDOWS: Final = (1, 2, 4, 8)
"""Hours that are taken together; the shortest that shows a change best tells it."""
MIN_COUNT: Final = 50
"""Incidents of a window, and of its reference, below which nothing is said."""
MEMORY: Final = 24.0
"""Hours that the reference looks back over."""
MAX_CATEGORIES: Final = 100
"""Categories told apart in an hour, and in the reference; the others are one beside them."""
REST: Final = "~other"
SLICES: Final = 200
"""Slices among which the desk must believe what fires: the watch starts anew then, and says it no more."""
SPREAD_MIN: Final = 10
"""Incidents of an hour that says something of the dispersion."""
SPREAD_CAP: Final = 5.0
"""Most that one hour says of it, as a multiple of what is known: a change is no dispersion."""


@dataclass(frozen=True, slots=True)
class _Window:
    """Some hours, and what was before them, over the categories that all of them tell apart."""

    hours: int
    counts: dict[str, float]
    reference: dict[str, float]
    now: float
    """Sum of the counts ..."""
    before: float
    """... and of the reference."""

    def shares(self, name: str) -> tuple[float, float]:
        """Return the share of a category in the window and before it."""
        return self.counts.get(name, 0.0) / self.now, self.reference.get(name, 0.0) / self.before

    def moved(self, name: str) -> float:
        """Return by how much the share of a category moved, up or down."""
        share, other = self.shares(name)
        return abs(share - other)

    def log_chance(self, name: str, dispersion: float) -> float:
        """Return the logarithm of the chance that it moves so far."""
        counts, reference = self.counts.get(name, 0.0), self.reference.get(name, 0.0)
        return log_widened(log_shares_differ(counts, self.now, reference, self.before), dispersion)


class MixWatch:
    """The categories of one slice's incidents."""

    def __init__(self, place: Slice, settings: DriftSettings) -> None:
        self._slice = place
        self._events = settings.events_per_false_alarm
        self._highest = settings.false_discovery_rate / SLICES
        self._floor = settings.mix_floor
        self._hours: dict[int, dict[str, int]] = {}
        """By hour that is open, how often each category was seen. Two at most: the newest, and the one before."""
        self._answers: dict[int, int] = {}
        """Answers of the same hours, with incidents or without."""
        self._first = 0
        """The first hour that is open, were anything seen in it."""
        self._recent: dict[int, dict[str, int]] = {}
        """Hours that are closed and may be in a window, the oldest first."""
        self._reference: dict[str, float] = {}
        """What was before them."""
        self._spread = Dispersion(SPREAD_CAP)
        """Of hours against what was before each."""

    def count(self, times_s: list[float]) -> None:
        """Learn from answers without incidents."""
        for time_s in times_s:
            hour = int(time_s // HOUR_S)
            if hour >= self._first:
                self._answers[hour] = self._answers.get(hour, 0) + 1

    def observe(self, categories: list[str], time_s: float) -> list[Firing]:
        """Learn from an answer and its incidents. One of an hour that is closed is of what was before."""
        self.count([time_s])
        if not categories:
            return []
        hour = int(time_s // HOUR_S)
        if hour < self._first:
            for category in categories:
                is_told = category in self._reference or len(self._reference) < MAX_CATEGORIES
                name = category if is_told else REST
                self._reference[name] = self._reference.get(name, 0.0) + 1.0
            return []
        counts = self._hours.setdefault(hour, {})
        for category in categories:
            _add(counts, category)
        return self._closed(hour - 1)

    def settle(self, watermark_s: float) -> list[Firing]:
        """Judge the hours that are whole: no answer of before the watermark is to come."""
        return self._closed(int(watermark_s // HOUR_S))

    @property
    def dispersion(self) -> float:
        """How many times as much hours vary as independent incidents would make them; 1 at least."""
        return self._spread.value

    def _closed(self, first: int) -> list[Firing]:
        """Judge the hours before `first` in their order."""
        if first <= self._first:
            return []
        self._first = first
        found: list[Firing] = []
        for hour in sorted(one for one in self._hours if one < first):
            found += self._judged(hour)
        self._answers = {hour: count for hour, count in self._answers.items() if hour >= first}
        return found

    def _judged(self, hour: int) -> list[Firing]:
        """Compare the windows that an hour ends with what was before each."""
        for old in [one for one in self._recent if one <= hour - WINDOWS[-1]]:
            self._fold(self._recent.pop(old))
        self._recent[hour] = self._hours.pop(hour)
        windows = [self._window(hour, hours) for hours in WINDOWS]
        found = self._moved([one for one in windows if min(one.now, one.before) >= MIN_COUNT], hour)
        self._learn_spread(windows[0])
        if found:
            self._restart(min(one.start_s for one in found))
        return found

    def _window(self, hour: int, hours: int) -> _Window:
        inside = [counts for one, counts in self._recent.items() if one > hour - hours]
        before = [counts for one, counts in self._recent.items() if one <= hour - hours]
        lumped = [counts for counts in (*inside, *before) if REST in counts]
        counts, reference = _summed(inside, lumped), _summed([self._reference, *before], lumped)
        return _Window(hours, counts, reference, sum(counts.values()), sum(reference.values()))

    def _moved(self, windows: list[_Window], hour: int) -> list[Firing]:
        """Return the categories whose share moved by more than chance and the floor allow."""
        names = sorted({name for one in windows for name in (*one.counts, *one.reference)})
        dispersion, best = self.dispersion, dict.fromkeys(names, (0.0, 0))
        for place, window in enumerate(windows):
            for name in names:
                if window.moved(name) >= self._floor:
                    best[name] = min(best[name], (window.log_chance(name, dispersion), place))
        chances = {name: min(1.0, len(WINDOWS) * math.exp(log)) for name, (log, _) in best.items()}
        level = min(self._highest, self._answers.get(hour, 0) / self._events)
        return [
            self._firing(name, windows[best[name][1]], min(1.0, len(names) * chances[name]), hour)
            for name in discoveries(chances, level)
        ]

    def _firing(self, name: str, window: _Window, chance: float, hour: int) -> Firing:
        share, other = window.shares(name)
        return Firing(
            slice=self._slice,
            signal=Signal.MIX,
            detector="fisher",
            level=Level.TICKET,
            chance=chance,
            observed=share,
            expected=other,
            evidence={
                "count": window.counts.get(name, 0.0),
                "incidents": window.now,
                "reference_count": window.reference.get(name, 0.0),
                "reference": window.before,
                "hours": float(window.hours),
                "dispersion": self.dispersion,
            },
            start_s=(hour + 1 - window.hours) * HOUR_S,
            end_s=(hour + 1) * HOUR_S,
            events=int(window.now),
            about={"category": name},
        )

    def _restart(self, start_s: float) -> None:
        """Forget what was normal before a change: it is not normal after it."""
        since = [counts for hour, counts in self._recent.items() if hour * HOUR_S >= start_s]
        self._reference, self._recent = {}, {}
        for counts in since:
            self._fold(counts)

    def _learn_spread(self, hour: _Window) -> None:
        """Learn by how much an hour may differ from those before it."""
        if hour.now < SPREAD_MIN or hour.before < MIN_COUNT:
            return
        self._spread.learn(*two_sample_chi_square(hour.counts, hour.reference))

    def _fold(self, counts: dict[str, int]) -> None:
        """Let the reference fade, and add an hour; the most frequent categories have a place of their own."""
        faded = {name: value * (1 - 1 / MEMORY) for name, value in self._reference.items() if value > 0.5}  # noqa: PLR2004 - below, a category is forgotten
        for name, count in counts.items():
            faded[name] = faded.get(name, 0.0) + count
        rest = faded.pop(REST, 0.0)
        order = sorted(faded, key=lambda name: (-faded[name], name))
        rest += sum(faded[name] for name in order[MAX_CATEGORIES:])
        self._reference = {name: faded[name] for name in sorted(order[:MAX_CATEGORIES])}
        if rest:
            self._reference[REST] = rest


def _summed(parts: Iterable[Mapping[str, float]], lumped: list[dict[str, int]]) -> dict[str, float]:
    """Add counts up; what an hour that lumps categories together does not tell apart is lumped in all."""
    total: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            known = name if all(name in one for one in lumped) else REST
            total[known] = total.get(known, 0.0) + value
    return dict(sorted(total.items()))  # sums of it depend on no order


def _add(counts: dict[str, int], name: str) -> None:
    """Count a category. Of too many, the first of the alphabet are told apart: that depends on no order."""
    if name not in counts and name != REST and len(counts) - (REST in counts) >= MAX_CATEGORIES:
        last = max(one for one in counts if one != REST)
        if name < last:
            counts[REST] = counts.get(REST, 0) + counts.pop(last)
        else:
            name = REST
    counts[name] = counts.get(name, 0) + 1
