"""How incidents spread over categories: an hour against the hours before.

An answer counts in the hour that its own time names. An hour stays open until the watermark has passed its end, so
what is said of it does not depend on the order in which its answers came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.models.firing import Firing
from monitor.models.intervals import chi_square_tail, discoveries
from monitor.types import Level, Signal

if TYPE_CHECKING:
    from monitor.settings import DriftSettings
    from monitor.types import Slice

HOUR_S: Final = 3600.0
MIN_COUNT: Final = 50
"""Incidents of an hour, and of its reference, below which nothing is said."""
MEMORY: Final = 24.0
"""Hours that the reference looks back over."""
MAX_CATEGORIES: Final = 100
"""Categories told apart in an hour, and in the reference; the others are one beside them."""
REST: Final = "~other"


class MixWatch:
    """The categories of one slice's incidents."""

    def __init__(self, place: Slice, settings: DriftSettings) -> None:
        self._slice = place
        self._rate = settings.false_discovery_rate
        self._floor = settings.mix_floor
        self._hours: dict[int, dict[str, int]] = {}
        """By hour that is open, how often each category was seen. Two at most: the newest, and the one before."""
        self._first = 0
        """The first hour that is open, were anything seen in it."""
        self._reference: dict[str, float] = {}

    def observe(self, categories: list[str], time_s: float) -> list[Firing]:
        """Learn from an answer with incidents. One of an hour that is closed is of what was before."""
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

    def _closed(self, first: int) -> list[Firing]:
        """Compare the hours before `first` in their order, and fold them into the reference."""
        self._first = max(self._first, first)
        found: list[Firing] = []
        for hour in sorted(one for one in self._hours if one < self._first):
            counts = self._hours.pop(hour)
            found += self._compared(counts, hour)
            self._fold(counts)
        return found

    def _compared(self, counts: dict[str, int], hour: int) -> list[Firing]:
        reference: dict[str, float] = {}
        for name, value in self._reference.items():
            known = name if name in counts or REST not in counts else REST  # what the hour does not tell apart
            reference[known] = reference.get(known, 0.0) + value
        now, before = sum(counts.values()), sum(reference.values())
        if now < MIN_COUNT or before < MIN_COUNT:
            return []
        return self._moved(counts, now, reference, before, hour)

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

    def _moved(
        self, counts: dict[str, int], now: int, reference: dict[str, float], before: float, hour: int
    ) -> list[Firing]:
        """Return the categories whose share moved by more than chance and the floor allow."""
        shares = {
            name: (counts.get(name, 0) / now, reference.get(name, 0.0) / before)
            for name in sorted({*counts, *reference})
        }
        chances = {name: _two_by_two(counts.get(name, 0), now, reference.get(name, 0.0), before) for name in shares}
        return [
            Firing(
                slice=self._slice,
                signal=Signal.MIX,
                detector="chi_square",
                level=Level.TICKET,
                chance=chances[name],
                observed=shares[name][0],
                expected=shares[name][1],
                evidence={
                    "count": float(counts.get(name, 0)),
                    "hour": float(now),
                    "reference_count": reference.get(name, 0.0),
                    "reference": before,
                    "chance": chances[name],
                },
                start_s=hour * HOUR_S,
                end_s=(hour + 1) * HOUR_S,
                events=now,
                about={"category": name},
            )
            for name in discoveries(chances, self._rate)
            if abs(shares[name][0] - shares[name][1]) >= self._floor
        ]


def _add(counts: dict[str, int], name: str) -> None:
    """Count a category. Of too many, the first of the alphabet are told apart: that depends on no order."""
    if name not in counts and name != REST and len(counts) - (REST in counts) >= MAX_CATEGORIES:
        last = max(one for one in counts if one != REST)
        if name < last:
            counts[REST] = counts.get(REST, 0) + counts.pop(last)
        else:
            name = REST
    counts[name] = counts.get(name, 0) + 1


def _two_by_two(count: float, total: float, other: float, other_total: float) -> float:
    """Return the chance that two shares differ so much: chi-square with one degree of freedom."""
    pooled = (count + other) / (total + other_total)
    if pooled <= 0 or pooled >= 1:
        return 1.0
    difference = count / total - other / other_total
    variance = pooled * (1 - pooled) * (1 / total + 1 / other_total)
    return chi_square_tail(difference * difference / variance, 1)
