"""What is known of an exchange for its events: identity, sizes, times. No text of it but names that are checked.

The excerpts that the audit store is to have are the exception; they go there and nowhere else.
Filled by the handler and by guarded messages as they go; read when an event is made.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from proxy.guard.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.refusals import AnswerEnds
    from events.schema import Bypass, Failure, Incident
    from events.schema.excerpts import Excerpt
    from proxy.guard.api import ChannelSummary, GuardStats
    from proxy.server.reload import ActivePolicy
    from proxy.server.routes import Match

MAX_SUBJECT_CHARS: Final = 512
"""Longest name of an end user that is looked at; it is hashed, never kept."""

_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_OBSERVED: Final = frozenset({"allow", "flag"})


@dataclass(slots=True)
class MessageFacts:
    """One guarded message of an exchange: its request or its answer."""

    direction: str
    stats: GuardStats
    seconds: Mapping[str, float]
    """By detector: time spent scanning."""
    delivered_bytes: int = 0
    """Bytes that left the guard."""
    actions: dict[str, int] = field(default_factory=dict)
    """By action: incidents so far; a bypass and a failure count as `bypass` and `block`."""
    caught: dict[tuple[str, str], int] = field(default_factory=dict)
    """By rule and category: incidents so far, exceptions that a rule made not counted."""
    unavailable: set[str] = field(default_factory=set)
    """Labels of channels that a detector could not judge."""
    channels: Sequence[ChannelSummary] = ()
    """The texts, once the message is over."""
    cut_short: bool = False
    """Whether it ended before detectors that only observe had seen all that left."""
    answers: Sequence[AnswerEnds] = field(default=(), repr=False)
    """How the text of each choice begins and ends, once the message is over. Its event says no more of it than
    whether it declines."""
    excerpts: Sequence[Excerpt] = field(default=(), repr=False)
    """What stands around each of the events that are being recorded, where that is kept: for the audit store."""
    whole_texts: Sequence[Excerpt] = field(default=(), repr=False)
    """The texts that had an event, once the message is over, where they are kept."""

    def count(self, events: Sequence[Incident | Bypass | Failure]) -> None:
        """Count what the guard reports."""
        for event in events:
            if type(event).__name__ == "Incident":
                action = event.action  # type: ignore[union-attr]
                if action != "allow":
                    about = (event.rule, event.category)  # type: ignore[union-attr]
                    self.caught[about] = self.caught.get(about, 0) + 1
            else:
                action = "bypass" if type(event).__name__ == "Bypass" else "block"
                self.unavailable.add(event.channel)
            self.actions[action] = self.actions.get(action, 0) + 1


@dataclass(slots=True)
class ExchangeFacts:
    """One exchange."""

    request_id: str
    policy: ActivePolicy
    began_s: float = field(default_factory=time.perf_counter)
    route: str = ""
    dialect: str = ""
    """Empty: nothing is guarded here, and nothing is reported."""
    stream: bool = False
    """Whether the client asked for a stream."""
    tenant: str | None = None
    provider: str | None = None
    """Host of the model API."""
    subject: str = field(default="", repr=False)
    """The end user whom the client names; only its keyed hash is reported."""
    model: str | None = None
    """The model that was asked for, when its name has the form of one."""
    model_answered: bool = False
    """Whether the model API answered to that name: before, it is the client's text."""
    traceparent: str | None = None
    request_bytes: int = 0
    messages: list[MessageFacts] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory, repr=False)
    """Values that its two messages share, while it lasts. No event is made of it."""
    occurrences: dict[tuple[str, str], int] = field(default_factory=dict)
    """By rule and category: incidents so far."""
    decision: str = ""
    status: int | None = None
    added_first_s: float | None = None
    added_whole_s: float | None = None
    ended: bool = False
    observing: int = 0
    """Messages whose observers still work."""

    def read_match(self, match: Match) -> None:
        """Take the route of the request, with the names that stand in it instead of what fills them."""
        self.route = match.route or match.path
        self.model = match.path_model
        self.dialect = "" if match.dialect is None else match.dialect.name

    def read_request(self, payload: Mapping[str, Any], size: int) -> None:
        """Take what the request's body says of itself."""
        self.request_bytes = size
        model = payload.get("model") if self.model is None else self.model
        self.model = model if isinstance(model, str) and _MODEL.fullmatch(model) else None
        metadata = payload.get("metadata")
        inner = metadata.get("user_id") if isinstance(metadata, dict) else None
        for subject in (payload.get("safety_identifier"), payload.get("user"), inner):
            if isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_CHARS:
                self.subject = subject
                break

    def read_trace(self, traceparent: str | None) -> None:
        """Take the client's trace, when it has the form of one (W3C Trace Context)."""
        if traceparent is not None and _TRACEPARENT.fullmatch(traceparent):
            self.traceparent = traceparent

    def next_occurrence(self, rule: str, category: str) -> int:
        """Return how many incidents of a rule and category there were, with this one."""
        count = self.occurrences.get((rule, category), 0) + 1
        self.occurrences[rule, category] = count
        return count


def is_enforced(event: Incident | Bypass | Failure) -> bool:
    """Whether a decision changed what leaves, or let something pass unjudged: it must be durable before."""
    return type(event).__name__ != "Incident" or event.action not in _OBSERVED  # type: ignore[union-attr]
