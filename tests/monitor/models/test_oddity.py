"""Oddity: after it has learned, a minute unlike all others is told, as advice; the state survives."""

from __future__ import annotations

import random
from typing import Any

from river.anomaly import HalfSpaceTrees
from river.preprocessing import MinMaxScaler

from monitor.models.oddity import HEIGHT, SEED, TREES, WARM_UP, WINDOW, OddityWatch
from monitor.snapshots import dump, load
from monitor.types import WHOLE, Level


def numbers(chance: random.Random) -> dict[str, float]:
    return {name: chance.gauss(10, 1) for name in ("answers", "length", "score")}


def test_an_odd_minute_is_advice_and_most_minutes_are_not_odd() -> None:
    chance, watch = random.Random(1), OddityWatch(WHOLE)
    found = [firing for n in range(4 * WINDOW) for firing in watch.minute(numbers(chance), 60.0 * n, 5)]
    assert len(found) < 2 * WINDOW * 0.05
    odd = [firing for _ in range(3) for firing in watch.minute({"answers": 40, "length": 1, "score": 40}, 0.0, 5)]
    assert odd
    assert {firing.level for firing in odd} == {Level.INFO}


def test_the_last_minute_has_a_score_once_it_can_be_told() -> None:
    chance, watch = random.Random(1), OddityWatch(WHOLE)
    assert watch.last() is None
    for minute in range(WARM_UP + 2):
        watch.minute(numbers(chance), 60.0 * minute, 5)
        last = watch.last()
        assert last is not None
        assert (last.end_s, last.minutes, last.warm_up) == (60.0 * minute, minute + 1, WARM_UP)
        assert (last.score is None) == (last.limit is None) == (minute <= WARM_UP)
    assert last.score is not None
    assert last.limit is not None
    assert 0 < last.score <= 1
    assert last.is_odd == (last.score >= last.limit)


def test_a_restored_one_goes_on_bit_for_bit() -> None:
    chance, one = random.Random(2), OddityWatch(WHOLE)
    for _ in range(300):
        one.minute(numbers(chance), 0.0, 1)
    other = load(dump(one))
    again = random.Random(3)
    for _ in range(300):
        minute = numbers(again)
        assert one.minute(minute, 0.0, 1) == other.minute(minute, 0.0, 1)
    assert dump(one) == dump(other)


def test_trees_are_those_that_river_plants() -> None:
    watch, own = OddityWatch(WHOLE), HalfSpaceTrees(n_trees=TREES, height=HEIGHT, window_size=WINDOW, seed=SEED)
    chance, scaler = random.Random(2), MinMaxScaler()
    for number in range(WINDOW // 2):
        minute = numbers(chance)
        scaler.learn_one(minute)
        watch.minute(minute, 60.0 * number, 1)
        own.learn_one(scaler.transform_one(minute))
    planted: Any = watch._trees.anomaly_detector
    nodes, others = ([vars(node) for tree in trees.trees for node in tree.iter_dfs()] for trees in (planted, own))
    for one, other in zip(nodes, others, strict=True):
        one.pop("children", None)
        other.pop("children", None)
        assert one == other
    assert planted.rng.getstate() == own.rng.getstate()
    assert planted.limits == own.limits
