"""What an answer says once more of its request: judged like the rest, and it stops no answer."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from policies.types import Action
from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.openai_responses import RESPONSES
from tests.support import generated
from tests.support.guards import Outcome, loaded, outcome
from tests.support.responses import response, says, sse, stream_events

STOPPED = "halt the presses"
POLICY = """
version: 1
name: echoes
detectors: {stops: {type: keywords, words: [halt the presses]}}
rules: [{id: stops, detector: stops, action: block, message: "Stopped."}]
"""

ASKED = {"type": "input_text", "text": STOPPED}
ECHOES: dict[str, dict[str, Any]] = {
    "instructions": {"instructions": f"Never say {STOPPED}."},
    "instructions as items": {"instructions": [{"role": "system", "content": [ASKED]}]},
    "a tool": {"tools": [{"type": "function", "name": "f", "description": STOPPED, "parameters": {}}]},
    "its schema": {"tools": [{"type": "function", "name": "f", "parameters": {"title": STOPPED}}]},
    "metadata": {"metadata": {"about": STOPPED, "team": "blue"}},
    "a prompt": {"prompt": {"id": "pmpt_1", "variables": {"word": STOPPED}, "version": "2"}},
    "a format": {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": STOPPED}}}},
    "a user": {"user": STOPPED},
}


def streamed(output: list[Any], members: dict[str, Any], seed: int = 0) -> Outcome:
    """What comes of a stream whose response objects have these members."""
    events = [
        {**event, "response": {**event["response"], **members}} if "response" in event else event
        for event in stream_events(output)
    ]
    reads = generated.cut(random.Random(seed), b"".join(map(sse, events)))
    return outcome(StreamGuard(RESPONSES.stream_codec(), loaded(POLICY)), reads)


def whole(output: list[Any], members: dict[str, Any]) -> Outcome:
    """What comes of the same answer in one."""
    body = response([item.value(number, full=True) for number, item in enumerate(output)], **members)
    return outcome(StreamGuard(RESPONSES.body_codec(), loaded(POLICY)), [json.dumps(body).encode()])


@pytest.mark.parametrize("name", ECHOES)
def test_what_was_asked_stops_no_answer(name: str) -> None:
    """What a rule would stop is taken out wherever it is echoed, and told; the model's words stay. In any cut."""
    output = [says("Blue ", "it is.")]
    expected = streamed(output, ECHOES[name])
    assert all(streamed(output, ECHOES[name], seed) == expected for seed in range(1, 5))
    for found in (expected, whole(output, ECHOES[name])):
        assert (found.state, found.decision) == (GuardState.STATE_DONE, Action.REDACT)
        assert STOPPED.encode() not in found.written
        assert b"Blue it is." in found.written
        assert {getattr(event, "action", "") for event in found.events} == {"redact"}
    if name == "instructions":
        assert expected.written.count(b'"instructions":"Never say <') == expected.written.count(b'"response":{')


@pytest.mark.parametrize("members", [{}, ECHOES["instructions"], ECHOES["metadata"]])
def test_the_same_words_of_the_model_stop_it(members: dict[str, Any]) -> None:
    """Whether or not they were asked for."""
    for found in (streamed([says("So ", STOPPED, ".")], members), whole([says("So ", STOPPED, ".")], members)):
        assert found.state is GuardState.STATE_BLOCKED
        assert STOPPED.encode() not in found.written


def test_the_same_words_beside_what_is_echoed_stop_it() -> None:
    """A complete value that the model made is not known by one that it repeats."""
    output = [says("Blue.")]
    members = {**ECHOES["a user"], "output_text": STOPPED}
    assert streamed(output, members).state is GuardState.STATE_BLOCKED
    assert whole(output, members).state is GuardState.STATE_BLOCKED
