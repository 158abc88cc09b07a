"""Counted tokens and pairs: a text asks for its own rows of the table, and the table learns what they say."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.counted import PAIR_BUCKETS, Table, features, learn, with_opinions
from detectors.toxicity.training.metrics import roc_auc
from detectors.toxicity.training.targets import Targets

TOKENS = 20


def test_a_text_asks_for_its_tokens_and_its_pairs() -> None:
    asked = features([2, 7, 9, 3], TOKENS)
    assert asked[:4].tolist() == [2, 7, 9, 3]
    assert len(asked) == 7
    assert ((asked[4:] >= TOKENS) & (asked[4:] < TOKENS + PAIR_BUCKETS)).all()
    assert features([2, 9, 7, 3], TOKENS)[4:].tolist() != asked[4:].tolist()


def test_a_longer_text_must_say_it_more_often() -> None:
    weights = np.zeros((TOKENS + PAIR_BUCKETS, 1))
    weights[7] = 1.0
    once, diluted = Table(weights, np.zeros(1), TOKENS).logits([[2, 7, 3], [2, *[5] * 20, 7, 3]])
    assert once[0] == pytest.approx(3.0 / np.sqrt(3))
    assert 0.0 < diluted[0] < once[0]


def test_raters_and_teachers_have_columns_of_their_own() -> None:
    """A word alone has been seen by no rater: it weighs nothing in their columns."""
    rated = Targets(np.full((2, len(LABELS)), 0.5, np.float32), np.ones((2, len(LABELS)), np.float32))
    both = with_opinions(rated, np.full((2, 7), 0.25), np.full((3, 7), 0.75))
    assert both.degrees.shape == both.weights.shape == (5, 14)
    assert both.weights[:2].min() == 1.0
    assert both.weights[2:, : len(LABELS)].max() == 0.0
    assert both.degrees[2:, len(LABELS) :].min() == 0.75


@pytest.mark.models
def test_what_a_token_says_is_learned() -> None:
    pytest.importorskip("torch", reason="make test-models installs torch and Detoxify")
    chance = np.random.default_rng(1)
    rows = [[2, *chance.integers(8, TOKENS, 5).tolist(), 3] for _ in range(600)]
    positive = np.array([7 + 1 in row for row in rows], np.float32)[:, None]
    targets = Targets(positive, np.ones_like(positive))
    table = learn(rows, targets, TOKENS, seed=1, rounds=20)
    scores = table.logits(rows)[:, 0]
    assert roc_auc(scores, positive[:, 0] == 1).value > 0.99
    assert np.array_equal(table.weights, learn(rows, targets, TOKENS, seed=1, rounds=20).weights)
