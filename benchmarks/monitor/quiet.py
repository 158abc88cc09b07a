"""The whole engine where nothing changes, by detector; how soon it tells a change of mix, scores, lengths."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.monitor.lifelike import conversations
from benchmarks.monitor.streams import generator, median_interval, poisson_interval
from benchmarks.monitor.traffic import CATEGORIES, START_S, Fleet, answers
from benchmarks.report import Table
from monitor.engine import Engine
from monitor.models.intervals import discoveries
from monitor.models.mix import MixWatch
from monitor.settings import DriftSettings, MonitorSettings
from monitor.types import Activity, Dimension, Level, Signal, Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from monitor.models.firing import Firing
    from monitor.records import ExchangeRecord

NO_BUDGETS: Final = MonitorSettings(budgets=())
"""Budgets fire by what they are set to and not by change."""
WORKERS: Final = 2
DAY: Final = 24
"""Hours in which the dispersion is not known yet."""
LEARN: Final = 16_000
"""Answers before a change; at one a second, four hours and a half."""
AFTER: Final = 24_000
"""Answers after it; a change that is not told in them is missed."""
RATE: Final = 0.1
"""Share with an incident where the mix changes: 360 an hour."""


@dataclasses.dataclass(frozen=True, slots=True)
class Calm:
    """Traffic in which nothing changes."""

    name: str
    per_s: float
    rate: float
    part: float
    """Its part of all answers."""
    is_lifelike: bool = False

    def records(self, count: int, seed: int) -> Iterator[ExchangeRecord]:
        """Yield answers."""
        fleet = Fleet(per_s=self.per_s)
        if self.is_lifelike:
            return conversations(fleet, count, self.rate, seed)
        return answers(fleet, count, lambda _: self.rate, seed)


CALMS: Final = (
    Calm("even, 10 a second, 2 %", 10.0, 0.02, 0.25),
    Calm("even, 1 a second, 2 %", 1.0, 0.02, 0.15),
    Calm("even, 1 a second, 10 %", 1.0, 0.1, 0.1),
    Calm("conversations, 10 a second, 2 %", 10.0, 0.02, 0.25, is_lifelike=True),
    Calm("conversations, 1 a second, 5 %", 1.0, 0.05, 0.25, is_lifelike=True),
)


def calm_run(calm: Calm, count: int, seed: int) -> Counter[str]:
    """Return alarms above info by signal and detector, and as `explained` those that another one explains."""
    engine, told = Engine(NO_BUDGETS), {}
    for record in calm.records(count, seed):
        for alarm in engine.receive(record, max(record.time_s, engine.now_s)):
            is_new = alarm.activity is Activity.CREATE and alarm.level is not Level.INFO
            if is_new or (alarm.alarm_id in told and alarm.explained_by):
                told[alarm.alarm_id] = alarm
    found = Counter(f"{alarm.signal}, {alarm.detector}" for alarm in told.values() if not alarm.explained_by)
    found["explained"] = sum(bool(alarm.explained_by) for alarm in told.values())
    return found


def calm_table(total: int, runs: int) -> Table:
    """Count the alarms of each kind of traffic, in `runs` engines each."""
    tasks = [(calm, int(total * calm.part / runs), run) for calm in CALMS for run in range(runs)]
    with ProcessPoolExecutor(WORKERS) as pool:
        counted = list(pool.map(calm_run, *zip(*tasks, strict=True)))
    rows, every, answered = [], Counter[str](), 0
    for calm in CALMS:
        found, seen = Counter[str](), 0
        for (one, count, _), counts in zip(tasks, counted, strict=True):
            if one is calm:
                found, seen = found + counts, seen + count
        every, answered = every + found, answered + seen
        rows.append(_row(calm.name, seen, found))
    rows.append(_row("all", answered, every))
    return Table(
        "The whole engine where nothing changes",
        ("traffic", "answers", "alarms", "which", "explained by them", "a million, with 95 % interval"),
        rows,
        f"{runs} engines each, with every detector of every slice and the desk; no budgets; advice (level info) is "
        "not counted, nor are alarms that another one came to explain, which have a column of their own. "
        "In `even` traffic each answer is drawn by itself; in `conversations` a tenant asks several times within "
        "minutes, incidents come together, tenants have habits, and scores, lengths and latencies heavy tails.",
    )


def _row(name: str, answered: int, found: Counter[str]) -> tuple[str, ...]:
    own = Counter({kind: count for kind, count in found.items() if kind != "explained"})
    alarms = own.total()
    low, high = poisson_interval(alarms, answered)
    which = "; ".join(f"{kind}: {count}" for kind, count in sorted(own.items())) or "-"
    rate = f"{1e6 * alarms / answered:.2f} ({low:.2f}-{high:.2f})"
    return name, f"{answered:,}", str(alarms), which, str(found["explained"]), rate


@dataclasses.dataclass(frozen=True, slots=True)
class Mixes:
    """Hours of incidents, counted by category in each slice of a fleet."""

    name: str
    per_s: float
    rate: float
    weights: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2, 0.2)
    dispersion: float = 1.0
    """How many times as much hours vary as independent incidents would make them."""

    def draw(self, chance: Generator, mean: float) -> NDArray[np.int64]:
        """Return an hour's incidents by category: a Dirichlet mix of its own where hours differ by themselves."""
        count = int(chance.poisson(mean))
        if self.dispersion == 1.0 or count <= self.dispersion:
            return chance.multinomial(count, self.weights)
        weight = (count - self.dispersion) / (self.dispersion - 1.0)
        return chance.multinomial(count, chance.dirichlet(weight * np.array(self.weights)))


