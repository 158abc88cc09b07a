"""What reviewers say: how often a rule was right, how much was missed, and how long it takes to know.

Realised figures come from verdicts alone; what is estimated from scores stands beside them and is never mixed in.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from river.stats import Quantile

from monitor.models.intervals import Z95, beta_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.records import ExchangeRecord, IncidentRecord, VerdictRecord
    from monitor.settings import LabelSettings

MAX_RULES: Final = 500
"""Rules told apart; policies have a few dozen."""
SAMPLE_BITS: Final = 64


def is_sampled(request_id: str, share: float) -> bool:
    """Whether an allowed answer belongs to the sample that people look at: chance, but the same everywhere."""
    digest = hashlib.blake2b(request_id.encode(), digest_size=SAMPLE_BITS // 8).digest()
    return int.from_bytes(digest) < int(share * (1 << SAMPLE_BITS))


@dataclass(frozen=True, slots=True)
class Precision:
    """How often one rule was right, by its verdicts, with the 90 % interval of Beta(1 + right, 1 + wrong)."""

    policy: str
    rule: str
    right: int
    wrong: int
    low: float
    high: float
    incidents: int
    """Incidents of the rule, with a verdict or not."""

    @property
    def share(self) -> float:
        """Verdicts that say it was right; NaN before the first."""
        judged = self.right + self.wrong
        return self.right / judged if judged else math.nan


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of what should have been caught was caught, with a 95 % interval."""

    share: float
    low: float
    high: float
    caught: float
    """Incidents, times the precision that verdicts give them."""
    missed: float
    """Allowed answers that should have been caught: Horvitz and Thompson's estimate from the sample."""
    judged: int
    """Verdicts on answers of the sample."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person may judge and has not: an incident, or an answer of the sample that was allowed."""

    about: str
    """What the verdict names: the id of the incident, or of the request."""
    is_allowed: bool
    time_s: float
    policy: str
    rule: str | None
    category: str | None
    score: float | None
    tenant: str | None
    model: str | None
    route: str


@dataclass(slots=True)
class _Rule:
    right: int = 0
    wrong: int = 0
    incidents: int = 0


