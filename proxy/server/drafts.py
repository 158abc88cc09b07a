"""Makes events of what guards and exchanges report.

Numbers and time are fixed at once, on the event loop; the event is built later, in the outbox's thread.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from events.codec import encode, encode_wire
from events.outbox.writer import Draft
from events.schema import Bypass, Incident, incident, policy
from events.schema.blocks import ModelBlock, RequestBlock
from events.schema.envelope import EVENT_TYPES, Event, wire_of
from events.schema.ids import RANDOM_BYTES, incident_id, ulid
from proxy.server.end_of_exchange import exchange_data
from proxy.server.exchange_forms import ExchangeForms
from proxy.server.ids import random_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from events.fingerprints import Fingerprinter
    from events.schema import Failure
    from events.schema.envelope import EventData
    from events.schema.excerpts import Excerpt
    from proxy.server.audit_texts import Sealer
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.reload import PolicyChange

    GuardEvent = Incident | Bypass | Failure

HIGH_SCORE: Final = 0.85
MEDIUM_SCORE: Final = 0.5
AUDIT_PREFIX: Final = "aud_"

_EXCHANGE: Final = EVENT_TYPES["exchange"]
_TIERS: Final = {"redact": 1, "rewrite": 1, "block": 2}
_SEVERITIES: Final = {"allow": "informational", "flag": "low", "redact": "medium", "rewrite": "medium"}


class Drafter:
    """Makes the drafts of one process's events. `randomness` is asked in any thread."""

    def __init__(
        self,
        source: str,
        topic_prefix: str,
        fingerprints: Fingerprinter,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        randomness: Callable[[int], bytes] = random_bytes,
        *,
        sealer: Sealer | None = None,
    ) -> None:
        """`sealer` encrypts what the audit store is to have; None: there is none."""
        self._sealer = sealer
        self._source = source
        self._exchange_topic = f"{topic_prefix}.{_EXCHANGE.topic}"
        self._topics = {name: f"{topic_prefix}.{kind.topic}" for name, kind in EVENT_TYPES.items()}
        self._fingerprints = fingerprints
        self._now_ms = now_ms
        self._randomness = randomness
        self._forms = ExchangeForms(_EXCHANGE, source)

    def incident(
        self, about: ExchangeFacts, message: MessageFacts, report: GuardEvent, excerpt: Excerpt | None = None
    ) -> Draft:
        """Return the draft of what a guard reported; `excerpt` is for the audit store."""
        rule, category = (report.rule, report.category) if isinstance(report, Incident) else ("", report.reason)
        numbers = _Numbers(
            elapsed_ms=1000 * (time.perf_counter() - about.began_s),
            detector_ms=_ms(message.seconds.get(report.detector)),
            delivered_bytes=message.delivered_bytes,
            occurrence=about.next_occurrence(rule, category),
        )
        draft = self._draft("incident", about.request_id, partial(self._incident, about, report, numbers), about)
        return self._sealed(draft, [] if excerpt is None else [excerpt])

    def exchange(self, about: ExchangeFacts) -> Callable[[], Draft]:
        """Return what gives the draft of an exchange that is over; only the time is fixed here."""
        return partial(self._exchange_draft, about, time.perf_counter(), self._now_ms())

    def _sealed(self, draft: Draft, texts: Sequence[Excerpt]) -> Draft:
        """Add texts for the audit store."""
        return draft if self._sealer is None else draft._replace(seal=self._sealer.excerpts(draft.id, texts))

    def policy(self, change: PolicyChange) -> Draft:
        """Return the draft of a policy's change."""
        now = change.policy

        def data(_event_id: str) -> EventData:
            return policy.PolicyData(
                policy.VERSION,
                change.activity,  # type: ignore[arg-type]
                now.name,
                f"sha256:{now.revision}",
                now.mode.value,
                None if change.before is None else f"sha256:{change.before}",
                len(now.rules),
                change.problems,
            )

        draft = self._draft("policy", now.name, data, None)
        if self._sealer is None or change.resolved is None:
            return draft
        return draft._replace(seal=self._sealer.policy(draft.id, change.resolved))

    def _draft(self, name: str, key: str, data: Callable[[str], EventData], about: ExchangeFacts | None) -> Draft:
        now_ms = self._now_ms()
        event_id = ulid(now_ms, self._randomness(RANDOM_BYTES))
        trace = None if about is None else about.traceparent

        def build() -> bytes:
            return encode(Event(event_id, self._source, key, now_ms, data(event_id), trace))

        return Draft(event_id, self._topics[name], key, now_ms, build)

    # In the outbox's thread.

    def _exchange_draft(self, about: ExchangeFacts, ended_s: float, now_ms: int) -> Draft:
        event_id = ulid(now_ms, self._randomness(RANDOM_BYTES))
        build = partial(self._exchange, about, event_id, now_ms, ended_s - about.began_s)
        draft = Draft(event_id, self._exchange_topic, about.request_id, now_ms, build)
        return self._sealed(draft, [one for message in about.messages for one in message.whole_texts])

    def _exchange(self, about: ExchangeFacts, event_id: str, now_ms: int, total_s: float) -> bytes:
        """Build the one event that every exchange has: from mappings, which cost a fifth of the classes."""
        if not about.subject and (event := self._forms.write(about, event_id, now_ms, total_s)) is not None:
            return event
        data = exchange_data(about, self._subject_hash(about), total_s)
        return encode_wire(
            wire_of(_EXCHANGE, event_id, self._source, about.request_id, now_ms, data, about.traceparent)
        )

    def _subject_hash(self, about: ExchangeFacts) -> str | None:
        subject = about.subject.encode("utf-8", "surrogatepass")
        return self._fingerprints.of(about.tenant, "subject", subject)

    def _request(self, about: ExchangeFacts) -> RequestBlock:
        return RequestBlock(
            id=about.request_id,
            tenant=about.tenant,
            subject_hash=self._subject_hash(about),
            route=about.route,
            dialect=about.dialect,
            stream=about.stream,
        )

    def _incident(self, about: ExchangeFacts, report: GuardEvent, numbers: _Numbers, event_id: str) -> EventData:
        is_finding, is_answer = isinstance(report, Incident), report.direction == "response"
        action = (
            report.action if isinstance(report, Incident) else "bypass" if isinstance(report, Bypass) else "block"
        )
        return incident.IncidentData(
            schema_version=incident.VERSION,
            incident_id=incident_id(event_id),
            activity="create",
            request=self._request(about),
            model=ModelBlock(about.provider, about.model if is_answer and about.model_answered else None),
            policy=_rule_block(about, report),
            finding=_finding(about, report, action),
            location=incident.LocationBlock(
                report.direction,  # type: ignore[arg-type]
                report.channel,
                report.start,
                report.end,
            ),
            verdict="unavailable" if not is_finding else "exception" if action == "allow" else "violation",
            action=incident.ActionBlock(
                type=action,  # type: ignore[arg-type]
                tier=_TIERS.get(action, 0),  # type: ignore[arg-type]
                enforced=action in _TIERS,
                bytes_delivered_before=numbers.delivered_bytes,
                violating_bytes_delivered=report.delivered_bytes if isinstance(report, Incident) else 0,
            ),
            evidence=incident.EvidenceBlock(
                self._fingerprints.of(about.tenant, "finding", report.digest)
                if isinstance(report, Incident)
                else None,
                audit_ref=None if self._sealer is None else f"{AUDIT_PREFIX}{event_id}",
            ),
            timing=incident.IncidentTiming(round(numbers.elapsed_ms, 3), numbers.detector_ms),
            counts=incident.CountsBlock(numbers.occurrence),
            bypass=None if isinstance(report, Incident) else incident.BypassBlock(report.reason),
            allowed_as="echo" if isinstance(report, Incident) and report.is_echo else None,
        )


