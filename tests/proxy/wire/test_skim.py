"""A skim says what the walk says, text for text, or nothing."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from proxy.wire.body import BodyCodec
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Channel, SlotMode
from tests.support.tabled import Maker
from tests.support.wire import body, message, read

if TYPE_CHECKING:
    from proxy.wire.skim import Skimmed
    from proxy.wire.types import Frame

SIDES = ("request_codec", "body_codec")


def codec_of(name: str, side: str) -> BodyCodec:
    codec = getattr(DIALECTS[name], side)()
    assert isinstance(codec, BodyCodec)
    return codec


def walked(frame: Frame) -> tuple[dict[Channel, list[str]], dict[ChannelKind, list[str]]]:
    """The texts of a frame, as a skim puts them."""
    pieces: dict[Channel, list[str]] = {}
    complete: dict[ChannelKind, list[str]] = {}
    for slot in frame.slots:
        if slot.mode is SlotMode.APPEND:
            pieces.setdefault(slot.channel, []).append(slot.text)
        else:
            complete.setdefault(slot.channel.kind, []).append(slot.text)
    return pieces, complete


def checked(name: str, side: str, raw: bytes) -> Skimmed | None:
    """Skim a body, hold what comes out against the walk, and return it."""
    skimmed = codec_of(name, side).skim(raw)
    if skimmed is not None:
        frames, fault = read(codec_of(name, side), [raw])
        assert fault is None
        (frame,) = frames
        assert tuple(skimmed) == walked(frame)
        assert not frame.must_encode
        assert codec_of(name, side).encode(frame, {}) == raw
    return skimmed


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", DIALECTS)
@given(seed=st.integers(0, 2**48), oddity=st.sampled_from([0.0, 0.05, 0.3]))
def test_any_body(name: str, side: str, seed: int, oddity: float) -> None:
    """Bodies made from the dialect's own table, with unlisted members, odd types, escapes and keys twice."""
    maker = Maker(random.Random(seed), oddity)
    checked(name, side, maker.written(maker.body(codec_of(name, side).table)))


def test_usual_bodies_are_skimmed() -> None:
    """Several choices, tool calls, unlisted strings: none of that needs the walk."""
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
    answer = body(message(content="hello", tool_calls=[call, call]), surprise={"key": ["text", None]})
    answer["choices"].append({**answer["choices"][0], "index": 1})
    skimmed = checked("openai-chat", "body_codec", json.dumps(answer).encode())
    assert skimmed is not None
    assert skimmed.pieces[Channel(ChannelKind.TEXT, 1)] == ["hello"]
    assert skimmed.pieces[Channel(ChannelKind.TOOL_ARGUMENTS, 0, 1)] == ['{"a":"b"}']
    assert skimmed.complete[ChannelKind.OTHER] == ["surprise", "key", "text"]


@pytest.mark.parametrize(
    "more",
    [
        {"logprobs": {"content": [{"token": "x", "logprob": -1.0, "top_logprobs": []}]}},
        {"surprise": [1, 2, 3]},
        {"surprise": 0.123456789},
    ],
)
def test_what_would_be_changed_is_for_the_walk(more: dict[str, Any]) -> None:
    """Texts that repeat another one, lists that are taken out, numbers with more digits than are read."""
    answer = body(message(content="x"))
    answer["choices"][0].update(more)
    assert codec_of("openai-chat", "body_codec").skim(json.dumps(answer).encode()) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b"[" * 200])
def test_what_is_broken_is_for_the_walk(raw: bytes) -> None:
    """A skim refuses nothing by itself."""
    assert codec_of("openai-chat", "body_codec").skim(raw) is None


def test_the_limit() -> None:
    """A body over the limit is for the codec to refuse."""
    raw = json.dumps(body(message(content="x"))).encode()
    assert DIALECTS["openai-chat"].body_codec(len(raw) - 1).skim(raw) is None  # type: ignore[attr-defined]


def test_requests_that_are_mended_are_for_the_walk() -> None:
    """What the API would refuse is taken away by the codec."""
    empty = {"model": "m", "messages": [{"role": "assistant", "content": [{"type": "text", "text": ""}]}]}
    codec = codec_of("anthropic-messages", "request_codec")
    raw = json.dumps(empty).encode()
    (frame,) = read(codec_of("anthropic-messages", "request_codec"), [raw])[0]
    assert (codec.skim(raw) is None) == frame.must_encode


def test_a_value_that_is_known_is_not_parsed_again() -> None:
    """Whoever has read the body already hands in what it read."""
    raw = json.dumps(body(message(content="x"))).encode()
    codec = codec_of("openai-chat", "body_codec")
    assert codec.skim(raw, json.loads(raw)) == codec.skim(raw)
