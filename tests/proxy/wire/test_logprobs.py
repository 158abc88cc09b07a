"""Log-probabilities repeat the text, or are a text of their own, or go."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.openai_chat import CHAT
from proxy.wire.openai_completions import COMPLETIONS
from proxy.wire.types import Channel, Frame, SlotMode
from tests.support.wire import chunk, delta, frames_of, payloads, sse


def entry(token: str, piece: bytes | None = None, *others: str) -> dict[str, Any]:
    tops = [{"token": other, "logprob": -2.5, "bytes": list(other.encode())} for other in others]
    listed = list(token.encode() if piece is None else piece)
    return {"token": token, "logprob": -0.5, "bytes": listed, "top_logprobs": tops}


def frame_of(text: str, logprobs: Any) -> Frame:
    return frames_of(CHAT.stream_codec(), sse(chunk({**delta(content=text), "logprobs": logprobs})))[0]


def test_tokens_that_repeat_the_text_go_with_it() -> None:
    """They are no slot; an edit of the text empties them."""
    stream = CHAT.stream_codec()
    logprobs = {"content": [entry("he"), entry("llo")], "refusal": None}
    frame = stream.receive(sse(chunk({**delta(content="hello"), "logprobs": logprobs})))[0]
    number, slot = next((n, s) for n, s in enumerate(frame.slots) if s.channel == Channel(K.TEXT))
    assert slot.dependents == (("choices", 0, "logprobs", "content"),)
    assert not any("logprobs" in s.channel.name for s in frame.slots)
    edited = payloads(stream.encode(frame, {number: "x"}))[0]["choices"][0]
    assert edited["logprobs"] == {"content": [], "refusal": None}


@pytest.mark.parametrize(
    "entries",
    [
        [entry("bytes:\\xc3", b"\xc3"), entry("bytes:\\xa9", b"\xa9")],
        [entry("\ufffd", b"\xc3"), entry("\ufffd", b"\xa9")],
        [{"token": "é", "logprob": None, "bytes": None}],
    ],
)
def test_half_characters(entries: list[dict[str, Any]]) -> None:
    """Tokens that end inside a character are read by their bytes."""
    frame = frame_of("é", {"content": entries})
    assert [s.dependents for s in frame.slots if s.channel == Channel(K.TEXT)] == [
        (("choices", 0, "logprobs", "content"),)
    ]


def test_other_tokens_are_a_text_of_their_own() -> None:
    """Tokens that spell something else grow as a text, over frames, and go when it is edited."""
    stream = CHAT.stream_codec()
    events = [
        chunk({**delta(content="x"), "logprobs": {"content": [entry(part)]}}) for part in ("jane@", "example.com")
    ]
    frames = frames_of(stream, b"".join(map(sse, events)))
    slots = [s for frame in frames for s in frame.slots if s.channel == Channel(K.OTHER, 0, 0, "logprobs")]
    assert [(s.text, s.mode, s.drop, s.path) for s in slots] == [
        (part, SlotMode.APPEND, True, ("choices", 0, "logprobs")) for part in ("jane@", "example.com")
    ]


def test_bytes_that_say_something_else_are_read() -> None:
    """The bytes of a token are text as well as its name."""
    frame = frame_of("hi", {"content": [entry("hi", b"jane")]})
    assert any("jane" in s.text and s.drop for s in frame.slots)


def test_alternatives_are_a_constant_to_drop() -> None:
    """Tokens that might have been are judged together."""
    frame = frame_of("hi", {"content": [entry("hi", None, "hi", "ho")]})
    slot = next(s for s in frame.slots if s.channel.name == "top_logprobs")
    assert (slot.text, slot.mode, slot.drop, slot.path) == (
        "hi\nho",
        SlotMode.CONSTANT,
        True,
        ("choices", 0, "logprobs"),
    )


@pytest.mark.parametrize(
    "logprobs",
    [
        {"content": "text"},
        {"content": [{"token": "hi", "note": "jane"}]},
        {"content": [{"token": 5}]},
        {"content": [{"token": "hi", "bytes": "jane"}]},
        {"content": [{"token": "hi", "logprob": "jane"}]},
        {"content": [{"token": "hi", "top_logprobs": [{"token": "a", "top_logprobs": []}], "x": 1}]},
        {"words": ["jane"]},
        ["jane"],
        "jane",
    ],
)
def test_a_shape_nobody_knows_goes(logprobs: Any) -> None:
    """What cannot be matched with the text is taken out."""
    frame = frame_of("hi", logprobs)
    assert frame.must_encode
    assert "logprobs" not in frame.payload["choices"][0]


def test_refusals_have_their_own_tokens() -> None:
    """Tokens of a refusal go with the refusal."""
    value = chunk({**delta(refusal="no"), "logprobs": {"content": None, "refusal": [entry("no")]}})
    frame = frames_of(CHAT.stream_codec(), sse(value))[0]
    slot = next(s for s in frame.slots if s.channel == Channel(K.REFUSAL))
    assert slot.dependents == (("choices", 0, "logprobs", "refusal"),)


def legacy(text: str, **members: Any) -> Frame:
    choice = {"index": 0, "text": text, "finish_reason": None, "logprobs": members}
    return frames_of(COMPLETIONS.stream_codec(), sse({"choices": [choice]}))[0]


def test_legacy_lists() -> None:
    """The older API's parallel lists, whose alternatives are keys."""
    frame = legacy(
        "hello",
        tokens=["he", "llo"],
        token_logprobs=[-1, None],
        top_logprobs=[{"he": -1, "ha": -2}, None],
        text_offset=[0, 2],
    )
    text, tops = frame.slots
    assert (text.text, text.dependents) == ("hello", (("choices", 0, "logprobs"),))
    assert (tops.text, tops.drop) == ("he\nha", True)
    other = legacy("hello", tokens=["jane"]).slots[-1]
    assert (other.text, other.mode, other.drop) == ("jane", SlotMode.APPEND, True)
    assert "logprobs" not in legacy("hello", tokens=["hello"], foo="jane").payload["choices"][0]
    assert "logprobs" not in legacy("hello", tokens=["hello"], text_offset=[10**12]).payload["choices"][0]
