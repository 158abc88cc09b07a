"""What a request must not bring back: thinking that lost its signature, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.wire.anthropic_mending import mended
from proxy.wire.registry import DIALECTS
from proxy.wire.types import RequestMender
from tests.support.anthropic_messages import SEALED, text, thinking, tool
from tests.support.wire import frames_of

DIALECT = DIALECTS["anthropic-messages"]
CUT = {"type": "thinking", "thinking": "The moon", "signature": ""}
SUMMARY = {"type": "compaction", "content": "They spoke.", "encrypted_content": SEALED}


def asked(*content: Any) -> dict[str, Any]:
    """Return a request whose history has one answer with this content."""
    messages = [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": list(content)},
        {"role": "user", "content": "And then?"},
    ]
    return {"model": "m", "max_tokens": 9, "messages": messages}


@pytest.mark.parametrize(
    ("content", "left"),
    [
        ([CUT, text("x"), tool("f", {})], [text("x"), tool("f", {})]),
        ([{"type": "thinking", "thinking": "hm"}, text("x")], [text("x")]),
        ([thinking("hm"), CUT, text("x")], [thinking("hm"), text("x")]),
        ([{**SUMMARY, "content": "They", "encrypted_content": ""}, text("x")], [text("x")]),
        ([{**SUMMARY, "signature": ""}, text("x")], [text("x")]),
        ([text("x"), text(""), tool("f", {})], [text("x"), tool("f", {})]),
    ],
)
def test_what_lost_its_signature_goes(content: list[Any], left: list[Any]) -> None:
    assert mended(asked(*content)) == asked(*left)


def test_a_message_of_which_nothing_is_left_goes() -> None:
    """The API refuses an empty message."""
    assert [one["role"] for one in mended(asked(CUT))["messages"]] == ["user", "user"]


@pytest.mark.parametrize(
    "payload",
    [
        asked(thinking("hm"), text("x")),
        asked(thinking(""), {"type": "redacted_thinking", "data": SEALED}),
        asked(SUMMARY, {**SUMMARY, "encrypted_content": None}),
        asked(None, "words", {"type": ["thinking"]}, {}),
        {"messages": [None, {"role": "assistant", "content": "words"}, {"role": "user", "content": [CUT]}]},
        {"messages": {"a": 1}},
        {},
        [],
        None,
    ],
)
def test_everything_else_stays_as_it_is(payload: Any) -> None:
    """The very same object: such a request is forwarded as the bytes that came."""
    assert mended(payload) is payload


def test_the_codec_of_requests_mends() -> None:
    """Also what an edit on the way to the model leaves without its signature."""
    codec = DIALECT.request_codec()
    (frame,) = frames_of(codec, json.dumps(asked(CUT, text("x"))).encode())
    assert frame.must_encode
    assert json.loads(codec.encode(frame, {})) == asked(text("x"))
    codec = DIALECT.request_codec()
    (frame,) = frames_of(codec, json.dumps(asked(thinking("hm"), text("x"))).encode())
    assert not frame.must_encode
    signed = [number for number, slot in enumerate(frame.slots) if slot.channel.is_signed]
    assert json.loads(codec.encode(frame, dict.fromkeys(signed, ""))) == asked(text("x"))


def test_the_dialect_says_that_it_mends() -> None:
    assert isinstance(DIALECT, RequestMender)
    assert DIALECT.mended_request(asked(CUT, text("x"))) == asked(text("x"))
    assert not isinstance(DIALECTS["ollama"], RequestMender)
