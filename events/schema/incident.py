"""`dev.sluicegate.incident.v1`: one finding that a rule acted on, or one text that a detector could not judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from events.schema.blocks import ModelBlock, PolicyBlock, RequestBlock

TYPE: Final = "dev.sluicegate.incident.v1"
VERSION: Final = "1.1"


@dataclass(frozen=True, slots=True)
class IncidentRule(PolicyBlock):
    """The rule that acted, in its policy."""

    rule_id: str | None
    """Id of the rule; null when a detector failed and no finding was made."""
    detector: str
    """Name of the detector in the policy."""
    detector_version: str | None
    """Version of the detector, where it has one of its own."""
    mode: Literal["enforce", "shadow"]
    """Whether the policy acts or only tells."""


@dataclass(frozen=True, slots=True)
class FindingBlock:
    """What the detector found."""

    category: str
    """The detector's word for it."""
    severity: Literal["informational", "low", "medium", "high"]
    """From what was done about it: block and bypass high, redact and rewrite medium, flag low, allow
    informational."""
    score: float | None
    """The detector's confidence, 0 to 1; null when it gave no answer."""
    threshold: float | None
    """Lowest score that the rule counts."""
    confidence: Literal["low", "medium", "high"]
    """The score in words: high from 0.85, medium from 0.5."""


@dataclass(frozen=True, slots=True)
class LocationBlock:
    """Where in the message it stands."""

    direction: Literal["response", "request"]
    """Which way the text travelled."""
    channel: str
    """Kind, choice and part of the text: `text[0]`, `tool_arguments[0].1`."""
    char_start: int
    """First code point of the span in the channel's original text."""
    char_end: int
    """Just past its last code point."""


@dataclass(frozen=True, slots=True)
class ActionBlock:
    """What was done."""

    type: Literal["allow", "flag", "redact", "rewrite", "block", "bypass"]
    """The action of the policy; `bypass`: let through unjudged because the rule says `on_error: allow`."""
    tier: Literal[0, 1, 2]
    """0: nothing changed, 1: the text was changed and the answer went on, 2: the answer ended."""
    enforced: bool
    """Whether the action changed what the receiver got."""
    bytes_delivered_before: int
    """Bytes of the message that had left for the receiver before this decision."""
    violating_bytes_delivered: int
    """Bytes of the finding itself that had left before the decision. Always 0 where `enforced` is true."""


@dataclass(frozen=True, slots=True)
class EvidenceBlock:
    """How the finding can be recognised again without its text."""

    fingerprint: str | None
    """`hmac256:KEY:HEX` of the matched text under the tenant's key; equal for equal texts of one tenant."""
    excerpt_redacted: str | None = None
    """Never filled by this version."""
    audit_ref: str | None = None
    """Id of the record in the audit store, where there is one."""


@dataclass(frozen=True, slots=True)
class BypassBlock:
    """Why a detector gave no answer."""

    reason: str
    """`error`, `deadline`, `garbage`, `limit` or `overload`."""


@dataclass(frozen=True, slots=True)
class IncidentTiming:
    """When it happened within the exchange."""

    elapsed_ms: float
    """Since the request had arrived."""
    detector_ms: float | None
    """Time that the detector had worked on this message so far."""


@dataclass(frozen=True, slots=True)
class CountsBlock:
    """Its place among others like it."""

    occurrence: int
    """1 for the first of this rule and category in the exchange, then 2, and so on."""


@dataclass(frozen=True, slots=True)
class IncidentData:
    """The data of an incident event."""

    schema_version: str
    """Version of this schema."""
    incident_id: str
    """Id of the incident; verdicts and later updates carry it."""
    activity: Literal["create", "update", "close"]
    """`create` is the decision itself."""
    request: RequestBlock
    model: ModelBlock
    policy: IncidentRule
    finding: FindingBlock
    location: LocationBlock
    verdict: Literal["violation", "exception", "unavailable"]
    """What the detector and the rule said of the text; `action` says what was done about it."""
    action: ActionBlock
    evidence: EvidenceBlock
    timing: IncidentTiming
    counts: CountsBlock
    bypass: BypassBlock | None = None
    """Set when a detector could not judge."""
    allowed_as: Literal["echo"] | None = None
    """Why a rule that would act let it pass: `echo`, the user had typed it. Since schema 1.1."""
