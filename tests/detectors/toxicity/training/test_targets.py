"""Unknown labels weigh nothing, and a teacher speaks only where no rater did."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import CIVIL, Example, known
from detectors.toxicity.training.targets import HINT_MARGIN, HINT_WEIGHT, known_targets, with_hints

AT = {label: place for place, label in enumerate(LABELS)}


def test_unknown_labels_weigh_nothing() -> None:
    targets = known_targets([Example("a", "made", known(insult=0.7), weight=0.5), Example("b", "made", CIVIL)])
    assert targets.degrees[0, AT["insult"]] == pytest.approx(0.7)
    assert targets.weights[0].sum() == pytest.approx(0.5)
    assert targets.weights[1].tolist() == [1.0] * len(LABELS)
    assert known_targets([]).degrees.shape == (0, len(LABELS))


def test_a_teacher_fills_what_is_unknown_and_is_held_to_the_rater() -> None:
    examples = [Example("a", "made", known(toxicity=0.0), weight=2.0), Example("b", "made", known(insult=1.0))]
    hints = np.full((2, len(LABELS)), 0.9, np.float32)
    targets = with_hints(examples, hints)
    assert targets.degrees[0, AT["toxicity"]] == 0.0
    assert targets.degrees[0, AT["identity_attack"]] == pytest.approx(HINT_MARGIN)
    assert targets.degrees[0, AT["obscene"]] == pytest.approx(0.9)
    assert targets.degrees[1, AT["threat"]] == pytest.approx(0.9)
    assert targets.degrees[1, AT["insult"]] == 1.0
    assert targets.weights[0, AT["obscene"]] == pytest.approx(HINT_WEIGHT * 2.0)
    assert targets.weights[1, AT["insult"]] == 1.0
