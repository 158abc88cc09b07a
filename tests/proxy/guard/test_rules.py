"""The part of a policy for one kind of channel."""

from detectors.types import ChannelKind
from policies.types import Action, Direction, Mode, OnError
from proxy.guard.api import ChannelSummary
from proxy.guard.rules import ChannelRules, channel_label
from proxy.wire.types import Channel
from tests.support.toy import WordDetector, policy, rule

W, V = WordDetector("w", ("x",)), WordDetector("v", ("y",))


def test_holding_and_observing_detectors_are_told_apart() -> None:
    """A detector behind a rule that enforces holds; one that only flags observes."""
    rules = ChannelRules(
        policy([W, V], [rule("w", Action.BLOCK), rule("v", Action.FLAG)]), Direction.RESPONSE, ChannelKind.TEXT
    )
    assert [d.name for d in rules.holding] == ["w"]
    assert [d.name for d in rules.observing] == ["v"]
    assert not rules.rewrites


def test_shadow_mode_only_observes() -> None:
    """Nothing holds and nothing rewrites in shadow mode."""
    shadow = policy([W], [rule("w", Action.REWRITE)], mode=Mode.SHADOW)
    rules = ChannelRules(shadow, Direction.RESPONSE, ChannelKind.TEXT)
    assert rules.holding == ()
    assert not rules.rewrites


def test_an_exception_alone_holds_nothing() -> None:
    """`allow` waits for nothing when there is nothing to make an exception from."""
    rules = ChannelRules(
        policy([W, V], [rule("w", Action.ALLOW), rule("v", Action.FLAG)]), Direction.RESPONSE, ChannelKind.TEXT
    )
    assert rules.holding == ()
    assert {d.name for d in rules.observing} == {"w", "v"}


def test_the_rule_that_blocks_on_failure() -> None:
    """A failing detector blocks when one of its enforcing rules says so."""
    rules = [rule("w", Action.REDACT, on_error=OnError.ALLOW), rule("v", Action.REDACT)]
    found = ChannelRules(policy([W, V], rules), Direction.RESPONSE, ChannelKind.TEXT)
    assert found.blocking_rule("w") is None
    assert found.blocking_rule("v") == rules[1]


def test_labels_never_carry_names_of_unknown_fields() -> None:
    """Keys that the sender made up are text: they stay out of events."""
    assert channel_label(Channel(ChannelKind.OTHER, 1, 2, "x.secret-key")) == "other[1].2"
    assert channel_label(Channel(ChannelKind.TEXT)) == "text[0]"


def test_what_is_said_of_a_text() -> None:
    """Its name and who watches it are worked out once; its length is its own."""
    rules = ChannelRules(policy([W], [rule("w", Action.FLAG)]), Direction.RESPONSE, ChannelKind.TEXT)
    channel = Channel(ChannelKind.TEXT, 0, 1, "key-of-the-sender")
    assert [rules.summary(channel, chars) for chars in (3, 5)] == [
        ChannelSummary("text[0].1", "text", chars, is_watched=True, is_observed=True) for chars in (3, 5)
    ]
