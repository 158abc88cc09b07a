"""From logits to probabilities that mean what they say, and what a threshold on them costs and catches."""

from __future__ import annotations

import numpy as np

from detectors.toxicity.card import Calibration, LabelCard, OperatingPoint, Tiers
from detectors.toxicity.training.metrics import Bools, Floats

ROUNDS = 100
RIDGE = 1e-3
"""Keeps the scale finite where a label is separated perfectly."""
STEPS = (*(round(0.05 * step, 2) for step in range(1, 20)), 0.97, 0.98, 0.99, 0.995, 0.999)


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Return the calibrated probabilities of a column of logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-(calibration.scale * logits + calibration.bias))), dtype=np.float64)


def fit(logits: Floats, positive: Bools) -> Calibration:
    """Return Platt's scale and bias by Newton's method; a degenerate column keeps its logits as they are."""
    if positive.all() or not positive.any():
        return Calibration(scale=1.0, bias=0.0)
    n1, n0 = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    features = np.stack([logits, np.ones_like(logits)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        predicted = 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (predicted - target) + RIDGE * weights
        curve = (features * (predicted * (1 - predicted))[:, None]).T @ features + RIDGE * np.eye(2)
        step = np.linalg.solve(curve, slope)
        weights = weights - step * min(1.0, 2.0 / max(1e-9, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-8:  # noqa: PLR2004
            break
    return Calibration(scale=round(max(float(weights[0]), 1e-3), 6), bias=round(float(weights[1]), 6))


def operating_points(scores: Floats, positive: Bools) -> tuple[OperatingPoint, ...]:
    """Return precision, recall and false-positive rate at thresholds from 0.05 to 0.999."""
    points = []
    for threshold in STEPS:
        fired = scores >= threshold
        hits, all_fired = int((fired & positive).sum()), int(fired.sum())
        points.append(
            OperatingPoint(
                threshold=threshold,
                precision=round(hits / all_fired, 4) if all_fired else None,
                recall=round(hits / max(1, int(positive.sum())), 4),
                false_positive_rate=round((all_fired - hits) / max(1, int((~positive).sum())), 4),
            )
        )
    return tuple(points)


def label_card(name: str, scores: Floats, positive: Bools, calibration: Calibration, chosen: Tiers) -> LabelCard:
    """Return a label's part of the card, from scores of texts whose label is known."""
    return LabelCard(
        name=name,
        calibration=calibration,
        thresholds=chosen,
        positives=int(positive.sum()),
        negatives=int((~positive).sum()),
        operating_points=operating_points(scores, positive),
    )
