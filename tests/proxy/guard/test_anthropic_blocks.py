"""A block at every text of every recorded answer of the Messages API, through the guard."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from anthropic.types.beta import BetaMessage

from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.wire.test_anthropic_endings import final
from tests.proxy.wire.test_canaries import places, planted
from tests.support import generated
from tests.support.anthropic_messages import RECORDINGS, stream, stream_events, text, thinking, tool, whole
from tests.support.guards import Outcome, fed, loaded, outcome

DIALECT = DIALECTS["anthropic-messages"]
STOPPED = "halt the presses"
POLICY = load_policy_text(f"""
version: 1
name: blocks
detectors: {{stops: {{type: keywords, words: [{STOPPED}]}}}}
rules: [{{id: stops, detector: stops, action: block, message: "Stopped here."}}]
""")
MACHINE_MADE = {"type", "role", "expires_at"}
"""Whose other values the SDK would refuse before anything is blocked."""


def guarded(reads: list[bytes], *, is_stream: bool) -> bytes:
    codec = DIALECT.stream_codec() if is_stream else DIALECT.body_codec()
    found = outcome(StreamGuard(codec, POLICY), reads)
    assert found.state is GuardState.STATE_BLOCKED
    return found.written


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_block_anywhere_ends_the_answer_well(name: str) -> None:
    """Streamed: every block closed, a refusal, nothing after it, the SDK takes every event. Whole: the same end."""
    answer = RECORDINGS[name].answer
    for path, value in places(answer):
        if not isinstance(value, str) or path[-1] in MACHINE_MADE:
            continue
        chance = random.Random(str(path))
        changed = planted(answer, path, f"so {STOPPED} now")
        data = stream(stream_events(changed, lambda text, chance=chance: generated.pieces(chance, text)))
        streamed = guarded(generated.cut(chance, data), is_stream=True)
        message = final(streamed, beta=True)
        whole = BetaMessage.model_validate_json(
            guarded([json.dumps(changed).encode()], is_stream=False), strict=True
        )
        assert message.stop_reason == whole.stop_reason == "refusal", path
        assert message.content[-1].text.endswith("Stopped here."), path
        assert whole.content[-1].text == message.content[-1].text, path
        assert STOPPED.encode() not in streamed


NAMES = loaded("""
version: 1
name: names
detectors: {names: {type: keywords, words: [Project Orion, falcon-9b]}}
rules: [{id: names, detector: names, action: redact, replacement: "[name]"}]
""")


def names_taken_out(*blocks: dict[str, Any], seed: int) -> tuple[Outcome, Outcome]:
    """The same answer streamed, cut somehow, and whole."""
    chance, answer = random.Random(seed), whole(*blocks)
    data = stream(stream_events(answer, lambda text: generated.pieces(chance, text)))
    streamed = outcome(StreamGuard(DIALECT.stream_codec(), NAMES), generated.cut(chance, data))
    return streamed, outcome(StreamGuard(DIALECT.body_codec(), NAMES), [json.dumps(answer).encode()])


@pytest.mark.parametrize("seed", range(8))
def test_blocks_of_text_in_a_row_are_one_text(seed: int) -> None:
    """What lies across two or three of them is found, and replaced where it begins; the blocks stay blocks."""
    said = [text("It is Project O"), text("rion, or fal"), text("con-"), text("9b.")]
    streamed, body = names_taken_out(*said, seed=seed)
    assert [block["text"] for block in json.loads(body.written)["content"]] == [
        "It is [name]",
        ", or [name]",
        "",
        ".",
    ]
    message = final(streamed.written)
    assert [block.text for block in message.content] == ["It is [name]", ", or [name]", "", "."]
    assert streamed.events == body.events
    assert len(body.events) == 2


@pytest.mark.parametrize("between", [tool("f", {"a": 1}), thinking("Hm.")])
def test_texts_with_something_between_them_are_two(between: dict[str, Any]) -> None:
    """No value goes on behind it, streamed or whole."""
    streamed, body = names_taken_out(text("It is Project O"), between, text("rion."), seed=1)
    assert streamed.events == body.events == []
    assert b"Project O" in body.written


def test_a_text_waits_for_the_next_block_and_no_longer() -> None:
    """What could become a value is held when its block ends, and leaves when another sort of block begins."""
    events = stream_events(whole(text("It is Project"), tool("f", {"a": 1})))
    at = next(number for number, event in enumerate(events) if event["type"] == "content_block_stop")
    guard = StreamGuard(DIALECT.stream_codec(), NAMES)
    assert b"Project" not in fed(guard, [stream(events[: at + 1])])
    assert b"Project" in fed(guard, [stream(events[at + 1 : at + 2])])
