"""Answers that come late: how many of after a change the tests need, beside the same answers in order (F6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.monitor.contenders import EVENTS_PER_FALSE_ALARM
from benchmarks.monitor.delays import CHANGES
from benchmarks.monitor.optimum import height_for, steps
from benchmarks.monitor.streams import generator, median_interval
from benchmarks.report import Table
from monitor.models.changes import ShareWatch
from monitor.settings import DriftSettings
from monitor.types import WHOLE, Signal

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

BEFORE: Final = 20_000
AFTER: Final = 16_000
"""Answers before the change, and after it."""
PER_S: Final = 10.0
LATE_S: Final = 600.0
BLOCK: Final = 2000
ORDERS: Final = ("in order", "up to 10 minutes late", "shuffled in blocks of 2,000")


@dataclass(frozen=True, slots=True)
class Needed:
    """What one run needed; a change that is not seen needs all there is."""

    answers: float
    """Of after the change, that had come in at the alarm."""
    seconds: float
    """From the change to the alarm."""
    is_false: bool
    """There was an alarm before the change."""


def come_in(chance: Generator, order: str) -> NDArray[np.float64]:
    """Return when each answer comes in; blocks come at their ends. The change is in the middle of one."""
    own = np.arange(BEFORE + AFTER) / PER_S
    if order == ORDERS[1]:
        return own + chance.uniform(0, LATE_S, len(own))
    if order == ORDERS[2]:
        for start in range(BLOCK // 2, len(own), BLOCK):
            own[start : start + BLOCK] = BLOCK / PER_S + chance.permutation(own[start : start + BLOCK])
    return own


def needed(before: float, after: float, order: str, run: int) -> Needed:
    """Return what the monitor's tests of a share need in one run: the answers are the same in every order."""
    chance = generator(run, 7).random(BEFORE + AFTER)
    hits = chance < np.where(np.arange(BEFORE + AFTER) < BEFORE, before, after)
    when_s = come_in(generator(run, 8), order)
    watch, seen, is_false = ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings()), 0, False
    for number in np.argsort(when_s, kind="stable").tolist():
        seen += number >= BEFORE
        if watch.observe(bool(hits[number]), number / PER_S):
            if seen:
                return Needed(seen, when_s[number] - BEFORE / PER_S, is_false)
            is_false = True
    return Needed(AFTER, AFTER / PER_S, is_false)


def table(runs: int) -> Table:
    """Compare the orders."""
    rows = []
    for before, after in CHANGES:
        cells, base, false = [], 0.0, 0
        for order in ORDERS:
            found = [needed(before, after, order, run) for run in range(runs)]
            middle, low, high = median_interval([one.answers for one in found])
            seconds, _, _ = median_interval([one.seconds for one in found])
            base = base or middle
            false += sum(one.is_false for one in found)
            cells.append(f"{middle:,.0f} ({low:,.0f}-{high:,.0f}), {middle / base:.2f}x, {seconds:,.0f} s")
        rows.append((f"{100 * before:g} to {100 * after:g} %", *cells, str(false)))
    return Table(
        "F6: answers that do not come in their order",
        ("change", *ORDERS, "false alarms"),
        rows,
        "Median answers of after the change that had come in at the alarm, with its 95 % interval, its ratio to "
        "the answers in order, and the seconds from the change to the alarm; "
        f"{runs} runs, {PER_S:g} answers a second, {BEFORE:,} before the change. "
        "When answers are up to 10 minutes late, a hundred of after a change take "
        "110 s to come in, and no test can see them before. A block comes in at its end; the change is amid "
        "one.",
    )


def optimum_needs(before: float, after: float, order: str, run: int) -> Needed:
    """Return what the CUSUM that knows both rates needs, with all that has come in sorted by its own time.

    Its level is looked at after each hit that comes in: only a hit can raise it over its height.
    """
    hits = generator(run, 7).random(BEFORE + AFTER) < np.where(np.arange(BEFORE + AFTER) < BEFORE, before, after)
    when_s = come_in(generator(run, 8), order)
    up, _ = steps(before, after)
    height = height_for(before, after, EVENTS_PER_FALSE_ALARM)
    arrived = np.argsort(when_s, kind="stable")
    worth, known = np.zeros(BEFORE + AFTER, dtype=np.int64), 0
    is_false = False
    for place in np.flatnonzero(hits[arrived]).tolist():
        new = arrived[known : place + 1]
        worth[new], known = np.where(hits[new], up, -1), place + 1
        sums = np.cumsum(worth)
        if sums[-1] - min(0, int(sums.min())) > height:
            seen = int((arrived[:known] >= BEFORE).sum())
            if seen:
                return Needed(seen, float(when_s[arrived[place]]) - BEFORE / PER_S, is_false)
            is_false = True
    return Needed(AFTER, AFTER / PER_S, is_false)


def optimum_table(runs: int) -> Table:
    """Compare the orders for the optimum: what an order costs whoever tests."""
    rows = []
    for before, after in CHANGES:
        cells, base, false = [], 0.0, 0
        for order in ORDERS:
            found = [optimum_needs(before, after, order, run) for run in range(runs)]
            middle, low, high = median_interval([one.answers for one in found])
            base = base or middle
            false += sum(one.is_false for one in found)
            cells.append(f"{middle:,.0f} ({low:,.0f}-{high:,.0f}), {middle / base:.2f}x")
        rows.append((f"{100 * before:g} to {100 * after:g} %", *cells, str(false)))
    return Table(
        "F6: the optimum on the same answers, in the same orders",
        ("change", *ORDERS, "runs with a false alarm"),
        rows,
        "The CUSUM that is told both rates, with what has come in sorted by its own time at every answer; its "
        f"height is that for one false alarm in {EVENTS_PER_FALSE_ALARM:,.0f} answers that come in order, and is "
        "not raised for answers that do not, so that its delays there are, if anything, too short. "
        "Its ratio is what an order costs whoever tests; what is above that in the table before comes from our "
        "tests.",
    )
