"""Learns from verdicts what a rule's scores are worth, and proposes a threshold. It never sets one.

It can speak of scores at or above the threshold in force only: below it there are no incidents, and no verdicts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from river.compose import Pipeline
from river.linear_model import LogisticRegression
from river.optim import SGD
from river.preprocessing import StandardScaler

if TYPE_CHECKING:
    from monitor.records import IncidentRecord

KEEP: Final = 500
"""Incidents of a rule whose scores a proposal is made from."""
LEARNING_RATE: Final = 0.1
STEPS: Final = tuple(step / 100 for step in range(0, 100, 5))
"""Thresholds that are considered."""
MIN_MOVE: Final = 0.05
"""A threshold closer to the one in force is not worth a proposal."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold for a rule, and what it would do to what is caught today."""

    policy: str
    rule: str
    threshold: float
    now: float
    """The threshold in force."""
    precision: float
    """Expected share of incidents that would be right."""
    recall: float
    """Expected share of today's right incidents that would remain."""
    volume: float
    """Share of today's incidents that would remain."""
    precision_now: float
    """Expected with the threshold in force."""
    verdicts: int


class Calibrator:
    """One rule's."""

    def __init__(self, policy: str, rule: str) -> None:
        self._policy = policy
        self._rule = rule
        self._model = Pipeline(StandardScaler(), LogisticRegression(optimizer=SGD(LEARNING_RATE)))
        self._recent: list[tuple[float, float, float]] = []
        """Score and features of the last incidents, with a verdict or not."""
        self._threshold = 0.0
        self._verdicts = 0
        self._proposed: float | None = None

    def see(self, incident: IncidentRecord) -> None:
        """Note an incident."""
        self._threshold = incident.threshold or 0.0
        self._recent = [*self._recent[1 - KEEP :], _features(incident)]

    def learn(self, incident: IncidentRecord, *, is_right: bool) -> None:
        """Learn from a verdict."""
        self._verdicts += 1
        self._model.learn_one(_named(_features(incident)), is_right)

    @property
    def verdicts(self) -> int:
        """Verdicts that it has learned from."""
        return self._verdicts

    def estimated_precision(self) -> float:
        """Return the precision that the scores of the last incidents speak for; NaN without any."""
        chances = [self._chance(one) for one in self._recent]
        return sum(chances) / len(chances) if chances else math.nan

    def propose(self, target: float) -> Proposal | None:
        """Return the lowest threshold that is expected to reach a precision, if it is news."""
        chances = [(one[0], self._chance(one)) for one in self._recent]
        right = sum(chance for _, chance in chances)
        if not chances or right <= 0.0:
            return None
        for step in (self._threshold, *(step for step in STEPS if step > self._threshold)):
            kept = [chance for score, chance in chances if score >= step]
            if not kept or sum(kept) / len(kept) < target:
                continue
            last = self._threshold if self._proposed is None else self._proposed
            if abs(step - last) < MIN_MOVE:
                return None
            self._proposed = step
            return Proposal(
                policy=self._policy,
                rule=self._rule,
                threshold=step,
                now=self._threshold,
                precision=sum(kept) / len(kept),
                recall=sum(kept) / right,
                volume=len(kept) / len(chances),
                precision_now=right / len(chances),
                verdicts=self._verdicts,
            )
        return None

    def _chance(self, features: tuple[float, float, float]) -> float:
        return float(self._model.predict_proba_one(_named(features)).get(True, 0.5))


def _features(incident: IncidentRecord) -> tuple[float, float, float]:
    score = 0.5 if incident.score is None else incident.score
    return score, math.log1p(incident.span_chars), float(incident.direction == "request")


def _named(features: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("score", "length", "is_request"), features, strict=True))
