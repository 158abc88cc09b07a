"""Where the text of the older completions API is."""

from __future__ import annotations

import json
from typing import Any

from detectors.types import ChannelKind as K
from proxy.wire.openai_completions import COMPLETIONS
from proxy.wire.types import Channel
from tests.support.wire import frames_of, sse, texts


def asked(**members: Any) -> dict[Channel, str]:
    frame = frames_of(COMPLETIONS.request_codec(), json.dumps({"model": "toy-1", **members}).encode())[0]
    return {slot.channel: slot.text for slot in frame.slots}


def test_prompts() -> None:
    """A string, several strings, and token ids, which nobody can read."""
    assert asked(prompt="hi") == {Channel(K.TEXT): "hi"}
    assert asked(prompt=["a", "b"], suffix="c") == {
        Channel(K.TEXT, 0): "a",
        Channel(K.TEXT, 1): "b",
        Channel(K.TEXT, 0, 0, "suffix"): "c",
    }
    assert asked(prompt=[72, 105, 4111111]) == {}
    assert asked(prompt=[[72], [105]]) == {}
    assert "jane" in "".join(asked(prompt=[72, "jane"]).values())
    assert "jane" in "".join(asked(prompt=[[72], {"a": "jane"}]).values())


def test_stream_and_whole_have_the_same_channels() -> None:
    """The text of a choice is one channel, streamed or not; an echoed prompt is part of it."""
    choice = {"index": 1, "text": "Once", "logprobs": None, "finish_reason": None, "foo": "bar"}
    value = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "toy-1", "choices": [choice]}
    streamed = frames_of(COMPLETIONS.stream_codec(), sse(value))[0]
    whole = frames_of(COMPLETIONS.body_codec(), json.dumps(value).encode())[0]
    assert texts([whole]) == {Channel(K.TEXT, 1): "Once"}
    assert texts([streamed]) == {Channel(K.TEXT, 1): "Once", Channel(K.OTHER, 1, 0, "message.foo"): "bar"}
    assert Channel(K.OTHER, 1, 0, "message.foo") in [slot.channel for slot in whole.slots]
