"""The plain values of a policy: which action wins, which rules look where, whose word text waits for."""

from __future__ import annotations

from detectors.types import CONTENT_KINDS, ChannelKind
from policies.types import Action, Direction, Limits, Mode, Policy, Rule
from tests.support.toy import WordDetector

TEXT, REASONING = ChannelKind.TEXT, ChannelKind.REASONING


def policy(mode: Mode = Mode.ENFORCE) -> Policy:
    detectors = {
        name: WordDetector(name, ("x",), kinds=CONTENT_KINDS) for name in ("flagged", "blocked", "both", "excepted")
    }
    rules = (
        Rule(id="a", detector="flagged", action=Action.FLAG),
        Rule(id="b", detector="blocked", action=Action.BLOCK, channels=frozenset({TEXT})),
        Rule(id="c", detector="both", action=Action.FLAG),
        Rule(id="d", detector="both", action=Action.REDACT, directions=frozenset({Direction.REQUEST})),
        Rule(id="e", detector="excepted", action=Action.ALLOW),
    )
    return Policy("p", "0", mode, Limits(), detectors, rules)


def names(detectors: object) -> list[str]:
    return [d.name for d in detectors]  # type: ignore[attr-defined]


def test_severity_grows_from_allow_to_block() -> None:
    """The order of the contract's table."""
    order = [Action.ALLOW, Action.FLAG, Action.REDACT, Action.REWRITE, Action.BLOCK]
    assert sorted(Action, key=lambda action: action.severity) == order


def test_text_waits_only_for_detectors_that_enforce_there() -> None:
    """Direction and channel decide; an exception is waited for where a rule could act."""
    p = policy()
    assert names(p.holding_detectors(Direction.RESPONSE, TEXT)) == ["blocked", "excepted"]
    assert names(p.observing_detectors(Direction.RESPONSE, TEXT)) == ["flagged", "both"]
    assert names(p.holding_detectors(Direction.RESPONSE, REASONING)) == []
    assert names(p.observing_detectors(Direction.RESPONSE, REASONING)) == ["flagged", "both", "excepted"]
    assert names(p.holding_detectors(Direction.REQUEST, TEXT)) == ["both"]
    assert names(p.holding_detectors(Direction.RESPONSE, ChannelKind.ID)) == []


def test_shadow_mode_waits_for_nobody() -> None:
    """Every detector still looks."""
    p = policy(Mode.SHADOW)
    assert names(p.holding_detectors(Direction.RESPONSE, TEXT)) == []
    assert names(p.observing_detectors(Direction.RESPONSE, TEXT)) == ["flagged", "blocked", "both", "excepted"]
    assert [p.effective_action(rule) for rule in p.rules] == [*[Action.FLAG] * 4, Action.ALLOW]


def test_the_key_of_fingerprints_is_not_shown() -> None:
    """A policy in a log line or a traceback gives nothing away."""
    secret = b"not to be seen"
    p = policy()
    shown = repr(Policy(p.name, p.revision, p.mode, p.limits, p.detectors, p.rules, hash_key=secret))
    assert secret.decode() not in shown
