"""How incidents spread over categories: an hour against the hours before."""

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
REST: Final = "~other"


class MixWatch:
    """The categories of one slice's incidents."""

    def __init__(self, place: Slice, settings: DriftSettings) -> None:
        self._slice = place
        self._rate = settings.false_discovery_rate
        self._floor = settings.mix_floor
        self._hour = -1
        self._counts: dict[str, int] = {}
        self._reference: dict[str, float] = {}

    def observe(self, categories: list[str], time_s: float) -> list[Firing]:
        """Learn from an answer with incidents. A late one counts in the hour that goes on."""
        found: list[Firing] = []
        hour = int(time_s // HOUR_S)
        if hour > self._hour:
            found = self._compared(self._hour)
            self._hour = hour
        for category in categories:
            known = category in self._counts or len(self._counts) < MAX_CATEGORIES
            name = category if known else REST
            self._counts[name] = self._counts.get(name, 0) + 1
        return found

    def _compared(self, hour: int) -> list[Firing]:
        counts, self._counts = self._counts, {}
        now, before = sum(counts.values()), sum(self._reference.values())
        found: list[Firing] = []
        if now >= MIN_COUNT and before >= MIN_COUNT:
            found = self._moved(counts, now, before, hour)
        faded = {name: value * (1 - 1 / MEMORY) for name, value in self._reference.items() if value > 0.5}  # noqa: PLR2004 - below, a category is forgotten
        for name in sorted(counts):
            if name in faded or len(faded) < MAX_CATEGORIES:
                faded[name] = faded.get(name, 0.0) + counts[name]
        self._reference = faded
        return found

    def _moved(self, counts: dict[str, int], now: int, before: float, hour: int) -> list[Firing]:
        """Return the categories whose share moved by more than chance and the floor allow."""
        shares = {
            name: (counts.get(name, 0) / now, self._reference.get(name, 0.0) / before)
            for name in sorted({*counts, *self._reference})
        }
        chances = {
            name: _two_by_two(counts.get(name, 0), now, self._reference.get(name, 0.0), before) for name in shares
        }
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
                    "reference_count": self._reference.get(name, 0.0),
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


def _two_by_two(count: float, total: float, other: float, other_total: float) -> float:
    """Return the chance that two shares differ so much: chi-square with one degree of freedom."""
    pooled = (count + other) / (total + other_total)
    if pooled <= 0 or pooled >= 1:
        return 1.0
    difference = count / total - other / other_total
    variance = pooled * (1 - pooled) * (1 / total + 1 / other_total)
    return chi_square_tail(difference * difference / variance, 1)