class Labels:
    """Verdicts, joined to what they are about."""

    def __init__(self, settings: LabelSettings) -> None:
        self._settings = settings
        self._waiting: dict[str, IncidentRecord] = {}
        """Incidents by id, the oldest first; a verdict leaves its incident here, since another may follow."""
        self._said: dict[str, str] = {}
        """The last verdict on each."""
        self._rules: dict[tuple[str, str], _Rule] = {}
        self._sampled: dict[str, Waiting | None] = {}
        """Answers of the sample by request id, the oldest first; None: noted by a version that knew no more."""
        self._sample = 0
        self._allowed = 0
        self._delays = {share: Quantile(share) for share in (0.5, 0.95)}
        self._verdicts = 0

    def expect(self, incident: IncidentRecord) -> None:
        """Note an incident that may get a verdict."""
        if incident.rule is None or incident.activity != "create":
            return
        self._waiting[incident.incident_id] = incident
        self._rule(incident).incidents += 1
        while len(self._waiting) > self._settings.max_waiting:
            gone = next(iter(self._waiting))
            del self._waiting[gone]
            self._said.pop(gone, None)

    def adopt(self, settings: LabelSettings) -> None:
        """Go on under other settings."""
        self._settings = settings

    def sample(self, exchange: ExchangeRecord, *, is_caught: bool) -> None:
        """Note an answer; if it was allowed and belongs to the sample, a verdict may come under its request id."""
        if is_caught:
            return
        self._allowed += 1
        if is_sampled(exchange.request_id, self._settings.sample_share):
            self._sample += 1
            self._sampled[exchange.request_id] = _to_judge(exchange.request_id, exchange)
            while len(self._sampled) > self._settings.max_waiting:
                gone = next(iter(self._sampled))
                del self._sampled[gone]
                self._said.pop(gone, None)

    def judge(self, verdict: VerdictRecord) -> IncidentRecord | None:
        """Learn from a verdict; return its incident where it says something new about a rule."""
        about = verdict.incident_id
        incident = self._waiting.get(about)
        if incident is None and about not in self._sampled:
            return None
        before = self._said.get(about)
        if before == verdict.label:
            return None
        self._said[about] = verdict.label
        if incident is None:
            return None
        self._verdicts += 1
        if before is None:
            for quantile in self._delays.values():
                quantile.update(max(0.0, verdict.time_s - incident.time_s))
        counts = self._rule(incident)
        for label, step in ((before, -1), (verdict.label, 1)):
            counts.right += step * (label == "true_positive")
            counts.wrong += step * (label == "false_positive")
        return incident if verdict.label != "unsure" else None

    def knows(self, about: str) -> bool:
        """Whether a verdict on this id counts."""
        return about in self._waiting or about in self._sampled

    def waiting(self) -> Iterator[Waiting]:
        """Yield what has no verdict: incidents, the oldest first, and then answers of the sample."""
        for incident_id, incident in self._waiting.items():
            if incident_id not in self._said:
                yield _to_judge(incident_id, incident, incident.rule, incident.category)
        for request_id, one in self._sampled.items():
            if one is not None and request_id not in self._said:
                yield one

    def precisions(self) -> list[Precision]:
        """Return what verdicts say about each rule."""
        return [
            Precision(policy, rule, one.right, one.wrong, *beta_interval(one.right, one.wrong), one.incidents)
            for (policy, rule), one in self._rules.items()
        ]

    def precision(self, incident: IncidentRecord) -> Precision:
        """Return what verdicts say about an incident's rule."""
        counts, rule = self._rule(incident), str(incident.rule)
        low, high = beta_interval(counts.right, counts.wrong)
        return Precision(incident.policy, rule, counts.right, counts.wrong, low, high, counts.incidents)

    def recall(self) -> Recall | None:
        """Return the estimate; None before anything of the sample has a verdict."""
        labels = [self._said[name] for name in self._sampled if name in self._said]
        labels = [label for label in labels if label != "unsure"]
        if not labels:
            return None
        harmful = sum(label == "true_positive" for label in labels)
        weight = self._allowed / len(labels)
        missed = harmful * weight
        error = weight * math.sqrt((harmful + 1) * (1 - len(labels) / max(self._allowed, len(labels))))
        caught = sum(one.incidents * (1 + one.right) / (2 + one.right + one.wrong) for one in self._rules.values())
        bounds = [_share(caught, max(0.0, missed + side * Z95 * error)) for side in (1, 0, -1)]
        return Recall(bounds[1], bounds[0], bounds[2], caught, missed, len(labels))

    def delays_s(self) -> dict[float, float]:
        """Return the median and the 95th percentile of the time to a verdict; none before the first."""
        found = {share: one.get() for share, one in self._delays.items()}
        return {share: value for share, value in found.items() if value is not None}

    def _rule(self, incident: IncidentRecord) -> _Rule:
        key = (incident.policy, str(incident.rule))
        if key not in self._rules and len(self._rules) >= MAX_RULES:
            key = ("~other", "~other")
        return self._rules.setdefault(key, _Rule())


def _to_judge(
    about: str, record: ExchangeRecord | IncidentRecord, rule: str | None = None, category: str | None = None
) -> Waiting:
    """Return what waits; with no rule it is an answer that was allowed."""
    return Waiting(
        about=about,
        is_allowed=rule is None,
        time_s=record.time_s,
        policy=record.policy,
        rule=rule,
        category=category,
        score=record.score,
        tenant=record.tenant,
        model=record.model,
        route=record.route,
    )


def _share(caught: float, missed: float) -> float:
    return caught / (caught + missed) if caught + missed else math.nan
