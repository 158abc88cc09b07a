"""False alarms where nothing changes: 200 slices with rates from 0.2 to 20 %."""

from __future__ import annotations

from typing import Final

from benchmarks.monitor.contenders import EVENTS_PER_FALSE_ALARM, Contender, Monitor
from benchmarks.monitor.delays import ALONE_SHARE, mixture_feed
from benchmarks.monitor.streams import gaps, generator, poisson_interval, steady
from benchmarks.report import Table
from monitor.models.ratemix import MARGIN, RateMixture

SLICES: Final = 200
LOW, HIGH = 0.002, 0.2


def rates(count: int = SLICES) -> list[float]:
    """Return rates from 0.2 to 20 %, evenly on a logarithmic scale."""
    return [LOW * (HIGH / LOW) ** (place / (count - 1)) for place in range(count)]


def monitored(answers: int, seed: int) -> tuple[int, int]:
    """Return false alarms and answers of the monitor's tests in 200 slices with `answers` each."""
    alarms = 0
    for place, rate in enumerate(rates()):
        party: Contender = Monitor()
        for is_hit in steady(generator(seed, place, 5), rate, answers).tolist():
            alarms += party.take(is_hit)
    return alarms, answers * SLICES


def mixed(answers: int, seed: int, limit: float) -> tuple[int, int]:
    """Return the same for the mixture alone with a limit, which may skip what is no hit."""
    alarms = 0
    for place, rate in enumerate(rates()):
        mixture = RateMixture(limit / MARGIN)
        left = answers
        for part in range(8):
            fired = mixture_feed(mixture, gaps(generator(seed, place, 6, part), rate, left), left, answers - left)
            if fired is None:
                break
            alarms += 1
            left -= fired
            mixture.restart()
    return alarms, answers * SLICES


def table(answers: int, mixture_answers: int) -> Table:
    """Measure both."""
    rows = []
    measured = {
        "the monitor's tests (mixture, ADWIN 0.002, ADWIN 0.0001)": monitored(answers, 1),
        "the mixture with the limit it has in the monitor": mixed(
            mixture_answers, 2, MARGIN * EVENTS_PER_FALSE_ALARM
        ),
        "the mixture with the limit of the comparison above": mixed(
            mixture_answers, 3, ALONE_SHARE * EVENTS_PER_FALSE_ALARM
        ),
    }
    for name, (alarms, total) in measured.items():
        low, high = poisson_interval(alarms, total)
        per_ten_million = f"{1e7 * alarms / total:.2f} ({10 * low:.2f}-{10 * high:.2f})"
        rows.append((name, f"{total:,}", str(alarms), f"{alarms * 1e6 / total:.3f}", per_ten_million))
    return Table(
        "False alarms where nothing changes",
        ("party", "answers", "false alarms", "a million", "in ten million, with 95 % interval"),
        rows,
        f"{SLICES} slices with rates from {100 * LOW:g} to {100 * HIGH:g} %, each learning from nothing. The desk "
        "behind the tests, which leaves out what chance explains among so many slices, is not in it.",
    )
