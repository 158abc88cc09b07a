"""The tables of Ollama's API: what is text, what goes, what passes, in answers and requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ollama import ChatResponse, GenerateResponse

from detectors.types import ChannelKind as K
from proxy.wire.ollama import OLLAMA
from proxy.wire.types import Channel, Form, Frame, FrameRole, SlotMode, each_frame
from tests.support.ollama import COUNTS, RECORDINGS, call, closed, generates, line, says, whole_of, written
from tests.support.wire import frames_of, texts


def slots(payload: dict[str, Any]) -> dict[str, tuple[K, str]]:
    """Return kind and text by path, of a whole answer; names and ids left out."""
    frame = frames_of(OLLAMA.body_codec(), json.dumps(payload).encode())[0]
    return {".".join(map(str, s.path)): (s.channel.kind, s.text) for s in frame.slots if s.channel.kind is not K.ID}


def asked(payload: dict[str, Any]) -> dict[str, tuple[K, str]]:
    """Return the same of a request."""
    frame = frames_of(OLLAMA.request_codec(), json.dumps(payload).encode())[0]
    return {".".join(map(str, s.path)): (s.channel.kind, s.text) for s in frame.slots}


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_pass_as_they_came(name: str) -> None:
    """Every recording is read to its end, and leaves as its bytes, but for token ids; the SDK takes each line."""
    events = RECORDINGS[name]
    codec = OLLAMA.stream_codec()
    frames = frames_of(codec, written(events))
    out = b"".join(codec.encode(frame, {}) for frame in each_frame(frames))
    if name == "generate":
        assert json.loads(out.splitlines()[-1]) == {k: v for k, v in events[-1].items() if k != "context"}
        assert b"4155550142" not in out
    else:
        assert out == written(events)
    answers = [event for event in events if "error" not in event]
    read = [(ChatResponse if "message" in event else GenerateResponse)(**event) for event in answers]
    assert all(answer.model for answer in read)
    unlisted = [slot for frame in frames for slot in frame.slots if slot.channel.kind is K.OTHER]
    assert [slot.path for slot in unlisted if slot.path[0] not in {"error", "logprobs"}] == []


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name != "error"])
def test_recordings_say_the_same_streamed_and_whole(name: str) -> None:
    """The channels and their texts are those of the whole answer; what comes whole is a constant in both."""
    events = RECORDINGS[name]
    streamed = frames_of(OLLAMA.stream_codec(), written(events))
    whole = frames_of(OLLAMA.body_codec(), json.dumps(whole_of(events)).encode())
    assert texts(streamed) == texts(whole)
    assert _constants(streamed) == _constants(whole)


def _constants(frames: list[Frame]) -> list[tuple[Channel, str]]:
    found = [slot for frame in frames for slot in frame.slots if slot.mode is SlotMode.CONSTANT]
    judged = [slot for slot in found if slot.channel.kind is not K.ID and slot.channel.name != "top_logprobs"]
    return list(dict.fromkeys((slot.channel, slot.text) for slot in judged))


def test_texts_of_a_chat() -> None:
    """What was thought comes first, arguments are judged as JSON, the error is a text."""
    answer = says("Yes.", thinking="Hm.", tool_calls=[call("f", {"k": ["é", 1]}, 3)], tool_name="g")
    assert list(slots({**answer, "error": "bad"}).items()) == [
        ("message.thinking", (K.REASONING, "Hm.")),
        ("message.content", (K.TEXT, "Yes.")),
        ("message.tool_calls.0.function.name", (K.TOOL_NAME, "f")),
        ("message.tool_calls.0.function.arguments", (K.TOOL_ARGUMENTS, '{"k":["é",1]}')),
        ("message.tool_name", (K.TOOL_NAME, "g")),
        ("error", (K.OTHER, "bad")),
    ]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"created_at": "2025-07-07T20:22:19Z"}, {}),
        ({"created_at": "2025-07-07T20:22:19.123456789-07:00"}, {}),
        ({"created_at": "2025-07-07 at noon"}, {"created_at": (K.OTHER, "2025-07-07 at noon")}),
        (
            {"created_at": "2025-07-07T20:22:19.41555501Z5"},
            {"created_at": (K.OTHER, "2025-07-07T20:22:19.41555501Z5")},
        ),
        ({"created_at": 4155550142}, {"created_at": (K.OTHER, "4155550142")}),
        ({"done_reason": "load"}, {}),
        ({"done_reason": "because"}, {"done_reason": (K.OTHER, "because")}),
        ({"eval_count": "many"}, {"eval_count": (K.OTHER, "many")}),
        ({"image": "call me"}, {"image": (K.OTHER, "call me")}),
        ({"context": "call me"}, {}),
        ({"context": {"a": "call me"}}, {}),
    ],
)
def test_other_members(more: dict[str, Any], found: dict[str, Any]) -> None:
    """Times, words and counts pass when they are what they should be; `context` goes, whatever it is."""
    answer = {**closed(generates("")), **more}
    assert slots(answer) == found
    frame = frames_of(OLLAMA.body_codec(), json.dumps(answer).encode())[0]
    assert frame.must_encode is ("context" in more)


def test_log_probabilities_go_with_the_text_they_repeat() -> None:
    """Those of the answer and those of the thinking; others are a text of their own."""
    entry = {
        "token": "bad",
        "logprob": -1,
        "bytes": list(b"bad"),
        "top_logprobs": [{"token": "x y", "logprob": -2}],
    }
    for answer in (says("bad"), says(thinking="bad"), generates("bad")):
        codec = OLLAMA.stream_codec()
        frame = frames_of(codec, written([{**answer, "logprobs": [entry]}]))[0]
        said = next(number for number, slot in enumerate(frame.slots) if slot.text == "bad")
        assert frame.slots[said].dependents == (("logprobs",),)
        assert [slot.text for slot in frame.slots if slot.channel.name == "top_logprobs"] == ["x y"]
        assert json.loads(codec.encode(frame, {said: "good"}))["logprobs"] == []
    frame = frames_of(OLLAMA.stream_codec(), written([{**says("ok"), "logprobs": [entry]}]))[0]
    assert [slot.text for slot in frame.slots if slot.channel.name == "logprobs"] == ["bad"]
    frame = frames_of(OLLAMA.stream_codec(), written([{**says("ok"), "logprobs": {"content": [entry]}}]))[0]
    assert "logprobs" not in frame.payload


def test_an_error_line_is_a_failure() -> None:
    """The text in it is judged."""
    frame = frames_of(OLLAMA.stream_codec(), written(RECORDINGS["error"]))[1]
    assert frame.role is FrameRole.FAILURE
    assert [slot.text for slot in frame.slots] == ["an error was encountered while running the model"]


def test_requests() -> None:
    """All texts of both routes; settings pass; token ids and pictures go to the model, which reads them."""
    chat = {
        "model": "llama3.2",
        "stream": True,
        "think": "high",
        "keep_alive": "5m",
        "format": {"type": "object", "properties": {"name": {"type": "string"}}},
        "options": {"temperature": 0.5, "stop": ["END"], "num_ctx": 4096},
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": "b"}}}],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look", "images": ["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"]},
            {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [call("f", {"k": 1})]},
            {"role": "tool", "content": "sunny", "tool_name": "f"},
        ],
    }
    assert asked(chat) == {
        "format": (K.OTHER, "type\nobject\nproperties\nname\ntype\nstring"),
        "options.stop.0": (K.OTHER, "END"),
        "tools.0.function.name": (K.TOOL_NAME, "f"),
        "tools.0.function.description": (K.OTHER, "d"),
        "tools.0.function.parameters": (K.OTHER, "a\nb"),
        "messages.0.content": (K.TEXT, "Be brief."),
        "messages.1.content": (K.TEXT, "Look"),
        "messages.2.thinking": (K.REASONING, "Hm."),
        "messages.2.tool_calls.0.function.name": (K.TOOL_NAME, "f"),
        "messages.2.tool_calls.0.function.arguments": (K.TOOL_ARGUMENTS, '{"k":1}'),
        "messages.3.content": (K.TEXT, "sunny"),
        "messages.3.tool_name": (K.TOOL_NAME, "f"),
    }
    generation = {"model": "m", "prompt": "p", "suffix": "s", "system": "y", "template": "t", "raw": True}
    generation |= {"context": [1, 2, 3], "format": "json", "keep_alive": 0, "width": 512, "think": False}
    found = asked(generation)
    assert found == {key: (K.TEXT, generation[key]) for key in ("prompt", "suffix", "system", "template")}
    assert asked({"context": ["call me"], "keep_alive": "as long as you like"}) == {
        "context.0": (K.OTHER, "call me"),
        "keep_alive": (K.OTHER, "as long as you like"),
    }


def test_the_dialect() -> None:
    """A stream unless it is refused; errors as the API has them."""
    answers = [OLLAMA.wants_stream(payload, "/api/chat") for payload in ({}, {"stream": None}, {"stream": True})]
    assert answers == [True, True, True]
    assert not OLLAMA.wants_stream({"stream": False}, "/api/chat")
    assert not OLLAMA.wants_stream([], "/api/chat")
    assert OLLAMA.stream_forms == (Form.LINES,)
    assert json.loads(OLLAMA.error_body(403, "x", "no")) == {"error": "no"}
    assert {route.path for route in OLLAMA.routes} == {"/api/chat", "/api/generate"}


def test_counts_are_those_of_the_sdk() -> None:
    """The ending of a blocked answer has every number of the last line."""
    numbers = {name for name, field in GenerateResponse.model_fields.items() if field.annotation == int | None}
    assert numbers - {"completed", "total"} == set(COUNTS)
    assert set(line()) < {*GenerateResponse.model_fields}