MIXES: Final = (
    Mixes("10 a second, 2 %, five alike", 10.0, 0.02),
    Mixes("10 a second, 2 %, one rare", 10.0, 0.02, (0.5, 0.25, 0.15, 0.07, 0.03)),
    Mixes("1 a second, 10 %, five alike", 1.0, 0.1),
    Mixes("10 a second, 2 %, hours that vary three times as much", 10.0, 0.02, dispersion=3.0),
)


def slice_shares(fleet: Fleet) -> list[float]:
    """Return the share of the answers of each slice: the whole, models, routes, policies and tenants."""
    wide = [1.0, *(1.0 / count for count in (fleet.models, fleet.routes, fleet.policies) for _ in range(count))]
    edges = np.log(np.arange(1, fleet.tenants + 2)) / np.log(fleet.tenants + 1)
    return [*wide, *np.diff(edges).tolist()]


def mix_alarms(mixes: Mixes, hours: int, seed: int) -> list[int]:
    """Return the hour of each firing of the mix that a desk would believe, over all slices."""
    shares, chance = slice_shares(Fleet()), generator(seed, 11)
    watches = [MixWatch(Slice(Dimension.TENANT, str(place)), DriftSettings()) for place in range(len(shares))]
    alarms: list[int] = []
    for hour in range(hours):
        chances: dict[tuple[int, str] | int, float] = dict.fromkeys(range(len(shares)), 1.0)
        for place, (watch, share) in enumerate(zip(watches, shares, strict=True)):
            answered = round(3600 * mixes.per_s * share)
            counts = mixes.draw(chance, answered * mixes.rate)
            found = hour_of(watch, START_S + 3600.0 * hour, counts.tolist(), answered)
            chances |= {(place, one.about["category"]): one.chance for one in found}
            if found:
                del chances[place]
        alarms += [
            hour for one in discoveries(chances, DriftSettings().false_discovery_rate) if isinstance(one, tuple)
        ]
    return alarms


def hour_of(watch: MixWatch, start_s: float, counts: list[int], answered: int) -> list[Firing]:
    """Give a watch the answers of an hour, and let it judge them."""
    for category, count in zip(CATEGORIES, counts, strict=True):
        for _ in range(count):
            watch.observe([category], start_s)
    for _ in range(answered - sum(counts)):
        watch.observe([], start_s)
    return watch.settle(start_s + 3600.0)


