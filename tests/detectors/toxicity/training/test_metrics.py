"""The figures are what their definitions say, checked against slow and plain versions of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.training.metrics import calibration_error, pr_auc, rate_at, roc_auc, wilson

SCORED = st.lists(st.tuples(st.integers(0, 9).map(float), st.booleans()), min_size=2, max_size=40)


def arrays(scored: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in scored]), np.array([is_so for _, is_so in scored])


@given(SCORED)
def test_the_area_is_the_share_of_pairs_in_the_right_order(scored: list[tuple[float, bool]]) -> None:
    scores, positive = arrays(scored)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    area = roc_auc(scores, positive)
    if pairs:
        assert area.value == pytest.approx(sum(pairs) / len(pairs))
        assert area.low <= area.value <= area.high
    else:
        assert math.isnan(area.value)


@given(SCORED)
def test_average_precision_is_its_sum(scored: list[tuple[float, bool]]) -> None:
    scores, positive = arrays(scored)
    if not positive.any():
        assert math.isnan(pr_auc(scores, positive))
        return
    expected, before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        fired = scores >= threshold
        recall = positive[fired].sum() / positive.sum()
        expected += (recall - before) * positive[fired].mean()
        before = recall
    assert pr_auc(scores, positive) == pytest.approx(expected)


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_its_rate(hits: int, n: int) -> None:
    estimate = wilson(min(hits, n), n)
    assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0


def test_an_interval_is_the_one_in_the_tables() -> None:
    estimate = wilson(10, 100)
    assert (round(estimate.low, 3), round(estimate.high, 3)) == (0.055, 0.174)
    assert wilson(0, 0).n == 0
    assert rate_at(np.array([0.1, 0.5, 0.9]), 0.5).value == pytest.approx(2 / 3)


def test_calibration_error_is_none_where_chance_and_score_agree() -> None:
    scores = np.repeat([0.2, 0.8], 10)
    right = np.array([*([True] * 2 + [False] * 8), *([True] * 8 + [False] * 2)])
    assert calibration_error(scores, right) == pytest.approx(0.0)
    assert calibration_error(scores, ~right) == pytest.approx(0.6)
