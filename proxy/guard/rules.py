"""The part of a policy that concerns one kind of channel in one direction, worked out once for each policy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from policies.types import Action, Direction, OnError, Policy

if TYPE_CHECKING:
    from detectors.types import ChannelKind
    from policies.types import Rule


class ChannelRules:
    """What a policy says about one kind of channel."""

    __slots__ = ("_policy", "_rules", "direction", "holding", "kind", "observing", "rewrites")

    def __init__(self, policy: Policy, direction: Direction, kind: ChannelKind) -> None:
        self._policy = ref(policy)  # what is remembered of a policy must not keep it alive
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

    @property
    def policy(self) -> Policy:
        """The policy, which its exchange keeps alive."""
        policy = self._policy()
        assert policy is not None  # noqa: S101 - the guard of the exchange holds it
        return policy

    def blocking_rule(self, detector: str) -> Rule | None:
        """Return the rule that stops the message when this detector fails; None when all let it pass."""
        for rule in self._rules:
            if rule.detector == detector and rule.action.holds and rule.on_error is OnError.BLOCK:
                return rule
        return None


_KNOWN: WeakKeyDictionary[Policy, dict[tuple[Direction, ChannelKind], ChannelRules]] = WeakKeyDictionary()
"""Goes with its policies; a policy never changes, so neither does what is remembered of it."""


def channel_rules(policy: Policy, direction: Direction, kind: ChannelKind) -> ChannelRules:
    """Return what a policy says about one kind of channel in one direction."""
    known = _KNOWN.setdefault(policy, {})
    rules = known.get((direction, kind))
    if rules is None:
        rules = known[direction, kind] = ChannelRules(policy, direction, kind)
    return rules
