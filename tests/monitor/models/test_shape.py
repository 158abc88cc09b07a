"""Shapes: a distribution that moves around its mean is seen, one that stays is not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models.firing import Firing
from monitor.models.shape import EDGES, ShapeWatch, jensen_shannon, stability_index
from monitor.settings import DriftSettings
from monitor.types import WHOLE

SETTINGS = DriftSettings(shape_window=500)
_histograms = st.lists(st.integers(0, 1000), min_size=5, max_size=5).map(tuple)


def fed(watch: ShapeWatch, values: list[float]) -> list[Firing]:
    return [firing for value in values for firing in watch.observe([value], [0.0])]


def betas(alpha: float, beta: float, count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.betavariate(alpha, beta) for _ in range(count)]


@given(_histograms, _histograms)
def test_both_measures_are_distances(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    for measure in (stability_index, jensen_shannon):
        assert measure(one, one) == pytest.approx(0.0, abs=1e-12)
        assert measure(one, other) == pytest.approx(measure(other, one))
        assert measure(one, other) >= -1e-12
    assert jensen_shannon(one, other) <= 1.0


def test_the_same_shape_says_nothing() -> None:
    assert fed(ShapeWatch(WHOLE, SETTINGS), betas(2, 8, 20_000)) == []


def test_a_shape_with_the_same_mean_is_seen_after_two_windows() -> None:
    watch = ShapeWatch(WHOLE, SETTINGS)
    assert fed(watch, betas(2, 2, 500)) == []
    assert fed(watch, betas(0.3, 0.3, 999)) == []
    (firing,) = fed(watch, betas(0.3, 0.3, 1))
    assert firing.observed > 0.2
    assert firing.evidence["jensen_shannon"] > 0.01
    assert fed(watch, betas(0.3, 0.3, 5000, seed=2)) == []


def test_a_rolling_reference_sees_a_step_at_once() -> None:
    watch = ShapeWatch(WHOLE, replace(SETTINGS, reference="rolling"))
    fed(watch, betas(2, 8, 1000))
    assert len(fed(watch, betas(8, 2, 500))) == 1
    assert fed(watch, betas(8, 2, 2000, seed=3)) == []


def test_a_named_reference_is_there_from_the_first_window() -> None:
    kept = ShapeWatch(WHOLE, SETTINGS)
    fed(kept, betas(2, 8, 500))
    assert kept.reference is not None
    assert len(kept.reference) == len(EDGES) + 1
    watch = ShapeWatch(WHOLE, replace(SETTINGS, reference="may"), {"may": kept.reference})
    assert len(fed(watch, betas(8, 2, 1000))) == 1
