"""The part of a policy that concerns one kind of channel in one direction, worked out once for each policy."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policies.types import Action, Direction, OnError, Policy

if TYPE_CHECKING:
    from detectors.types import ChannelKind
    from policies.types import Rule


class ChannelRules:
    """What a policy says about one kind of channel."""

    __slots__ = ("_rules", "direction", "holding", "kind", "observing", "policy", "rewrites")

    def __init__(self, policy: Policy, direction: Direction, kind: ChannelKind) -> None:
        self.policy = policy
        self.direction = direction
        self.kind = kind
        self._rules = policy.rules_for(direction, kind)
        self.holding = policy.holding_detectors(direction, kind)
        """Detectors that text waits for."""
        self.observing = policy.observing_detectors(direction, kind)
        """Detectors that only tell."""
        holding = {detector.name for detector in self.holding}
        self.rewrites = any(r.action is Action.REWRITE and r.detector in holding for r in self._rules)
        """Whether whole sentences must be held, because a rule may replace one."""

    def blocking_rule(self, detector: str) -> Rule | None:
        """Return the rule that stops the message when this detector fails; None when all let it pass."""
        for rule in self._rules:
            if rule.detector == detector and rule.action.holds and rule.on_error is OnError.BLOCK:
                return rule
        return None


@lru_cache(maxsize=64)
def channel_rules(policy: Policy, direction: Direction, kind: ChannelKind) -> ChannelRules:
    """Return what a policy says about one kind of channel in one direction.

    Remembered for the last few policies (all kinds in both directions of four): a reload soon forgets the old one.
    """
    return ChannelRules(policy, direction, kind)
