"""Where the text of chat completions is: channels, modes, and what passes without a slot."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind as K
from proxy.wire.openai_chat import CHAT
from proxy.wire.types import Channel, Slot, SlotMode
from tests.support.wire import body, chunk, delta, frames_of, message, sse, texts


def slots_of(value: Any, *, kind: str = "stream") -> list[Slot]:
    """Return the slots of one frame but for the ids of its head."""
    if kind == "stream":
        frame = frames_of(CHAT.stream_codec(), sse(value))[0]
    else:
        codec = CHAT.body_codec() if kind == "body" else CHAT.request_codec()
        frame = frames_of(codec, json.dumps(value).encode())[0]
    return [slot for slot in frame.slots if slot.channel.name not in {"id", "model"}]


def said(value: Any, *, kind: str = "stream") -> dict[Channel, str]:
    return {slot.channel: slot.text for slot in slots_of(value, kind=kind)}


MEMBERS: dict[str, Any] = {
    "content": "hello",
    "refusal": "no",
    "reasoning_content": "think",
    "reasoning": "think too",
    "reasoning_details": [{"type": "reasoning.text", "text": "deep", "index": 0}],
    "tool_calls": [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"index": 1, "id": "call_2", "type": "custom", "custom": {"name": "g", "input": "x"}},
    ],
    "function_call": {"name": "old", "arguments": "[]"},
    "audio": {"id": "audio_1", "data": "", "transcript": "spoken"},
    "foo": {"bar": "unlisted"},
}

CHANNELS: dict[Channel, str] = {
    Channel(K.TEXT, 2): "hello",
    Channel(K.REFUSAL, 2): "no",
    Channel(K.REASONING, 2): "think",
    Channel(K.REASONING, 2, 0, "reasoning"): "think too",
    Channel(K.REASONING, 2, 0, "reasoning_details", is_signed=True): "deep",
    Channel(K.TOOL_NAME, 2, 0): "f",
    Channel(K.TOOL_ARGUMENTS, 2, 0): "{}",
    Channel(K.TOOL_NAME, 2, 1): "g",
    Channel(K.TOOL_ARGUMENTS, 2, 1): "x",
    Channel(K.TOOL_NAME, 2, 0, "function_call"): "old",
    Channel(K.TOOL_ARGUMENTS, 2, 0, "function_call"): "[]",
    Channel(K.TEXT, 2, 0, "audio"): "spoken",
}


def test_every_listed_text_has_its_channel_in_a_stream_and_whole() -> None:
    """The same text has the same channel in both, so that both are judged alike."""
    streamed = said(chunk(delta(2, **MEMBERS)))
    whole = said(body(message(2, **MEMBERS)), kind="body")
    assert {channel: streamed[channel] for channel in CHANNELS} == CHANNELS
    assert {channel: whole[channel] for channel in CHANNELS} == CHANNELS
    unlisted = Channel(K.OTHER, 2, 0, "message.foo.bar")
    assert streamed[unlisted] == whole[unlisted] == "unlisted"


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(MEMBERS)), st.text(max_size=4)), max_size=12))
def test_parity(pieces: list[tuple[int, str, str]]) -> None:
    """The texts of a stream, joined, are those of the whole answer."""
    events, answer = [], {index: dict[str, Any]() for index in range(3)}
    for index, field, text in pieces:
        if field in {"content", "refusal", "reasoning_content", "reasoning"}:
            events.append(sse(chunk(delta(index, **{field: text}))))
            answer[index][field] = answer[index].get(field, "") + text
        if field == "tool_calls":
            call = {"index": 0, "function": {"arguments": text}}
            events.append(sse(chunk(delta(index, tool_calls=[call]))))
            held = answer[index].setdefault(field, [{"type": "function", "function": {"arguments": ""}}])
            held[0]["function"]["arguments"] += text
    streamed = texts(frames_of(CHAT.stream_codec(), b"".join(events)))
    whole = body(*(message(index, **members) for index, members in answer.items()))
    frames = frames_of(CHAT.body_codec(), json.dumps(whole).encode())
    assert {channel: text for channel, text in streamed.items() if text} == texts(frames)


def test_known_words_and_numbers_pass() -> None:
    """Roles, types, reasons and counts are no text; other words in their place are."""
    usual = chunk(
        delta(role="assistant", reason="stop"),
        usage={"prompt_tokens": 10**7, "completion_tokens": 1, "total_tokens": 2},
        service_tier="default",
    )
    assert slots_of(usual) == []
    odd = chunk(delta(role="wizard", reason="because"), service_tier="gold plated")
    assert [(s.channel.kind, s.text, s.mode) for s in slots_of(odd)] == [
        (K.OTHER, "wizard", SlotMode.CONSTANT),
        (K.OTHER, "because", SlotMode.CONSTANT),
        (K.OTHER, "gold plated", SlotMode.CONSTANT),
    ]


def test_ids_are_told_from_text() -> None:
    """A machine's value is of kind ID; anything else in its place is text."""
    frame = frames_of(
        CHAT.stream_codec(), sse(chunk(id="chatcmpl-1", model="call jane", system_fingerprint="a" * 200))
    )[0]
    assert [(s.channel.kind, s.channel.name, s.path) for s in frame.slots] == [
        (K.ID, "id", ("id",)),
        (K.OTHER, "model", ("model",)),
        (K.OTHER, "system_fingerprint", ("system_fingerprint",)),
    ]


