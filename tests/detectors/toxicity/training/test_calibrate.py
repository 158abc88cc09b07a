"""Calibrated probabilities are right on average, and a threshold keeps what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.card import Calibration, Tiers
from detectors.toxicity.training.calibrate import (
    STEPS,
    fit,
    label_card,
    operating_points,
    probabilities,
)
from detectors.toxicity.training.metrics import calibration_error


def drawn(seed: int, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are twice too sure and shifted, with the labels that they should have had."""
    chance = np.random.default_rng(seed)
    true = chance.normal(-1.0, 2.0, n)
    return 2.0 * true + 1.0, chance.random(n) < 1.0 / (1.0 + np.exp(-true))


def test_scale_and_bias_are_found_again() -> None:
    logits, positive = drawn(1)
    found = fit(logits, positive)
    assert found.scale == pytest.approx(0.5, abs=0.06)
    assert found.bias == pytest.approx(-0.5, abs=0.15)
    other_logits, other = drawn(2)
    assert calibration_error(probabilities(other_logits, found), other) < 0.03


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=30), st.booleans())
def test_a_label_that_is_always_or_never_there_is_left_alone(logits: list[float], always: bool) -> None:
    assert fit(np.array(logits), np.full(len(logits), always)) == Calibration(scale=1.0, bias=0.0)


def test_a_separated_label_stays_finite() -> None:
    found = fit(np.array([-5.0] * 20 + [5.0] * 20), np.array([False] * 20 + [True] * 20))
    assert 0 < found.scale < 100


def test_one_function_reads_the_card_and_the_columns() -> None:
    calibration = Calibration(scale=0.7, bias=-0.3)
    logits = np.linspace(-9, 9, 50)
    assert probabilities(logits, calibration) == pytest.approx([calibration.probability(value) for value in logits])


def test_operating_points_fall_in_recall() -> None:
    logits, positive = drawn(3, 500)
    points = operating_points(probabilities(logits, fit(logits, positive)), positive)
    assert [point.threshold for point in points] == list(STEPS)
    recalls = [point.recall for point in points]
    assert recalls == sorted(recalls, reverse=True)
    assert operating_points(np.zeros(5), np.zeros(5, bool))[0].precision is None


def test_a_label_card_counts_what_it_was_fitted_on() -> None:
    logits, positive = drawn(4, 600)
    found = fit(logits, positive)
    card = label_card("insult", probabilities(logits, found), positive, found, Tiers(rewrite=0.5, block=0.75))
    assert (card.positives, card.negatives) == (int(positive.sum()), int((~positive).sum()))
    assert (card.name, card.thresholds.block, card.calibration) == ("insult", 0.75, found)
