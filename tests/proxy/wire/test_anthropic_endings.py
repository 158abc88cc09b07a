"""How a refused or broken answer of the Messages API ends: the official SDK reads it, and nothing stays open."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from pydantic import TypeAdapter

from detectors.types import ChannelKind
from proxy.wire.anthropic_endings import failure
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Codec, Frame, SlotMode, each_frame
from tests.support.anthropic_messages import (
    PING,
    SIGNATURE,
    STOP,
    begin,
    delta,
    end,
    finish,
    payloads,
    say,
    sse,
    start,
    stream,
    text,
    thinking,
    tool,
    whole,
)
from tests.support.wire import frames_of, nothing_said

MESSAGE = "Stopped by a policy."
DIALECT = DIALECTS["anthropic-messages"]
EVENTS: list[TypeAdapter[Any]] = [TypeAdapter(RawMessageStreamEvent), TypeAdapter(BetaRawMessageStreamEvent)]


def through(codec: Codec, events: list[dict[str, Any]]) -> bytes:
    """Send events through a codec, unedited."""
    out = b""
    for frame in each_frame(codec.receive(stream(events))):
        out += codec.encode(frame, {})
        if frame.payload is not None:
            codec.sent(frame, {})
    return out


def cuts(frame: Frame, said: str, kept: str) -> tuple[int, dict[int, str | None]]:
    """What the guard asks for when the slot that says `said` is blocked and `kept` of it was released."""
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == said)
    edits: dict[int, str | None] = {at: kept}
    for later in range(at + 1, len(frame.slots)):
        if frame.slots[later].channel.kind is not ChannelKind.ID:
            edits[later] = "" if frame.slots[later].mode is SlotMode.APPEND else None
    return at, edits


def block(codec: Codec, event: dict[str, Any], said: str, kept: str = "", message: str = MESSAGE) -> bytes:
    frame = next(each_frame(codec.receive(sse(event))))
    at, edits = cuts(frame, said, kept)
    return codec.encode_blocked(frame, edits, at, message, nothing_said)


def final(out: bytes, *, beta: bool = False) -> Any:
    """Read a stream as the SDK does; every event must be valid, every block closed once, nothing after the end."""
    events = [event for event in payloads(out) if event["type"] != "ping"]  # which the SDK leaves out by name
    for event in events:
        for adapter in EVENTS[1:] if beta else EVENTS:
            adapter.validate_json(json.dumps(event), strict=True)
    assert [event["type"] for event in events].count("message_start") == 1
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    opened = [event["index"] for event in events if event["type"] == "content_block_start"]
    closed = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert opened == list(range(len(opened)))
    assert sorted(closed) == opened
    message = events[0]["message"]
    for event in events:
        if event["type"] == "content_block_start":
            message["content"].append(event["content_block"])
        if event["type"] == "content_block_delta":
            held, new = message["content"][event["index"]], event["delta"]
            for member in ("text", "thinking", "signature"):
                if member in new:
                    held[member] += new[member]
            if "partial_json" in new:
                held["written"] = held.get("written", "") + new["partial_json"]
    model = BetaMessage if beta else Message
    return model.model_validate({**message, **events[-2]["delta"]})


def is_refused(message: Message | BetaMessage) -> bool:
    details = message.stop_details
    assert message.stop_sequence is None
    return message.stop_reason == "refusal" and details is not None and details.explanation == MESSAGE


OPEN = [start(), PING, begin(0, type="text", text="")]


def test_block_in_the_middle_of_a_text() -> None:
    """The released part stays, the message goes into the open block, and what was counted is told."""
    codec = DIALECT.stream_codec()
    out = through(codec, [*OPEN, say(0, "good ")])
    out += block(codec, say(0, "fine bad"), "fine bad", "fine ", f"\n\n{MESSAGE}")
    message = final(out)
    assert is_refused(message)
    assert [one.to_dict() for one in message.content] == [text(f"good fine \n\n{MESSAGE}")]
    assert payloads(out)[-2]["usage"]["input_tokens"] == 25
    assert payloads(out)[-2]["usage"]["output_tokens"] == 1


def test_block_of_the_first_text() -> None:
    """In a block in which nothing was said, the message stands without the blank line before it."""
    codec = DIALECT.stream_codec()
    out = through(codec, OPEN) + block(codec, say(0, "bad"), "bad", message=f"\n\n{MESSAGE}")
    assert [one.to_dict() for one in final(out).content] == [text(MESSAGE)]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (start(foo="bad"), "bad"),
        (start(content=[text("bad")]), "bad"),
        (start(model="bad model"), "bad model"),
        (begin(0, type="text", text="bad"), "bad"),
        ({"type": "surprise", "note": "bad"}, "bad"),
        ({"type": "error", "error": {"type": "api_error", "message": "bad"}}, "bad"),
        ({"type": "ping", "note": "bad"}, "bad"),
    ],
)
def test_block_of_the_first_event(event: dict[str, Any], said: str) -> None:
    """Whatever the stream began with, the ending is a message that is complete by itself."""
    codec = DIALECT.stream_codec()
    before = [] if event["type"] != "content_block_start" else [start()]
    out = through(codec, before) + block(codec, event, said)
    message = final(out)
    assert is_refused(message)
    assert [one.to_dict() for one in message.content] == [text(MESSAGE)]
    assert "bad" not in out.decode()


def test_block_in_thinking() -> None:
    """The thinking that was released stays without a signature; the message has a text block of its own."""
    codec = DIALECT.stream_codec()
    out = through(codec, [start(), begin(0, type="thinking", thinking="", signature="")])
    out += block(codec, delta(0, "thinking_delta", thinking="fine bad"), "fine bad", "fine ", f"\n\n{MESSAGE}")
    message = final(out)
    assert is_refused(message)
    assert [one.to_dict() for one in message.content] == [
        {"type": "thinking", "thinking": "fine ", "signature": ""},
        text(MESSAGE),
    ]


def test_block_in_the_name_of_a_tool() -> None:
    """A tool of a forbidden name is not begun."""
    codec = DIALECT.stream_codec()
    out = through(codec, [*OPEN, say(0, "hi"), end(0)]) + block(codec, begin(1, **tool("bad", {})), "bad")
    message = final(out)
    assert is_refused(message)
    assert [one.to_dict() for one in message.content] == [text("hi"), text(MESSAGE)]


def test_block_in_the_arguments_of_a_second_tool() -> None:
    """Both tools are closed, the first once, and the message has a block after them."""
    codec = DIALECT.stream_codec()
    first = [begin(0, **tool("one", {}, 1)), delta(0, "input_json_delta", partial_json="{}"), end(0)]
    out = through(codec, [start(), *first, begin(1, **tool("two", {}, 2))])
    out += block(codec, delta(1, "input_json_delta", partial_json='{"a": "bad"}'), '{"a": "bad"}', '{"a": "')
    message = final(out)
    assert is_refused(message)
    assert [one.type for one in message.content] == ["tool_use", "tool_use", "text"]
    deltas = [event["delta"] for event in payloads(out) if event["type"] == "content_block_delta"]
    assert [one.get("partial_json") for one in deltas] == ["{}", '{"a": "', None]


def test_every_open_block_is_closed_once() -> None:
    """Blocks that are open side by side are all closed; the message goes into the text that is open."""
    codec = DIALECT.stream_codec()
    opened = [begin(number, **tool(f"t{number}", {}, number)) for number in (1, 2)]
    out = through(codec, [*OPEN, *opened, say(0, "x"), end(1)])
    out += block(codec, delta(2, "input_json_delta", partial_json="bad"), "bad", "", f"\n\n{MESSAGE}")
    assert final(out).content[0].to_dict() == text(f"x\n\n{MESSAGE}")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (finish("stop_sequence", stop_sequence="bad"), "bad"),
        (finish("refusal", stop_details={"type": "refusal", "category": None, "explanation": "bad"}), "bad"),
        (STOP | {"note": "bad"}, "bad"),
        (end(0) | {"note": "bad"}, "bad"),
        (delta(0, "citations_delta", citation={"type": "char_location", "cited_text": "bad"}), "bad"),
        (delta(0, "signature_delta", signature="bad"), "bad"),
        (delta(0, "odd_delta", foo="bad"), "bad"),
        (begin(1, type="mcp_tool_result", tool_use_id="t", is_error=False, content="bad"), "bad"),
    ],
)
def test_block_of_a_late_event(event: dict[str, Any], said: str) -> None:
    """An event that says more than text is dropped whole."""
    codec = DIALECT.stream_codec()
    out = through(codec, [*OPEN, say(0, "x")]) + block(codec, event, said)
    assert is_refused(final(out))
    assert "bad" not in out.decode()


def test_the_counts_of_the_blocked_end_are_kept() -> None:
    """The totals that the provider bills are those that the client reads."""
    codec = DIALECT.stream_codec()
    event = finish("stop_sequence", stop_sequence="bad")
    event["usage"] = {"output_tokens": 40, "cache_read_input_tokens": 9, "input_tokens": "many"}
    out = through(codec, [*OPEN, end(0)]) + block(codec, event, "bad")
    usage = payloads(out)[-2]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["cache_read_input_tokens"]) == (25, 40, 9)


def test_nothing_follows_the_end_of_a_message() -> None:
    """A comment that is blocked after the last event ends the connection and says nothing more; an event does."""
    codec = DIALECT.stream_codec()
    through(codec, [*OPEN, end(0), finish(), STOP])
    frame = next(each_frame(codec.receive(b": bad\n\n")))
    assert codec.encode_blocked(frame, {0: None}, 0, MESSAGE, nothing_said) == b""
    assert payloads(block(codec, say(0, "bad"), "bad"))[-1] == STOP


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("upstream_broken", "api_error"),
        ("upstream_timeout", "timeout_error"),
        ("shutting_down", "overloaded_error"),
    ],
)
def test_a_broken_stream_ends_with_an_error_event(code: str, kind: str) -> None:
    """The event has the name that makes the SDK raise."""
    out = DIALECT.stream_codec().end_failed("It broke.", code)
    assert out.startswith(b"event: error\ndata: ")
    assert out.endswith(b"\n\n")
    (event,) = payloads(out)
    assert event == {
        "type": "error",
        "error": {"type": kind, "message": "It broke.", "details": {"error_code": code}},
    }
    assert json.loads(DIALECT.body_codec().end_failed("It broke.", "upstream_broken")) == failure(
        "It broke.", "upstream_broken", 500
    )


def blocked_body(answer: dict[str, Any], said: str, kept: str = "", message: str = MESSAGE) -> dict[str, Any]:
    codec = DIALECT.body_codec()
    (frame,) = frames_of(codec, json.dumps(answer).encode())
    at, edits = cuts(frame, said, kept)
    value: dict[str, Any] = json.loads(codec.encode_blocked(frame, edits, at, message, nothing_said))
    for model in (Message, BetaMessage):
        assert is_refused(model.model_validate(value, strict=True))
    assert "bad" not in json.dumps(value)
    return value


KEPT_THINKING = {"type": "thinking", "thinking": "fine ", "signature": ""}
GOOD_TOOL = tool("good", {"a": 1})


@pytest.mark.parametrize(
    ("blocks", "said", "kept", "left"),
    [
        ([text("fine bad"), text("later")], "fine bad", "fine ", [text(f"fine \n\n{MESSAGE}")]),
        ([text("bad"), text("later")], "bad", "", [text(MESSAGE)]),
        ([text("one"), text("bad")], "bad", "", [text("one"), text(MESSAGE)]),
        ([thinking("fine bad"), text("x")], "fine bad", "fine ", [KEPT_THINKING, text(MESSAGE)]),
        ([thinking("bad"), text("x")], "bad", "", [text(MESSAGE)]),
        ([text("x"), tool("bad", {}), text("y")], "bad", "", [text("x"), text(MESSAGE)]),
        ([GOOD_TOOL, tool("two", {"b": "bad"})], '{"b":"bad"}', '{"b":"', [GOOD_TOOL, text(MESSAGE)]),
        ([thinking("hm"), text("bad"), GOOD_TOOL], "bad", "", [thinking("hm"), text(MESSAGE)]),
    ],
)
def test_block_of_a_whole_answer(
    blocks: list[dict[str, Any]], said: str, kept: str, left: list[dict[str, Any]]
) -> None:
    """What stands before the blocked text stays, the message follows, and nothing after it is left."""
    value = blocked_body(whole(*blocks), said, kept, f"\n\n{MESSAGE}")
    assert value["content"] == left
    assert value["usage"]["output_tokens"] == 33
    assert (value["id"], value["model"]) == ("msg_01XFDUDYJgAACzvnptvVoYEL", "claude-opus-5")


def test_block_of_a_whole_answer_outside_of_its_blocks() -> None:
    """Before the blocks, none of them stays; after them, all do."""
    before = {"note": "bad", **whole(text("x"))}
    assert blocked_body(before, "bad")["content"] == [text(MESSAGE)]
    after = whole(text("x"), stop_reason="stop_sequence", stop_sequence="bad")
    assert blocked_body(after, "bad")["content"] == [text("x"), text(MESSAGE)]


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "error", "error": {"type": "api_error", "message": "bad"}},
        {"input_tokens": 5, "note": "bad"},
        {**whole(), "content": "bad"},
        {**whole(text("bad")), "usage": "none"},
    ],
)
def test_block_of_what_is_no_message(answer: dict[str, Any]) -> None:
    """A blocked body is a message whatever it was."""
    assert blocked_body(answer, "bad")["content"] == [text(MESSAGE)]


def test_no_message_says_nothing() -> None:
    """A policy with an empty message ends the answer without words."""
    codec = DIALECT.stream_codec()
    out = through(codec, [*OPEN, say(0, "x")]) + block(codec, say(0, "bad"), "bad", "", "")
    events = payloads(out)
    assert events[-3:] == [
        end(0),
        {
            "type": "message_delta",
            "delta": {
                "stop_reason": "refusal",
                "stop_sequence": None,
                "stop_details": {"type": "refusal", "category": None, "explanation": None},
            },
            "usage": {**dict.fromkeys(("cache_creation_input_tokens", "cache_read_input_tokens"), 0),
                      "input_tokens": 25, "output_tokens": 1},
        },
        STOP,
    ]  # fmt: skip


def test_a_blocked_signature_is_not_sent() -> None:
    """The signature in the frame of a blocked thinking goes with the text."""
    codec = DIALECT.stream_codec()
    event = begin(0, type="thinking", thinking="fine bad", signature=SIGNATURE)
    out = through(codec, [start()]) + block(codec, event, "fine bad", "fine ")
    assert SIGNATURE not in out.decode()
    assert final(out).content[0].to_dict() == KEPT_THINKING
