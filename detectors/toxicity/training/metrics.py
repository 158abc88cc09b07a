"""What a score is worth: areas, calibration error, rates with their intervals. Numbers in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Z95 = 1.959964
BINS = 15


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval and the number of texts behind it."""

    value: float
    low: float
    high: float
    n: int


def wilson(hits: int, n: int) -> Estimate:
    """Return a rate with Wilson's interval, which is honest near 0 and 1."""
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0, 0)
    rate, square = hits / n, Z95**2
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = Z95 * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    return Estimate(rate, max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half)), n)


def _ranks(scores: Floats) -> Floats:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle = ends - (counts - 1) / 2.0
    return np.asarray(middle[inverse], dtype=np.float64)


def roc_auc(scores: Floats, positive: Bools) -> Estimate:
    """Return the chance that a positive text scores above a negative one, with Hanley and McNeil's interval."""
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if n1 == 0 or n0 == 0:
        return Estimate(math.nan, 0.0, 1.0, n1 + n0)
    area = float((_ranks(scores)[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    spread = (area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)) / (n1 * n0)
    half = Z95 * math.sqrt(max(spread, 0.0))
    return Estimate(area, max(0.0, area - half), min(1.0, area + half), n1 + n0)


def pr_auc(scores: Floats, positive: Bools) -> float:
    """Return the average precision: the area under precision by recall, ties taken together."""
    total = int(positive.sum())
    if total == 0:
        return math.nan
    order = np.argsort(-scores, kind="stable")
    sorted_scores, hits = scores[order], np.cumsum(positive[order])
    is_last = np.append(sorted_scores[1:] != sorted_scores[:-1], True)
    recall = hits[is_last] / total
    precision = hits[is_last] / (np.flatnonzero(is_last) + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def calibration_error(probabilities: Floats, positive: Bools, bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal width."""
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            gap = abs(float(probabilities[inside].mean()) - float(positive[inside].mean()))
            error += gap * float(inside.mean())
    return error


def rate_at(scores: Floats, threshold: float) -> Estimate:
    """Return the share of scores at or above a threshold."""
    return wilson(int((scores >= threshold).sum()), len(scores))
