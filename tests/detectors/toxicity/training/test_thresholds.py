"""Thresholds keep the share of civil text that may fire, and find as much harm with it as they can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.toxicity.training.thresholds import (
    CIVIL_RATES,
    GENTLE_RATES,
    GRID,
    HIGHEST,
    LOWEST,
    Evidence,
    thresholds_for,
    tiers,
)

NONE = np.zeros((0, 2))


def drawn(seed: int, labels: int = 3) -> Evidence:
    chance = np.random.default_rng(seed)
    kinds = chance.random((300, labels)) < 0.5
    return Evidence(
        civil=chance.beta(1, 12, (1500, labels)),
        gentle=chance.beta(1, 14, (600, labels)),
        harmful=np.where(kinds, chance.beta(4, 2, (300, labels)), chance.beta(1, 8, (300, labels))),
        kinds=kinds,
    )


def fired(scores: np.ndarray, limits: list[float]) -> int:
    return int((scores >= np.array(limits)).any(axis=1).sum())


@given(st.integers(0, 200), st.sampled_from(["rewrite", "block"]))
@settings(max_examples=10, deadline=None)
def test_all_labels_together_keep_the_share(seed: int, tier: str) -> None:
    found = drawn(seed)
    limits = thresholds_for(found, tier)
    assert fired(found.civil, limits) <= CIVIL_RATES[tier] * len(found.civil)
    assert fired(found.gentle, limits) <= GENTLE_RATES[tier] * len(found.gentle)
    assert all(LOWEST[tier] <= limit <= HIGHEST for limit in limits)
    assert all(pair.rewrite <= pair.block for pair in tiers(found))


@given(st.integers(0, 200))
@settings(max_examples=10, deadline=None)
def test_no_threshold_could_be_lower_for_nothing(seed: int) -> None:
    found = drawn(seed)
    limits = thresholds_for(found, "rewrite")
    spent, gentle = fired(found.civil, limits), fired(found.gentle, limits)
    for label, limit in enumerate(limits):
        lower = [one for one in GRID if LOWEST["rewrite"] <= one < limit]
        if lower:
            tried = [*limits[:label], max(lower), *limits[label + 1 :]]
            assert fired(found.civil, tried) > spent or fired(found.gentle, tried) > gentle


def test_the_civil_text_is_spent_where_it_buys_most() -> None:
    """One civil text may fire: for the label that finds ten texts, not for the one that finds two."""
    civil = np.full((500, 2), 0.01)
    civil[0], civil[1] = (0.90, 0.01), (0.01, 0.90)
    harmful = np.full((40, 2), 0.01)
    harmful[:20, 0], harmful[20:30, 1] = 0.89, 0.95
    harmful[0:2, 1] = 0.99
    kinds = np.ones((40, 1), bool)
    limits = thresholds_for(Evidence(civil, NONE, harmful, kinds), "rewrite")
    assert limits[0] <= 0.89
    assert limits[1] == 0.91


def test_where_nothing_is_civil_nothing_is_known() -> None:
    assert thresholds_for(Evidence(NONE, NONE, np.ones((30, 2)), np.ones((30, 1), bool)), "block") == [HIGHEST] * 2


def test_a_quiet_label_is_as_low_as_it_may_be() -> None:
    """A policy may ask for it alone, though it finds nothing here that others do not."""
    found = Evidence(np.full((2000, 2), 0.01), NONE, NONE, np.zeros((0, 1), bool))
    assert thresholds_for(found, "rewrite") == pytest.approx([LOWEST["rewrite"]] * 2)
