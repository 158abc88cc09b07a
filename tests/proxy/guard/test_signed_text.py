"""Text that the provider signed: an edit cuts it off, and its signature goes with it; nothing else changes."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.reports import GuardEvent
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support import generated
from tests.support.anthropic_messages import (
    SEALED,
    SIGNATURE,
    Recording,
    payloads,
    shown,
    shown_in,
    text,
    thinking,
    whole,
)
from tests.support.guards import outcome

DIALECT = DIALECTS["anthropic-messages"]
POLICY = load_policy_text("""
version: 1
name: signed
detectors:
  names: {type: keywords, words: [Project Orion, falcon-9b]}
  sorry: {type: keywords, words: [halt the presses]}
rules:
  - {id: names, detector: names, action: redact, replacement: "[name]"}
  - {id: sorry, detector: sorry, action: rewrite, replacement: "[removed]"}
""")


def guarded(reads: list[bytes], *, stream: bool) -> tuple[bytes, list[GuardEvent]]:
    codec = DIALECT.stream_codec() if stream else DIALECT.body_codec()
    found = outcome(StreamGuard(codec, POLICY), reads)
    assert found.state is GuardState.STATE_DONE
    return found.written, found.events


def signatures(data: bytes) -> list[str]:
    """Return what a client has as signature of each thinking block."""
    found: dict[int, str] = {}
    for event in payloads(data):
        if event["type"] == "content_block_start" and event["content_block"]["type"] == "thinking":
            found[event["index"]] = event["content_block"]["signature"]
        if event["type"] == "content_block_delta" and "signature" in event["delta"]:
            found[event["index"]] = event["delta"]["signature"]
    return list(found.values())


SAID = "So the codename is Project Orion, and falcon-9b is next. I keep it to myself."
CASES: dict[str, tuple[dict[str, Any], dict[tuple[int, str], str], list[str], int]] = {
    # name: answer, what is shown, signatures, incidents
    "in the middle": (
        whole(thinking(SAID), text("Nothing.")),
        {(0, "thinking"): "So the codename is ", (1, "text"): "Nothing."},
        [""],
        2,
    ),
    "at the start": (
        whole(thinking("Project Orion. Hm."), text("Nothing.")),
        {(1, "text"): "Nothing."},
        [""],
        1,
    ),
    "at the end": (
        whole(thinking("It is Project Orion"), text("Nothing.")),
        {(0, "thinking"): "It is ", (1, "text"): "Nothing."},
        [""],
        1,
    ),
    "one block of two": (
        whole(thinking("Hm."), text("a"), thinking("On falcon-9b."), text("b")),
        {(0, "thinking"): "Hm.", (1, "text"): "a", (2, "thinking"): "On ", (3, "text"): "b"},
        [SIGNATURE, ""],
        1,
    ),
    "a rewrite": (
        whole(thinking("First. Then halt the presses. Last."), text("ok")),
        {(0, "thinking"): "First. ", (1, "text"): "ok"},
        [""],
        1,
    ),
    "in the text alone": (
        whole(thinking("Hm."), text("It is Project Orion.")),
        {(0, "thinking"): "Hm.", (1, "text"): "It is [name]."},
        [SIGNATURE],
        1,
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 99])
def test_an_edit_cuts_the_text_and_takes_the_signature(name: str, parts: int) -> None:
    """The same streamed, however it is cut, and whole; the client is told what was found."""
    answer, expected, signed, incidents = CASES[name]
    chance = random.Random(parts)

    def cut(value: str) -> list[str]:
        edges = sorted({0, len(value), *(chance.randrange(len(value) + 1) for _ in range(parts - 1))})
        return [value[a:b] for a, b in itertools.pairwise(edges)] or [""]

    streamed, told = guarded(generated.cut(chance, Recording(answer).stream(cut)), stream=True)
    assert shown_in(streamed) == expected
    assert signatures(streamed) == signed
    body, told_whole = guarded([Recording(answer).whole()], stream=False)
    content = json.loads(body)["content"]
    assert shown(content) == expected
    assert [block["signature"] for block in content if block["type"] == "thinking"] == signed
    assert len(told) == incidents
    assert told == told_whole
    for out in (streamed, body):
        assert b"Orion" not in out
        assert b"falcon" not in out


def test_the_summary_of_a_conversation_is_signed_too() -> None:
    """What was sealed is worth nothing without the text it was made of."""
    answer = whole(
        {"type": "compaction", "content": "About Project Orion.", "encrypted_content": SEALED}, text("a")
    )
    streamed, _ = guarded([Recording(answer).stream()], stream=True)
    body, _ = guarded([Recording(answer).whole()], stream=False)
    expected = {"content": "About ", "encrypted_content": ""}
    assert {k: json.loads(body)["content"][0][k] for k in expected} == expected
    assert [e["delta"] for e in payloads(streamed) if e.get("delta", {}).get("type") == "compaction_delta"] == [
        {"type": "compaction_delta", **expected}
    ]


def test_a_conversation_with_cut_thinking_can_go_on() -> None:
    """What the client sends back reaches the model without the block that lost its signature."""
    body, _ = guarded([Recording(CASES["one block of two"][0]).whole()], stream=False)
    history = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": json.loads(body)["content"]}]
    codec = DIALECT.request_codec()
    codec.receive(json.dumps({"model": "m", "messages": history}).encode())
    (frame,) = codec.receive_end()
    sent = json.loads(codec.encode(frame, {}))["messages"][1]["content"]
    assert sent == [thinking("Hm."), text("a"), text("b")]


def detail(**members: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", **members}


@pytest.mark.parametrize("cut_seed", range(5))
@pytest.mark.parametrize(
    ("said", "left", "is_signed"),
    [("So it is Project Orion. Hm.", "So it is ", False), ("So it is blue.", "So it is blue.", True)],
)
def test_reasoning_that_openrouter_hands_on_is_cut_off(
    said: str, left: str, is_signed: bool, cut_seed: int
) -> None:
    """Streamed and whole, and its signature with it; the same reasoning beside it is edited as any text."""
    chance = random.Random(cut_seed)
    chat = DIALECTS["openai-chat"]
    said_in = [{"text": piece, "signature": None} for piece in generated.pieces(chance, said)]
    deltas = [{"reasoning_details": [detail(**one)]} for one in [*said_in, {"signature": SIGNATURE}]]
    chunks = map(generated.chunk, [*deltas, {"reasoning": said}, {"content": "Blue."}])
    stream = b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in chunks)
    streamed = outcome(StreamGuard(chat.stream_codec(), POLICY), generated.cut(chance, stream))
    details = [
        one
        for block in streamed.written.split(b"\n\n")
        if block
        for one in json.loads(block[6:])["choices"][0]["delta"].get("reasoning_details", [])
    ]
    assert "".join(one.get("text", "") for one in details) == left
    assert details[-1]["signature"] == (SIGNATURE if is_signed else "")
    message = {
        "role": "assistant",
        "content": "Blue.",
        "reasoning": said,
        "reasoning_details": [detail(text=said, signature=SIGNATURE)],
    }
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    whole_body = outcome(StreamGuard(chat.body_codec(), POLICY), [json.dumps(body).encode()])
    answer = json.loads(whole_body.written)["choices"][0]["message"]
    assert answer["reasoning_details"] == [detail(text=left, signature=SIGNATURE if is_signed else "")]
    assert answer["reasoning"] == said.replace("Project Orion", "[name]")
    assert len(streamed.events) == len(whole_body.events) == (0 if is_signed else 2)
