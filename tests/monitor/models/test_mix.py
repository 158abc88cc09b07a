"""The mix of categories, hour against hours."""

from __future__ import annotations

import random

from monitor.models.firing import Firing
from monitor.models.mix import MixWatch
from monitor.settings import DriftSettings
from monitor.types import WHOLE
from tests.support.monitor import START_S

HOUR_S = 3600


def hours(watch: MixWatch, first: int, count: int, weights: dict[str, float], seed: int = 1) -> list[Firing]:
    chance = random.Random(seed)
    found = []
    for hour in range(first, first + count):
        for category in chance.choices(list(weights), list(weights.values()), k=200):
            found += watch.observe([category], START_S + hour * HOUR_S)
    return found


def test_a_mix_that_stays_says_nothing() -> None:
    assert hours(MixWatch(WHOLE, DriftSettings()), 0, 200, {"A": 5, "B": 3, "C": 1}) == []


def test_a_category_that_takes_over_is_named() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    assert hours(watch, 0, 10, {"A": 5, "B": 4, "C": 1}) == []
    found = hours(watch, 10, 2, {"A": 5, "B": 1, "C": 4}, seed=2)
    assert {"B", "C"} <= {firing.about["category"] for firing in found}
    grown = next(firing for firing in found if firing.about["category"] == "C")
    assert grown.is_rise
    assert grown.chance < 1e-6
    assert grown.end_s - grown.start_s == HOUR_S


def test_few_incidents_say_nothing() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    for hour in range(20):
        for _ in range(5):
            assert watch.observe(["A" if hour < 10 else "B"], START_S + hour * HOUR_S) == []


def test_categories_are_bounded() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    for number in range(1000):
        watch.observe([f"C{number}"], START_S)
    watch.observe(["A"], START_S + HOUR_S)
    assert len(watch._reference) <= 100
