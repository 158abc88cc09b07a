"""Numbers to train on: a target and a weight for each label of each text. Weight 0: nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import Example

Floats = NDArray[np.float32]

HINT_WEIGHT = 0.3
"""A teacher's word beside a rater's."""
HINT_MARGIN = 0.05
"""By how much a teacher's degree of abuse may lie above the toxicity that a rater gave the text."""

_TOXICITY = LABELS.index("toxicity")
_ABUSE = [LABELS.index(name) for name in ("severe_toxicity", "threat", "insult", "identity_attack")]


class Targets(NamedTuple):
    """One row a text, in the order of `LABELS`."""

    degrees: Floats
    weights: Floats


def known_targets(examples: Sequence[Example]) -> Targets:
    """Return what the sources say."""
    degrees = np.array([[degree or 0.0 for degree in example.known] for example in examples], np.float32)
    is_known = np.array([[degree is not None for degree in example.known] for example in examples], np.float32)
    weight = np.array([[example.weight] for example in examples], np.float32)
    shape = (len(examples), len(LABELS))
    return Targets(degrees.reshape(shape), is_known.reshape(shape) * weight.reshape(-1, 1))


def with_hints(examples: Sequence[Example], hints: Floats) -> Targets:
    """Return what the sources say, and the teachers' hints where they say nothing.

    A teacher that sees abuse where a rater saw none is held to the rater: teachers take identity terms for attacks.
    """
    said = known_targets(examples)
    is_rated = said.weights[:, _TOXICITY] > 0
    limit = np.where(is_rated, said.degrees[:, _TOXICITY] + HINT_MARGIN, 1.0)
    bounded = hints.copy()
    bounded[:, _ABUSE] = np.minimum(hints[:, _ABUSE], limit[:, None])
    unknown = said.weights == 0
    weight = np.array([example.weight for example in examples], np.float32)[:, None]
    return Targets(
        np.where(unknown, bounded, said.degrees).astype(np.float32),
        np.where(unknown, HINT_WEIGHT * weight, said.weights).astype(np.float32),
    )
