"""The first days of a service whose incidents follow the hour: how often a share's tests fire, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.monitor.streams import generator, median_interval
from benchmarks.report import Table
from monitor.models.changes import ShareWatch
from monitor.settings import DriftSettings
from monitor.types import WHOLE, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_S: Final = 86_400.0
DAYS: Final = 6
RATE: Final = 0.02
SWINGS: Final = (0.0, 0.5, 0.8)
"""How far the rate goes above and below its mean within a day."""
VOLUMES: Final = (10_000, 50_000)
"""Answers a day."""
STEP_DAY: Final = 1.6
STEP: Final = 3.0
"""When a rate rises for good, and by how much, in the last column: on the second day, when it falls by the hour."""


def firings(swing: float, a_day: int, run: int, step: float = 1.0) -> Iterator[float]:
    """Yield the day, and its part, of each firing of a share's tests; the rate is `step` times as high at last."""
    chance = generator(run, a_day, round(10 * swing), round(step), 8)
    days = np.arange(DAYS * a_day) / a_day
    start = float(chance.random())
    rates = RATE * (1 + swing * np.sin(2 * np.pi * (days + start))) * np.where(days >= STEP_DAY, step, 1.0)
    watch = ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings())
    for day, is_hit in zip(days.tolist(), (chance.random(len(days)) < rates).tolist(), strict=True):
        if watch.observe(is_hit, (day + start) * DAY_S):
            yield day


def by_day(swing: float, a_day: int, runs: int) -> list[float]:
    """Return the mean number of firings on the first day, the second, the third, and on those that follow."""
    counts = np.zeros(4)
    for run in range(runs):
        for day in firings(swing, a_day, run):
            counts[min(3, int(day))] += 1
    return [float(count) / runs for count in counts]


def delay(swing: float, a_day: int, runs: int) -> str:
    """Return how many answers a rise on the second day takes to be seen."""
    seen = []
    for run in range(runs):
        later = (day for day in firings(swing, a_day, run, STEP) if day >= STEP_DAY)
        first = next(later, None)
        if first is not None:
            seen.append(a_day * (first - STEP_DAY))
    missed = f", {runs - len(seen)} of {runs} missed" if len(seen) < runs else ""
    return (f"{median_interval(seen)[0]:,.0f}" if seen else "-") + missed


def table(runs: int) -> Table:
    """Measure every swing at every volume."""
    rows = [
        (
            f"+-{swing:.0%}, {a_day:,} a day",
            *(f"{count:.1f}" for count in by_day(swing, a_day, runs)),
            delay(swing, a_day, runs),
        )
        for swing in SWINGS
        for a_day in VOLUMES
    ]
    return Table(
        "The first days of a daily rhythm",
        ("a share of 2 %", "day 1", "day 2", "day 3", f"days 4 to {DAYS}", "a rise by three, answers"),
        rows,
        f"Firings of the tests of one share in one slice, mean of {runs} runs that begin at a random hour; nothing "
        f"changes but the hour. The last column: the rate is three times as high from day {STEP_DAY} on; answers "
        "from there to the first firing, median.",
    )
