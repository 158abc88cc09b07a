"""The thresholds that ship: of all that leave civil text alone, the ones that find the most harm.

A share of civil texts may fire, whatever label fires. Labels spend it together: a text that one label has already
reached costs the next one nothing. So thresholds are lowered one step at a time, each time where a civil text that
fires buys the most recall, until the share is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.toxicity.card import Tiers
from detectors.toxicity.training.metrics import Bools, Floats

CIVIL_RATES = {"rewrite": 0.0025, "block": 0.001}
"""Share of civil texts of which any window may reach a threshold of any label. What is chosen on some texts fires
more often on others, so that it is less than what the report is held to (0.5 %)."""
GENTLE_RATES = {"rewrite": 0.003, "block": 0.002}
"""The same of gentle sentences: all of them were made to come close to harm."""
LOWEST = {"rewrite": 0.3, "block": 0.7}
HIGHEST = 0.999
GRID = tuple(np.round(np.concatenate([np.arange(0.30, 0.99, 0.01), np.arange(0.99, 1.0, 0.001)]), 3).tolist())
FEWEST_OF_KIND = 15
"""Kinds of fewer texts say nothing about recall."""
_FREE = 0.02
"""What a step that lets no civil text fire is said to cost, in texts, so that its gain can be compared."""
_LEAST_GAIN = 1e-9


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores to choose by: of each text the highest of its windows, one row a text, one column a label."""

    civil: Floats
    gentle: Floats
    """Of harmless sentences that look like harm: neutral mentions, negation, quotation."""
    harmful: Floats
    kinds: Bools
    """One row a harmful text, one column a kind of harm whose recall counts as much as that of any other."""


def thresholds_for(found: Evidence, tier: str) -> list[float]:
    """Return a threshold for each label.

    At last each is lowered as far as that costs nothing: a policy may ask for one label and not for the others.
    """
    search = _Search(found, tier)
    limits = np.full(found.civil.shape[1], HIGHEST)
    if len(found.civil):
        while (step := search.best_step(limits)) is not None:
            label, limit = step
            limits[label] = limit
        for label in range(len(limits)):
            limits[label] = search.lowest_free(limits, label)
    return [round(float(limit), 3) for limit in limits]


def tiers(found: Evidence) -> list[Tiers]:
    """Return the two thresholds of each label."""
    pairs = zip(thresholds_for(found, "rewrite"), thresholds_for(found, "block"), strict=True)
    return [Tiers(rewrite=min(rewrite, block), block=max(rewrite, block)) for rewrite, block in pairs]


class _Search:
    """One tier's search: what thresholds cost and what they find."""

    def __init__(self, found: Evidence, tier: str) -> None:
        self._found = found
        self._grid = [limit for limit in GRID if limit >= LOWEST[tier]]
        self._kinds = found.kinds[:, found.kinds.sum(axis=0) >= FEWEST_OF_KIND]
        self._allowed = int(CIVIL_RATES[tier] * len(found.civil))
        self._gentle_allowed = int(GENTLE_RATES[tier] * len(found.gentle))

    def best_step(self, limits: Floats) -> tuple[int, float] | None:
        """Return the label and its lower threshold that buy the most recall a civil text; None: none is left."""
        cost, gain = self._cost(limits), self._recall(limits)
        best: tuple[float, float, int] | None = None
        for label in range(len(limits)):
            for limit in (one for one in self._grid if one < limits[label]):
                lowered = limits.copy()
                lowered[label] = limit
                spent, bought = self._cost(lowered), self._recall(lowered) - gain
                if spent <= self._allowed and self._is_gentle(lowered) and bought > _LEAST_GAIN:
                    best = max(best or (0.0, 0.0, 0), (bought / (spent - cost + _FREE), limit, label))
        return None if best is None else (best[2], best[1])

    def lowest_free(self, limits: Floats, label: int) -> float:
        """Return how low a label's threshold may be without another civil or gentle text that fires."""
        cost, gentle = self._cost(limits), _fired(self._found.gentle, limits)
        lowest = float(limits[label])
        for limit in sorted((one for one in self._grid if one < lowest), reverse=True):
            lowered = limits.copy()
            lowered[label] = limit
            if self._cost(lowered) > cost or _fired(self._found.gentle, lowered) > gentle:
                break
            lowest = limit
        return lowest

    def _cost(self, limits: Floats) -> int:
        return _fired(self._found.civil, limits)

    def _is_gentle(self, limits: Floats) -> bool:
        return _fired(self._found.gentle, limits) <= self._gentle_allowed

    def _recall(self, limits: Floats) -> float:
        fired: Bools = np.asarray((self._found.harmful >= limits).any(axis=1), dtype=np.bool_)
        if not self._kinds.shape[1]:
            return float(fired.mean()) if len(fired) else 0.0
        return float(((self._kinds & fired[:, None]).sum(axis=0) / self._kinds.sum(axis=0)).mean())


def _fired(scores: Floats, limits: Floats) -> int:
    return int((scores >= limits).any(axis=1).sum())