def mix_table(hours: int) -> Table:
    """Count the alarms of the mix alone, over more answers than the whole engine can be given."""
    rows = []
    with ProcessPoolExecutor(WORKERS) as pool:
        counted = list(pool.map(mix_alarms, MIXES, [hours] * len(MIXES), range(len(MIXES))))
    for mixes, alarms in zip(MIXES, counted, strict=True):
        answered = int(3600 * mixes.per_s * hours)
        early = sum(hour < DAY for hour in alarms)
        low, high = poisson_interval(len(alarms), answered)
        rate = f"{1e6 * len(alarms) / answered:.2f} ({low:.2f}-{high:.2f})"
        rows.append((mixes.name, f"{answered:,}", str(len(alarms)), str(early), rate))
    return Table(
        "The mix alone where nothing changes",
        ("incidents by category", "answers", "alarms", "of the first day", "a million, with 95 % interval"),
        rows,
        f"{hours} hours of {len(slice_shares(Fleet()))} slices, each drawn by itself; alarms are firings that "
        "the desk believes among so many slices, a category and an hour each, explained or not.",
    )


def _mixed(record: ExchangeRecord, chance: random.Random) -> ExchangeRecord:
    """Make a quarter of the incidents the first category's: 20 % become 40 %."""
    if not record.categories or chance.random() >= 0.25:
        return record
    first = CATEGORIES[0]
    return dataclasses.replace(record, categories={first: 1}, rules={f"rule-{first}": 1})


def _mixed_in_one(record: ExchangeRecord, chance: random.Random) -> ExchangeRecord:
    return _mixed(record, chance) if record.model == "m0" else record


def _reshaped(record: ExchangeRecord, chance: random.Random) -> ExchangeRecord:
    """Scores of clean answers keep their mean and leave both ends."""
    return record if record.categories else dataclasses.replace(record, score=chance.betavariate(6, 72))


def _longer(record: ExchangeRecord, _: random.Random) -> ExchangeRecord:
    return dataclasses.replace(record, chars=int(1.3 * record.chars))


CHANGES: Final = {
    "mix: one category from 20 to 40 %": (_mixed, Signal.MIX),
    "mix: the same in one of five models": (_mixed_in_one, Signal.MIX),
    "scores: another shape, the same mean": (_reshaped, Signal.SCORES),
    "lengths: 30 % more (advice)": (_longer, Signal.LENGTHS),
}


def delay_run(name: str, seed: int) -> float | None:
    """Return the answers from a change to the first alarm of its signal; None where there was none."""
    change, signal = CHANGES[name]
    chance, engine = random.Random(seed), Engine(NO_BUDGETS)
    for place, record in enumerate(answers(Fleet(per_s=1.0), LEARN + AFTER, lambda _: RATE, seed)):
        arrived = change(record, chance) if place >= LEARN else record
        alarms = engine.receive(arrived, START_S + place)
        created = (one for one in alarms if one.activity is Activity.CREATE and one.signal is signal)
        if place >= LEARN and next(created, None) is not None:
            return float(place - LEARN + 1)
    return None


def delay_table(runs: int) -> Table:
    """Measure how soon each change is told."""
    tasks = [(name, 100 + run) for name in CHANGES for run in range(runs)]
    with ProcessPoolExecutor(WORKERS) as pool:
        found = list(pool.map(delay_run, *zip(*tasks, strict=True)))
    rows = []
    for name in CHANGES:
        seen = [delay for (one, _), delay in zip(tasks, found, strict=True) if one == name]
        told = [delay for delay in seen if delay is not None]
        middle, low, high = median_interval(told) if told else (float("nan"),) * 3
        rows.append((name, f"{middle:,.0f} ({low:,.0f}-{high:,.0f})", str(len(seen) - len(told))))
    return Table(
        "Delay of a change of mix, scores and lengths",
        ("change", "answers from it to the alarm, median", "missed"),
        rows,
        f"{runs} runs, the whole engine, an answer a second, {100 * RATE:g} % with an incident, {LEARN:,} answers "
        "before the change. The mix is judged by the hour, ten minutes after its end: 3,600 answers are an hour.",
    )