def test_unlisted_text_in_a_delta_grows_until_it_repeats() -> None:
    """Pieces of an unlisted member are joined; the same value again is a constant."""
    events = [sse(chunk(delta(foo=text))) for text in ("jane@", "example.com", "example.com")]
    modes = [
        [(s.text, s.mode) for s in frame.slots if s.channel.name == "message.foo"]
        for frame in frames_of(CHAT.stream_codec(), b"".join(events))
    ]
    assert modes == [
        [("jane@", SlotMode.APPEND)],
        [("example.com", SlotMode.APPEND)],
        [("example.com", SlotMode.CONSTANT)],
    ]


def test_content_in_parts() -> None:
    """Mistral's lists: texts go on in one channel, thinking in its own."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "one "},
        {"type": "text", "text": "two"},
        {"type": "reference", "reference_ids": [1, 2]},
    ]
    frame = frames_of(CHAT.stream_codec(), sse(chunk(delta(content=parts))))[0]
    assert texts([frame]) == {Channel(K.REASONING): "hm", Channel(K.TEXT): "one two"}
    (numbers,) = [slot for slot in frame.slots if slot.path[-1] == "reference_ids"]
    assert (numbers.text, numbers.drop) == ("\1\2", True), "integers are read as the bytes that they may be"


def test_token_ids_are_removed() -> None:
    """Integers that may be text never reach the client."""
    value = chunk({**delta(content="a"), "token_ids": [1, 2]}, prompt_token_ids=[3], foo=[72, 105])
    codec = CHAT.stream_codec()
    frame = codec.receive(sse(value))[0]
    assert frame.must_encode
    assert codec.encode(frame, {}) == sse(chunk(delta(content="a")))


def test_annotations_and_citations() -> None:
    """Titles and addresses are annotations, complete in themselves."""
    citation = {
        "type": "url_citation",
        "url_citation": {"title": "T", "url": "http://u", "start_index": 1, "end_index": 2},
    }
    value = body(message(content="a", annotations=[citation]), citations=["http://c"])
    slots = [s for s in slots_of(value, kind="body") if s.channel.kind is K.ANNOTATION]
    assert [(s.text, s.mode) for s in slots] == [(t, SlotMode.CONSTANT) for t in ("T", "http://u", "http://c")]


def test_azure_frames() -> None:
    """Filter annotations, with and without a delta, hold no text but their citations."""
    results = {"hate": {"filtered": False, "severity": "safe"}, "jailbreak": {"filtered": False, "detected": False}}
    offsets = {"check_offset": 44, "start_offset": 44, "end_offset": 198}
    choice = {
        "index": 0,
        "finish_reason": None,
        "content_filter_results": results,
        "content_filter_offsets": offsets,
    }
    assert slots_of(chunk(choice, id="", model="", object="")) == []
    assert slots_of(chunk(prompt_filter_results=[{"prompt_index": 0, "content_filter_results": results}])) == []
    cited = {
        "protected_material_code": {
            "filtered": False,
            "detected": True,
            "citation": {"URL": "http://u", "license": "MIT"},
        }
    }
    assert [s.text for s in slots_of(chunk({**choice, "content_filter_results": cited}))] == ["http://u", "MIT"]


def test_a_request() -> None:
    """Every message has its channels; tools and unlisted members are text; settings pass."""
    picture = {"type": "image_url", "image_url": {"url": "http://i"}}
    parameters = {"type": "object", "properties": {"q": {"description": "the question"}}}
    request = {
        "model": "toy-1",
        "stream": True,
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "name": "jane", "content": [{"type": "text", "text": "look"}, picture]},
            {"role": "assistant", "content": None, "tool_calls": [MEMBERS["tool_calls"][0]]},
            {"role": "tool", "tool_call_id": "call_1", "content": "result"},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "does f", "parameters": parameters}}
        ],
        "stop": ["END"],
        "user": "user-7",
        "foo": "unlisted",
    }
    found = said(request, kind="request")
    assert found[Channel(K.TEXT, 0)] == "be kind"
    assert found[Channel(K.TEXT, 1)] == "look"
    assert found[Channel(K.TOOL_ARGUMENTS, 2, 0)] == "{}"
    assert found[Channel(K.TEXT, 3)] == "result"
    everything = "\n".join(found.values())
    for text in ("jane", "http://i", "does f", "the question", "END", "user-7", "unlisted", "foo"):
        assert text in everything
    for text in ("toy-1", "system"):
        assert text not in everything


def test_a_snapshot_in_a_stream_is_judged_again() -> None:
    """Some servers repeat the whole message at the end: its texts are constants."""
    slot = slots_of(chunk({"index": 0, "message": {"role": "assistant", "content": "all of it"}}))[0]
    assert (slot.text, slot.mode) == ("all of it", SlotMode.CONSTANT)


def test_opaque_data_passes_and_text_in_it_does_not() -> None:
    """Base64 of bytes that are no text is no slot; base64 of text is read, and words are words."""
    noise = "//8A/v7+AP79/AD//w8P" * 3
    assert slots_of(chunk(delta(audio={"id": "a_1", "data": noise}))) == [
        Slot(
            Channel(K.ID, 0, 0, "message.audio.id"),
            "a_1",
            ("choices", 0, "delta", "audio", "id"),
            SlotMode.CONSTANT,
        )
    ]
    hidden = "Y2FsbCBqYW5lIGF0IG5vb24gdG9kYXkgcGxlYXNl"
    assert "call jane at noon" in slots_of(chunk(delta(audio={"data": hidden})))[0].text
    assert slots_of(chunk(delta(audio={"data": "password"})))[0].text == "password"
