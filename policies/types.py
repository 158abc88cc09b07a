"""What a policy says, as plain values: rules, actions, limits.

The YAML schema that produces these is in `policies.schema`; what a rule does to findings is in `policies.decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from detectors.types import ChannelKind

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    from detectors.types import Detector
    from policies.encryption import Encryption
    from policies.fakes import Pools

DEFAULT_MESSAGE = "This answer was stopped by a safety policy."
DEFAULT_REPLACEMENT = "<{category}>"
DEFAULT_REWRITE = "[removed]"


class Action(StrEnum):
    """What a rule does, mildest first."""

    ALLOW = "allow"
    FLAG = "flag"
    REDACT = "redact"
    REWRITE = "rewrite"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """Rank used when actions compete for overlapping spans: the highest wins."""
        return _SEVERITY[self]

    @property
    def holds(self) -> bool:
        """Whether text must wait for the detector behind a rule with this action, beside one that edits.

        An exception holds too: without its word the rules after it could not be decided.
        """
        return self is not Action.FLAG

    @property
    def edits(self) -> bool:
        """Whether the action changes what leaves."""
        return self.severity >= Action.REDACT.severity


_SEVERITY = {action: rank for rank, action in enumerate(Action)}


class Direction(StrEnum):
    """Which way the text travels."""

    RESPONSE = "response"
    REQUEST = "request"


class Mode(StrEnum):
    """Whether rules act or only tell."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class TokenDetails(StrEnum):
    """Which log-probabilities leave: they are the text once more, token by token."""

    WITH_TEXT = "with_text"
    """Those of texts that leave unchanged."""
    NEVER = "never"


class OnError(StrEnum):
    """What happens to text that a detector could not judge."""

    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one exchange under a policy."""

    deadline_s: float = 0.5
    """Longest time one scan may take before it counts as failed."""
    max_hold_s: float = 2.0
    """Longest time a window detector may keep a segment open; the segment is then closed early."""
    max_hold_chars: int = 2000
    """Most characters of one channel that may be held; beyond it the rule's `on_error` applies."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `rules:`, resolved: every default filled in."""

    id: str
    detector: str
    action: Action
    categories: frozenset[str] | None = None
    """None: all categories of the detector."""
    min_score: float = 0.0
    directions: frozenset[Direction] = frozenset({Direction.RESPONSE})
    channels: frozenset[ChannelKind] | None = None
    """None: all channels."""
    replacement: str | None = None
    """Template for redact and rewrite, with `{category}` and `{rule}`; None: the action's default."""
    mask: str | None = None
    """One character that replaces each character of the span (redact)."""
    keep_first: int = 0
    """How many characters at the beginning of a finding the mask leaves."""
    keep_last: int = 0
    """How many at its end."""
    hash: bool = False
    """Replace the span by a keyed fingerprint of it (redact)."""
    encrypt: bool = False
    """Replace the span by a token that who has the key can turn into it again (redact)."""
    fake: str = ""
    """Replace the span by a made-up value of this locale, the same for the same value (redact)."""
    restore: bool = False
    """Replace the span of a request by a numbered placeholder, and write the value back in the answer (redact)."""
    allow_echo: bool = False
    """What the user typed in the request is no violation when the answer says it again."""
    message: str = DEFAULT_MESSAGE
    """What the client reads in place of a blocked answer."""
    on_error: OnError = OnError.BLOCK

    @property
    def keeps_ends(self) -> bool:
        """Whether the mask leaves something of what is found."""
        return bool(self.keep_first or self.keep_last)

    def reads_value(self, direction: Direction) -> bool:
        """Whether what is written depends on what the span says, its escapes decoded."""
        is_rewritten = self.keeps_ends or self.hash or self.encrypt or bool(self.fake)
        return is_rewritten or (self.restore and direction is Direction.REQUEST)

    def applies_to(self, direction: Direction, kind: ChannelKind) -> bool:
        """Whether the rule looks at this kind of channel in this direction."""
        return direction in self.directions and (self.channels is None or kind in self.channels)


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One entry of `tests:` in a policy."""

    name: str
    text: str
    action: Action
    output: str | None
    direction: Direction
    channel: ChannelKind
    line: int
    output_matches: str | None = None
    """An RE2 pattern that all of the output must match."""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A resolved policy with its detectors built. Immutable: an exchange keeps the one it began with.

    Two policies are the same only if they are one object; their revisions say whether they mean the same.
    """

    name: str
    revision: str
    """sha256 hex of the resolved policy."""
    mode: Mode
    limits: Limits
    detectors: Mapping[str, Detector]
    rules: tuple[Rule, ...]
    tests: tuple[PolicyTest, ...] = ()
    token_details: TokenDetails = TokenDetails.WITH_TEXT
    viewing: Mapping[str, tuple[Detector, ...]] = field(default_factory=dict)
    """By name: detectors that look at views of the text beside the one that looks at the text."""
    restorer: Detector | None = None
    """What finds the placeholders that its rules write into requests; None where they write none."""
    hash_key: bytes = field(default=b"", repr=False)
    """Key of the fingerprints that `hash: true` writes."""
    encryption: Encryption | None = field(default=None, repr=False)
    """Writes the tokens of `encrypt: true`; without it what is written says nothing of the value."""
    fakes: Mapping[str, Pools] = field(default_factory=dict, repr=False)
    """By locale: what the values of `fake` are made from."""
    derived: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)
    """What is worked out of the policy once, by those who do; it goes when the policy goes."""

    @property
    def drops_token_details(self) -> bool:
        """Whether no log-probabilities leave. In shadow mode answers stay as they are."""
        return self.token_details is TokenDetails.NEVER and self.mode is Mode.ENFORCE

    def effective_action(self, rule: Rule) -> Action:
        """Return the action a rule takes under the policy's mode: in shadow mode every rule only flags."""
        if self.mode is Mode.SHADOW and rule.action is not Action.ALLOW:
            return Action.FLAG
        return rule.action

    def rules_for(self, direction: Direction, kind: ChannelKind) -> tuple[Rule, ...]:
        """Return the rules that look at this kind of channel, in the order of the file."""
        return tuple(rule for rule in self.rules if rule.applies_to(direction, kind))

    def holding_detectors(self, direction: Direction, kind: ChannelKind) -> tuple[Detector, ...]:
        """Return the detectors whose word text must wait for: those behind a rule that enforces."""
        rules = self.rules_for(direction, kind)
        if self.mode is Mode.SHADOW or not any(rule.action.edits for rule in rules):
            return ()
        wanted = {rule.detector for rule in rules if rule.action.holds}
        return self._named(wanted, kind)

    def observing_detectors(self, direction: Direction, kind: ChannelKind) -> tuple[Detector, ...]:
        """Return the detectors that only flag here: they never delay a byte."""
        holding = {d.name for d in self.holding_detectors(direction, kind)}
        wanted = {rule.detector for rule in self.rules_for(direction, kind)} - holding
        return self._named(wanted, kind)

    def _named(self, names: Collection[str], kind: ChannelKind) -> tuple[Detector, ...]:
        found = [d for name, d in self.detectors.items() if name in names and kind in d.kinds]
        return (*found, *(viewing for d in found for viewing in self.viewing.get(d.name, ())))
