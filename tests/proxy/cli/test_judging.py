from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from policies.loader import load_policy_text
from policies.types import Action, Direction
from proxy.cli.judging import judge_text

POLICY = load_policy_text(
    """\
version: 1
name: judging
detectors:
  words: {type: keywords, words: {STOP: [falcon-9b], MILD: [gosh], NOTED: [note]}}
rules:
  - {id: stop, detector: words, categories: [STOP], action: block, message: "Stopped."}
  - {id: soften, detector: words, categories: [MILD], action: redact}
  - {id: noted, detector: words, categories: [NOTED], action: flag}
"""
)

words = st.lists(st.sampled_from(["gosh", "note", "well", "falcon-9b", ","]), max_size=12).map(" ".join)


@given(words)
def test_action_output_and_incidents_agree(text: str) -> None:
    """The most severe action of the incidents is the action; what was masked or blocked is not in the output."""
    judged = judge_text(POLICY, text, Direction.RESPONSE, ChannelKind.TEXT)
    actions = [Action(one.action) for one in judged.incidents]
    assert judged.action is max(actions, key=lambda one: one.severity, default=Action.ALLOW)
    assert judged.blocked is ("falcon-9b" in text)
    assert "gosh" not in judged.output
    assert "falcon" not in judged.output
    assert [one.start for one in judged.incidents] == sorted(one.start for one in judged.incidents)
    for one in judged.incidents:
        assert text[one.start : one.end] in {"gosh", "note", "falcon-9b"}


def test_flags_are_reported_too() -> None:
    judged = judge_text(POLICY, "a note", Direction.RESPONSE, ChannelKind.TEXT)
    assert (judged.action, judged.output) == (Action.FLAG, "a note")
    assert [one.rule for one in judged.incidents] == ["noted"]
    assert judged.unjudged == ()


def test_lone_surrogates_go_through() -> None:
    judged = judge_text(POLICY, "gosh \ud800", Direction.RESPONSE, ChannelKind.TEXT)
    assert judged.output == "<MILD> \ud800"
