"""One category of incidents. Only answers that have it cost anything: the others are those of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.models.buckets import COLUMNS, RESPONSES, Buckets
from monitor.models.changes import ShareWatch
from monitor.models.generation import shadowed
from monitor.models.rating import rates_of
from monitor.types import Point, Signal, SliceInfo

if TYPE_CHECKING:
    from monitor.models.firing import Firing
    from monitor.settings import MonitorSettings
    from monitor.types import Rate, Slice


class CategoryWatch:
    """The incidents of one category among all answers."""

    def __init__(self, place: Slice, since_s: float, answers: int, settings: MonitorSettings) -> None:
        """`answers`: how many answers of the whole there had been before."""
        self._slice = place
        self._since_s = since_s
        self._seen_s = since_s
        self._hits = 0
        self._position = answers
        self._buckets = Buckets()
        self._share = ShareWatch(place, Signal.INCIDENTS, settings.drift, adwin=False)
        self._before: ShareWatch | None = None
        self._before_until_s = 0.0

    def learn(self, signals: list[Signal], time_s: float, answers: int, *, is_echo: bool) -> list[Firing]:
        """Learn from an answer that has it, the last of `answers` of the whole."""
        self._hits += 1
        self._seen_s = max(self._seen_s, time_s)
        self._buckets.add(time_s, [RESPONSES, *[COLUMNS[signal] for signal in signals]])
        if is_echo:
            return []
        gap = max(0, answers - self._position - 1)
        self._position = answers
        self._share.skip(gap)
        found = self._share.observe(is_hit=True, time_s=time_s)
        if self._before is not None:
            self._before.skip(gap)
            found += [shadowed(one) for one in self._before.observe(is_hit=True, time_s=time_s)]
            self._before = None if time_s >= self._before_until_s else self._before
        return found

    def renew(self, now_s: float, settings: MonitorSettings) -> None:
        """Begin a new detector, for a policy that changed; that of before goes on beside it for a while."""
        self._before, self._before_until_s = self._share, now_s + settings.drift.shadow_s
        self._share = ShareWatch(self._slice, Signal.INCIDENTS, settings.drift, adwin=False)

    def info(self) -> SliceInfo:
        """Return what the slice is; its answers are those that have the category."""
        return SliceInfo(self._slice, self._hits, self._since_s, self._seen_s)

    def rates(self, now_s: float, whole: Buckets) -> list[Rate]:
        """Return each signal's rate over each window, among all answers."""
        return rates_of(self._slice, self._buckets, whole, now_s)

    def series(self, now_s: float, seconds: int, signal: Signal) -> list[Point]:
        """Return the buckets of a window; their answers are those that have the category."""
        return [Point(*bucket) for bucket in self._buckets.series(now_s, seconds, signal)]
