"""What a guard reports about a message, before it becomes an event. No text of the exchange is in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Incident:
    """A finding that a rule acted on."""

    rule: str
    detector: str
    category: str
    score: float
    action: str
    """What was enforced: allow, flag, redact, rewrite, block."""
    direction: str
    channel: str
    """Kind, choice and part of the channel: `text[0]`, `tool_arguments[0].1`."""
    start: int
    end: int
    """Span in code points of the channel's original text."""
    digest: bytes = field(default=b"", repr=False, compare=False)
    """HMAC of the matched text under the policy's key; empty where the policy has none. Never published as it is:
    an event carries a fingerprint made from it with the tenant's key."""
    delivered_bytes: int = 0
    """How much of the span had left when the rule acted, in bytes of UTF-8. 0 for every rule that enforces."""
    is_echo: bool = False
    """Whether the rule let it pass because the user had typed it."""


@dataclass(frozen=True, slots=True)
class Bypass:
    """Text that went on unjudged by a detector because the rule's `on_error` allows it."""

    detector: str
    reason: str
    """error, deadline, garbage, limit."""
    direction: str
    channel: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A detector that could not judge, where the rule's `on_error` blocks."""

    detector: str
    reason: str
    direction: str
    channel: str
    start: int
    end: int
