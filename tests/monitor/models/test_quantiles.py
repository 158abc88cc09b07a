"""Quantiles of latency, and a median that jumps."""

from __future__ import annotations

import random

import pytest

from monitor.models.quantiles import QuantileWatch
from monitor.snapshots import dump
from monitor.types import WHOLE, Signal


def test_quantiles_are_near_the_true_ones() -> None:
    chance, watch = random.Random(1), QuantileWatch(WHOLE, Signal.LATENCY)
    assert watch.values() == {}
    for _ in range(10_000):
        watch.observe([chance.uniform(0, 100)], [0.0])
    assert watch.values() == pytest.approx({0.5: 50, 0.95: 95, 0.99: 99}, rel=0.05)
    assert set(watch.named_values()) == {"p50", "p95", "p99"}


def test_a_median_that_jumps_is_told_and_a_few_slow_answers_are_not() -> None:
    chance, watch = random.Random(2), QuantileWatch(WHOLE, Signal.LATENCY)
    for _ in range(20_000):
        assert watch.observe([chance.expovariate(0.1) * (50 if chance.random() < 0.01 else 1)], [0.0]) == []
    found = [firing for _ in range(400) for firing in watch.observe([chance.expovariate(0.001)], [1.0])]
    assert found
    assert found[0].observed > 5 * (found[0].expected or 0)


def test_values_that_are_told_together_leave_nothing_else_than_those_that_are_not() -> None:
    chance = random.Random(3)
    one, other = QuantileWatch(WHOLE, Signal.HELD), QuantileWatch(WHOLE, Signal.HELD)
    for _ in range(100):
        values = [chance.expovariate(0.1) for _ in range(chance.randint(1, one.room))]
        found = one.observe(values, [0.0] * len(values))
        assert [firing for value in values for firing in other.observe([value], [0.0])] == found
    assert one.values() == other.values()
    assert dump(one) == dump(other)
