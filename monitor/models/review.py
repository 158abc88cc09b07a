"""What verdicts lead to: a rule that is too often wrong, and proposals for its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.models.calibrator import Calibrator
from monitor.models.firing import Firing
from monitor.models.labels import MAX_RULES, Labels
from monitor.types import WHOLE, Level, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.models.calibrator import Proposal
    from monitor.models.labels import Precision, Recall, Waiting
    from monitor.records import ExchangeRecord, IncidentRecord, VerdictRecord
    from monitor.settings import LabelSettings


class Review:
    """Labels, and a calibrator for each rule."""

    def __init__(self, settings: LabelSettings) -> None:
        self._settings = settings
        self._labels = Labels(settings)
        self._calibrators: dict[tuple[str, str], Calibrator] = {}
        self._proposals: dict[tuple[str, str], Proposal] = {}

    def adopt(self, settings: LabelSettings) -> None:
        """Go on under other settings."""
        self._settings = settings
        self._labels.adopt(settings)

    def sample(self, exchange: ExchangeRecord, *, is_caught: bool) -> None:
        """Note an answer, of which a share is looked at by people though it was allowed."""
        self._labels.sample(exchange, is_caught=is_caught)

    def expect(self, incident: IncidentRecord) -> None:
        """Note an incident that may get a verdict."""
        self._labels.expect(incident)
        calibrator = self._calibrator(incident)
        if calibrator is not None and incident.activity == "create":
            calibrator.see(incident)

    def judge(self, verdict: VerdictRecord) -> list[Firing]:
        """Learn from a verdict."""
        incident = self._labels.judge(verdict)
        if incident is None:
            return []
        precision = self._labels.precision(incident)
        calibrator = self._calibrator(incident)
        judged = precision.right + precision.wrong
        found: list[Firing] = []
        if judged >= self._settings.min_verdicts and precision.high < self._settings.target_precision:
            found.append(self._imprecise(precision, verdict.time_s))
        if calibrator is not None:
            calibrator.learn(incident, is_right=verdict.label == "true_positive")
            if calibrator.verdicts % self._settings.propose_every == 0:
                found += self._proposed(calibrator.propose(self._settings.target_precision), verdict.time_s)
        return found

    # Reading.

    def waiting(self) -> Iterator[Waiting]:
        """Yield what a person may judge and has not."""
        return self._labels.waiting()

    def knows(self, about: str) -> bool:
        """Whether a verdict on this id counts."""
        return self._labels.knows(about)

    def precisions(self) -> list[Precision]:
        """Return what verdicts say about each rule."""
        return self._labels.precisions()

    def estimates(self) -> dict[tuple[str, str], float]:
        """Return, by policy and rule, the precision that the scores of its last incidents speak for."""
        return {key: one.estimated_precision() for key, one in self._calibrators.items() if one.verdicts}

    def recall(self) -> Recall | None:
        """Return the estimated recall; None before a sampled answer has a verdict."""
        return self._labels.recall()

    def delays_s(self) -> dict[float, float]:
        """Return quantiles of the time from an incident to its verdict."""
        return self._labels.delays_s()

    def proposals(self) -> list[Proposal]:
        """Return the last proposal for each rule."""
        return list(self._proposals.values())

    def _calibrator(self, incident: IncidentRecord) -> Calibrator | None:
        if incident.rule is None:
            return None
        key = (incident.policy, incident.rule)
        if key not in self._calibrators and len(self._calibrators) >= MAX_RULES:
            return None
        return self._calibrators.setdefault(key, Calibrator(*key))

    def _imprecise(self, precision: Precision, time_s: float) -> Firing:
        return Firing(
            slice=WHOLE,
            signal=Signal.PRECISION,
            detector="beta",
            level=Level.TICKET,
            chance=0.0,
            observed=precision.share,
            expected=self._settings.target_precision,
            evidence={
                "right": float(precision.right),
                "wrong": float(precision.wrong),
                "low": precision.low,
                "high": precision.high,
            },
            start_s=time_s,
            end_s=time_s,
            events=precision.right + precision.wrong,
            about={"policy": precision.policy, "rule": precision.rule},
        )

    def _proposed(self, proposal: Proposal | None, time_s: float) -> list[Firing]:
        if proposal is None:
            return []
        self._proposals[proposal.policy, proposal.rule] = proposal
        return [
            Firing(
                slice=WHOLE,
                signal=Signal.THRESHOLD,
                detector="calibrator",
                level=Level.INFO,
                chance=0.0,
                observed=proposal.threshold,
                expected=proposal.now,
                evidence={
                    "precision": proposal.precision,
                    "recall": proposal.recall,
                    "volume": proposal.volume,
                    "precision_now": proposal.precision_now,
                },
                start_s=time_s,
                end_s=time_s,
                events=proposal.verdicts,
                about={
                    "policy": proposal.policy,
                    "rule": proposal.rule,
                    "threshold": f"{proposal.threshold:g}",
                },
            )
        ]