class _Numbers:
    """What changes while an exchange goes on, as it was at the decision."""

    __slots__ = ("delivered_bytes", "detector_ms", "elapsed_ms", "occurrence")

    def __init__(self, elapsed_ms: float, detector_ms: float | None, delivered_bytes: int, occurrence: int) -> None:
        self.elapsed_ms = elapsed_ms
        self.detector_ms = detector_ms
        self.delivered_bytes = delivered_bytes
        self.occurrence = occurrence


def _rule_block(about: ExchangeFacts, report: GuardEvent) -> incident.IncidentRule:
    in_force = about.policy.policy
    return incident.IncidentRule(
        id=in_force.name,
        hash=f"sha256:{in_force.revision}",
        rule_id=report.rule if isinstance(report, Incident) else None,
        detector=report.detector,
        detector_version=getattr(in_force.detectors.get(report.detector), "version", None),
        mode=in_force.mode.value,
    )


def _finding(about: ExchangeFacts, report: GuardEvent, action: str) -> incident.FindingBlock:
    severity: Any = _SEVERITIES.get(action, "high")
    if not isinstance(report, Incident):
        return incident.FindingBlock(report.reason, severity, None, None, "low")
    threshold = next((rule.min_score for rule in about.policy.policy.rules if rule.id == report.rule), None)
    score = report.score
    confidence: Any = "high" if score >= HIGH_SCORE else "medium" if score >= MEDIUM_SCORE else "low"
    return incident.FindingBlock(report.category, severity, score, threshold, confidence)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
