"""The part of a policy that concerns one kind of channel in one direction, worked out once for each policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.screening import QUIET
from detectors.types import CONTENT_KINDS, ChannelKind
from policies.types import Action, Direction, OnError, Policy
from proxy.guard.api import ChannelSummary
from proxy.guard.panel import bench_of

if TYPE_CHECKING:
    from policies.types import Rule
    from proxy.wire.types import Channel


RESTORED_KINDS = CONTENT_KINDS - {ChannelKind.TOOL_NAME}
"""Kinds of texts into which values are written back. The name of a tool is the caller's."""

MAX_SUMMARIES = 256
"""Texts of one kind whose names are remembered: numbers of choices and parts, nothing that a peer writes."""


class ChannelRules:
    """What a policy says about one kind of channel."""

    __slots__ = (
        "_judges_alone",
        "_rules",
        "_screen",
        "_summaries",
        "allows_echo",
        "direction",
        "holders",
        "holding",
        "kind",
        "names",
        "observers",
        "observing",
        "policy",
        "reads_values",
        "rewrites",
    )

    def __init__(
        self,
        policy: Policy,
        direction: Direction,
        kind: ChannelKind,
        *,
        use_screens: bool = True,
        finds_placeholders: bool = False,
    ) -> None:
        """`finds_placeholders`: values of the request are written back into the text."""
        self.policy = policy
        self.direction = direction
        self.kind = kind
        self._rules = policy.rules_for(direction, kind)
        self.holding = policy.holding_detectors(direction, kind)
        if finds_placeholders and policy.restorer is not None and kind in RESTORED_KINDS:
            self.holding += (policy.restorer,)
        """Detectors that text waits for."""
        self.observing = policy.observing_detectors(direction, kind)
        """Detectors that only tell."""
        self.holders = bench_of(self.holding, policy.limits.max_hold_chars, use_screens=use_screens)
        self.observers = bench_of(self.observing, policy.limits.max_hold_chars, use_screens=use_screens)
        every = bench_of((*self.holding, *self.observing), 0, use_screens=use_screens)
        self._screen = every.screen
        self._judges_alone = bool(every.alone)
        self._summaries: dict[tuple[int, int], ChannelSummary] = {}
        self.names = tuple(dict.fromkeys(detector.name for detector in (*self.holding, *self.observing)))
        """Of all detectors."""
        holding = {detector.name for detector in self.holding}
        self.reads_values = finds_placeholders or any(rule.reads_value(direction) for rule in self._rules)
        """Whether it matters what a span says: for what is written in its place, or for the way back."""
        self.allows_echo = direction is Direction.RESPONSE and any(rule.allow_echo for rule in self._rules)
        """Whether a rule asks what the user typed."""
        self.rewrites = any(r.action is Action.REWRITE and r.detector in holding for r in self._rules)
        """Whether whole sentences must be held, because a rule may replace one."""

    def is_quiet(self, text: str) -> bool:
        """Whether no detector finds anything in a text to which nothing is added; False when they must be asked."""
        if self._judges_alone or (self.kind is ChannelKind.TOOL_ARGUMENTS and "\\" in text):
            return False  # arguments with escapes have another reading
        return self._screen is None or self._screen.look(text) == QUIET

    def summary(self, channel: Channel, chars: int) -> ChannelSummary:
        """Return what events say of a text of this kind, so many code points long."""
        key = (channel.choice, channel.part)
        known = self._summaries.get(key)
        if known is None:
            is_observed = bool(self.observing)
            is_watched = is_observed or bool(self.holding)
            known = ChannelSummary(channel_label(channel), channel.kind.value, chars, is_watched, is_observed)
            if len(self._summaries) < MAX_SUMMARIES:
                self._summaries[key] = known
        label, named, known_chars, is_watched, is_observed = known
        return known if chars == known_chars else ChannelSummary(label, named, chars, is_watched, is_observed)

    def blocking_rule(self, detector: str) -> Rule | None:
        """Return the rule that stops the message when this detector fails; None when all let it pass."""
        for rule in self._rules:
            if rule.detector == detector and rule.action.holds and rule.on_error is OnError.BLOCK:
                return rule
        return None


class RulesByKind(dict["ChannelKind", ChannelRules]):
    """What a policy says in one direction about each kind of channel; fills itself as kinds are met."""

    def __init__(
        self, policy: Policy, direction: Direction, *, use_screens: bool, finds_placeholders: bool
    ) -> None:
        super().__init__()
        self._finds_placeholders = finds_placeholders
        self._policy = policy
        self._direction = direction
        self._use_screens = use_screens

    def __missing__(self, kind: ChannelKind) -> ChannelRules:
        rules = ChannelRules(
            self._policy,
            self._direction,
            kind,
            use_screens=self._use_screens,
            finds_placeholders=self._finds_placeholders,
        )
        self[kind] = rules
        return rules


def channel_rules(
    policy: Policy, direction: Direction, *, use_screens: bool = True, finds_placeholders: bool = False
) -> RulesByKind:
    """Return what a policy says in one direction. Worked out once for a policy, and forgotten with it.

    `finds_placeholders`: of an answer into which values of its request are written back.
    """
    key = (RulesByKind, direction, use_screens, finds_placeholders)
    found: RulesByKind | None = policy.derived.get(key)
    if found is None:
        found = policy.derived[key] = RulesByKind(
            policy, direction, use_screens=use_screens, finds_placeholders=finds_placeholders
        )
    return found


def channel_label(channel: Channel) -> str:
    """Return the channel's name for events: `text[0]`, `tool_arguments[0].1`.

    A channel's own `name` is left out: for unknown fields it is made of the sender's keys, which are text too.
    """
    label = f"{channel.kind.value}[{channel.choice}]"
    return f"{label}.{channel.part}" if channel.part else label
