from __future__ import annotations

import json

import pytest

from detectors.types import ChannelKind
from policies.types import Action, Direction
from proxy.cli.judging import judge_text
from proxy.cli.loading import load
from proxy.demo.run import DEMO_POLICY
from proxy.demo.script import SCENARIOS, TEXT, Scenario, cut


def test_a_script_is_cut_at_its_borders_and_then_by_words() -> None:
    assert cut("Write to ja|ne@x|.org now\n") == ("Write", " to", " ja", "ne@x", ".org", " now", "\n")
    assert "".join(cut("  a  b | c ")) == "  a  b  c "


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.title)
def test_a_scenario_is_consistent(scenario: Scenario) -> None:
    """Its tool arguments are JSON, its prompt is its own, and what must not be seen is in what the model says."""
    assert [one.prompt for one in SCENARIOS].count(scenario.prompt) == 1
    everything = ""
    for answer in scenario.answers:
        if answer.tool is not None:
            json.loads("".join(answer.tool.arguments))
            everything += "".join(answer.tool.arguments)
        everything += "".join(answer.text + answer.reasoning)
    assert [text for text in scenario.never if text not in everything] == []
    assert scenario.fails is scenario.expected.fails


def test_the_events_that_the_titles_promise() -> None:
    """The values are split over 2, 3 and 7 events."""
    counts = {"2 events": 2, "3 events": 3, "7 events": 7}
    for scenario in SCENARIOS:
        wanted = [count for words, count in counts.items() if words in scenario.title]
        if wanted:
            answer = scenario.answers[0].text
            masked = scenario.expected.got[0, TEXT]
            start = next(i for i, (a, b) in enumerate(zip("".join(answer), masked, strict=False)) if a != b)
            tail = len(masked) - masked.index(">") - 1
            end = len("".join(answer)) - tail
            at, touched = 0, 0
            for piece in answer:
                touched += at < end and at + len(piece) > start
                at += len(piece)
            assert [touched] == wanted


def test_the_policy_agrees_with_the_script() -> None:
    """What the script expects of a text is what the policy makes of it, without any stream."""
    policy = load(DEMO_POLICY)
    for scenario in SCENARIOS:
        for choice, answer in enumerate(scenario.answers):
            judged = judge_text(policy, "".join(answer.text), Direction.RESPONSE, ChannelKind.TEXT)
            assert judged.output == scenario.expected.got.get((choice, TEXT), "".join(answer.text))
            assert judged.action.severity <= max(scenario.expected.action.severity, Action.ALLOW.severity)
