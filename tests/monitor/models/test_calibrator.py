"""The calibrator learns what scores are worth and proposes a threshold that would do better."""

from __future__ import annotations

import math
import random

from monitor.models.calibrator import Calibrator
from tests.support.monitor import incident


def taught(right_above: float, count: int = 1500, seed: int = 1) -> Calibrator:
    """Scores from 0.5 to 1; those above a point are right."""
    calibrator, chance = Calibrator("acme", "cards"), random.Random(seed)
    for number in range(count):
        score = chance.uniform(0.5, 1.0)
        one = incident(number, score=score)
        calibrator.see(one)
        calibrator.learn(one, is_right=chance.random() < (0.97 if score > right_above else 0.1))
    return calibrator


def test_a_threshold_is_proposed_with_what_it_would_do() -> None:
    proposal = taught(0.75).propose(0.9)
    assert proposal is not None
    assert 0.6 < proposal.threshold < 0.9
    assert proposal.now == 0.5
    assert proposal.precision >= 0.9 > proposal.precision_now
    assert 0.5 < proposal.recall <= 1.0
    assert 0.2 < proposal.volume < 0.7
    assert proposal.verdicts == 1500


def test_a_proposal_is_made_once() -> None:
    calibrator = taught(0.75)
    assert calibrator.propose(0.9) is not None
    assert calibrator.propose(0.9) is None


def test_a_rule_that_does_well_gets_none() -> None:
    calibrator = taught(0.0)
    assert calibrator.estimated_precision() > 0.9
    assert calibrator.propose(0.9) is None


def test_without_anything_seen_nothing_is_said() -> None:
    calibrator = Calibrator("acme", "cards")
    assert math.isnan(calibrator.estimated_precision())
    assert calibrator.propose(0.9) is None
