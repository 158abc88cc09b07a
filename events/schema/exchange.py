"""`dev.sluicegate.exchange.v1`: one compact record for every guarded answer, clean ones too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from events.schema.blocks import ModelBlock, PolicyBlock, RequestBlock

TYPE: Final = "dev.sluicegate.exchange.v1"
VERSION: Final = "1.2"


@dataclass(frozen=True, slots=True)
class ExchangePolicy(PolicyBlock):
    """The policy of the exchange."""

    mode: Literal["enforce", "shadow"]
    """Whether it acts or only tells."""


@dataclass(frozen=True, slots=True)
class DetectorBlock:
    """What one detector did for one message of the exchange."""

    name: str
    """Its name in the policy."""
    direction: Literal["response", "request"]
    """The message it read."""
    scanned_chars: int
    """Characters shown to it, context not counted."""
    scan_ms: float
    """Time it worked."""
    scores: dict[str, float]
    """By category: the highest score it gave, whether a rule acted or not. A category that is not here: no
    finding."""


@dataclass(frozen=True, slots=True)
class ChannelBlock:
    """The texts of one kind in one message."""

    kind: str
    """text, reasoning, refusal, tool_name, tool_arguments, annotation, id or other."""
    direction: Literal["response", "request"]
    """The message they were in."""
    chars: int
    """Their length in code points."""
    scanned: int
    """Texts that every detector in charge has read to the end of what left."""
    not_scanned: int
    """Texts that no detector of the policy is in charge of."""
    unavailable: int
    """Texts of which a detector in charge could not judge a part."""


@dataclass(frozen=True, slots=True)
class LengthsBlock:
    """How much there was."""

    request_bytes: int
    """Body of the request."""
    response_chars: int
    """Text of the answer as the model API sent it, in code points."""
    delivered_bytes: int
    """Body of the answer as it left for the client."""
    frames: int
    """Events of the stream; 1 for a whole answer."""
    edits: int
    """Spans that were replaced."""
    held_chars_peak: int
    """Most characters held back at one time."""


@dataclass(frozen=True, slots=True)
class ExchangeTiming:
    """How long it took, in milliseconds."""

    total_ms: float
    """From the request's arrival to the end of the answer."""
    added_first_ms: float | None
    """Time that the proxy added to the first byte; null where there was none."""
    added_whole_ms: float | None
    """Time between the model API's last byte and ours, and what the request's own checks took."""


@dataclass(frozen=True, slots=True)
class ExchangeData:
    """The data of an exchange event."""

    schema_version: str
    """Version of this schema."""
    request: RequestBlock
    model: ModelBlock
    policy: ExchangePolicy
    decision: str
    """The most severe action taken, or refused, failed, upstream_error, client_gone, slow_client."""
    status: int | None
    """Status of the answer; null when none could be sent."""
    refusal: Literal["none", "stated"]
    """`stated`: the model declined in the field that its format has for it."""
    lengths: LengthsBlock
    timing: ExchangeTiming
    detectors: list[DetectorBlock]
    """What each detector did for each message."""
    channels: list[ChannelBlock]
    """Whether the texts were scanned, by kind and message."""
    actions: dict[str, int]
    """By action of an incident: how many there were."""
    truncated: bool = False
    """Whether entries of `detectors` or their scores were left out to keep the event small."""
    rules: dict[str, int] = field(default_factory=dict)
    """By rule: how many incidents there were, exceptions not counted; at most 16 rules."""
    categories: dict[str, int] = field(default_factory=dict)
    """By category: the same."""
    refusal_words: Literal["none", "partial", "full"] | None = None
    """Whether the answer declines, by how it begins and ends: `partial`, a part of what was asked, or helps all the
    same. Null where there was no answer, and from a proxy older than schema 1.1."""
    restored: int = 0
    """Placeholders of the answer in place of which a value of the request was written; since schema 1.2."""
    not_restorable: int = 0
    """Values of the request that a rule would restore, replaced without a way back; since schema 1.2."""
