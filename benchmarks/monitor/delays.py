"""How soon a step of the rate is seen, on the same streams: the optimum, the mixture, the monitor, River alone."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Final

from benchmarks.monitor.contenders import ALONE, EVENTS_PER_FALSE_ALARM, SLOW, Contender, Monitor
from benchmarks.monitor.optimum import Optimum
from benchmarks.monitor.streams import gaps, generator, median_interval, steady
from benchmarks.report import Table
from monitor.models.ratemix import MARGIN, RateMixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BEFORE: Final = 100_000
"""Answers before the change: what the monitor learns the rate from."""
PATIENCE: Final = 60_000
"""Answers after it; a change that is not seen in them is missed."""
CHANGES: Final = ((0.002, 0.01), (0.01, 0.02), (0.01, 0.03), (0.01, 0.1))
"""The ones of the promise."""
OTHERS: Final = ((0.01, 0.017), (0.01, 0.025), (0.01, 0.05), (0.05, 0.1))
"""Ones that the grid of ratios was not made for."""


@dataclass(slots=True)
class Delays:
    """What one party needed."""

    seen: list[float]
    missed: int = 0
    false_alarms: int = 0
    answers: int = 0
    """Answers before changes."""


def mixture_feed(mixture: RateMixture, distances: Iterable[int], answers: int, start_s: float = 0.0) -> int | None:
    """Feed a mixture with gaps, an answer a second; return when it fires."""
    place = 0
    for gap in distances:
        place += gap
        mixture.skip(gap - 1)
        mixture.observe(is_hit=True, time_s=start_s + place)
        if mixture.drift_detected:
            return place
    mixture.skip(answers - place)
    return None


def step(before: float, after: float, runs: int, limit: float = EVENTS_PER_FALSE_ALARM) -> tuple[Delays, Delays]:
    """Return the delays of the optimum and of the mixture, over the same streams.

    Both are tuned to one false alarm in `limit` answers. In service the mixture's limit is higher, to leave room
    for the tests beside it.
    """
    optimum, mixed = Delays([]), Delays([])
    best = Optimum(before, after, limit)
    for run in range(runs):
        first = list(gaps(generator(run, 1), before, BEFORE))
        then = list(gaps(generator(run, 2), after, PATIENCE))
        rest = BEFORE - sum(first)
        best.restart()
        if best.feed(first) is None:
            best.idle(rest)
            _note(optimum, best.feed(then))
        else:
            optimum.false_alarms += 1
        mixture = RateMixture(ALONE_SHARE * limit / MARGIN)
        if mixture_feed(mixture, first, BEFORE) is None:
            _note(mixed, mixture_feed(mixture, then, PATIENCE, BEFORE))
        else:
            mixed.false_alarms += 1
    return optimum, mixed


ALONE_SHARE: Final = 0.6
"""A limit of 0.6 A gives one false alarm in A answers (measured in `stationary`)."""


def _note(delays: Delays, seen: int | None) -> None:
    if seen is None:
        delays.missed += 1
    else:
        delays.seen.append(float(seen))


def by_answers(
    make: Callable[[], Contender], before: float, after: float, runs: int, learn: int, patience: int
) -> Delays:
    """Return the delays of a party that must see each answer; after a false alarm it goes on."""
    found = Delays([])
    for run in range(runs):
        party = make()
        for is_hit in steady(generator(run, 3), before, learn).tolist():
            found.false_alarms += party.take(is_hit)
        found.answers += learn
        answers = steady(generator(run, 4), after, patience).tolist()
        _note(found, next((place for place, is_hit in enumerate(answers, 1) if party.take(is_hit)), None))
    return found


def optimum_table(runs: int) -> Table:
    """Compare the mixture with the optimum."""
    rows = []
    for before, after in (*CHANGES, *OTHERS):
        best, ours = step(before, after, runs)
        middle, low, high = median_interval(ours.seen)
        base, base_low, base_high = median_interval(best.seen)
        rows.append(
            (
                f"{100 * before:g} to {100 * after:g} %",
                f"{base:,.0f} ({base_low:,.0f}-{base_high:,.0f})",
                f"{middle:,.0f} ({low:,.0f}-{high:,.0f})",
                f"{middle / base:.2f}x",
                f"{mean(ours.seen) / mean(best.seen):.2f}x",
                str(ours.missed),
            )
        )
    return Table(
        "Delay of the rate mixture beside the optimum",
        ("change", "optimum, median", "mixture, median", "by median", "by mean", "missed"),
        rows,
        f"Answers from the change to the alarm, {runs} runs each on the same streams, 95 % intervals of medians in "
        f"brackets; {BEFORE:,} answers before the change. Both are tuned to one false alarm in "
        f"{EVENTS_PER_FALSE_ALARM:,.0f} answers. The optimum is the CUSUM that is told both rates; the mixture is "
        "told neither. The last four changes had no say in its grid of ratios (1.6, 2.5, 5, 12).",
    )


def alone_table(runs: int) -> Table:
    """Compare the monitor with each of River's detectors alone."""
    parties: dict[str, Callable[[], Contender]] = {"the monitor": Monitor, **ALONE}
    rows = []
    for name, make in parties.items():
        slow = SLOW.get(name, 1)
        learn, patience = max(1000, BEFORE // 2 // slow), max(2000, PATIENCE // 3 // slow)
        count = runs if slow == 1 else max(3, runs // 4)
        cells, alarms, answers = [], 0, 0
        for before, after in CHANGES:
            found = by_answers(make, before, after, count, learn, patience)
            alarms, answers = alarms + found.false_alarms, answers + found.answers
            seen = f"{median_interval(found.seen)[0]:,.0f}" if found.seen else "-"
            cells.append(f"{seen}, {found.missed} of {count} missed" if found.missed else seen)
        rows.append((name, *cells, f"{1e6 * alarms / answers:,.1f}", f"{answers:,}"))
    header = ("party", *(f"{100 * before:g} to {100 * after:g} %" for before, after in CHANGES))
    return Table(
        "Delays of the monitor and of River's detectors alone",
        (*header, "false alarms a million", "answers"),
        rows,
        f"Median answers from the change to the alarm, {runs} runs (a quarter for slow ones), and false alarms in "
        "the stationary answers before. A detector that chatters is quick by chance: read both. The monitor is the "
        "mixture, both ADWINs and the least ratio that counts, at the limits that it has in service.",
    )
