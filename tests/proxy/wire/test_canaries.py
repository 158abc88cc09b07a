"""No text without a slot: a canary in every leaf, key and unlisted place of the SDK's types has to be found.

The numbers of places are asserted, so that a new version of the SDK with new fields makes itself known.
"""

from __future__ import annotations

import json
import types
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

from proxy.wire.registry import DIALECTS
from proxy.wire.types import Codec
from tests.support.wire import frames_of, sse

CANARY = "canary bird 42"
PLAIN = "plain"

SIMPLE: dict[Any, Any] = {
    str: PLAIN,
    int: 7,
    float: 0.5,
    bool: True,
    object: PLAIN,
    datetime: "2026-08-01T12:00:00Z",
}
"""A value of each type that has no parts."""

Path = tuple[str | int, ...]


def samples(kind: Any) -> list[Any]:
    """Return values of a type that between them have every field and every variant."""
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {name: samples(field.annotation) for name, field in kind.model_fields.items()}
        count = max(len(values) for values in fields.values())
        return [{name: values[n % len(values)] for name, values in fields.items()} for n in range(count)]
    if origin is Literal:
        return [args[0]]
    if origin in (Union, types.UnionType):
        return [value for arg in args if arg is not type(None) for value in samples(arg)]
    if origin is list:
        return [list(b"plain")] if args[0] is int else [samples(args[0])]
    if origin is dict:
        return [{PLAIN: samples(args[1])[0]}]
    return samples(args[0]) if origin is not None else [SIMPLE[kind]]


def places(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    """Return every place in a value, containers too."""
    inner: list[tuple[Path, Any]] = [(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        inner += places(child, (*path, step))
    return inner


def planted(value: Any, path: Path, new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    if not path:
        return new
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return copy


def is_seen(codec: Codec, raw: bytes, canary: str) -> bool:
    """Whether the canary is in the text of some slot, or gone from what may leave."""
    frame = frames_of(codec, raw)[0]
    if any(canary in slot.text for slot in frame.slots):
        return True
    written = codec.encode(frame, {}) if frame.must_encode else frame.raw
    return canary.encode() not in written and b"114, 121" not in written and b"114,121" not in written


def extras(*, stream: bool) -> dict[str, Any]:
    """Return an answer with what servers send that is not in the SDK."""
    said = {
        "content": [
            {"type": "text", "text": PLAIN},
            {"type": "thinking", "thinking": [{"type": "text", "text": PLAIN}]},
        ],
        "reasoning": PLAIN,
        "reasoning_content": PLAIN,
        "reasoning_details": [
            {"type": "reasoning.text", "text": PLAIN, "signature": PLAIN, "format": "v1", "index": 0, "id": "r1"},
            {"type": "reasoning.summary", "summary": PLAIN},
            {"type": "reasoning.encrypted", "data": PLAIN},
        ],
        "tool_calls": [{"index": 0, "id": "c", "type": "custom", "custom": {"name": PLAIN, "input": PLAIN}}],
        "annotations": [{"type": "url_citation", "url_citation": {"url": PLAIN, "title": PLAIN, "content": PLAIN}}],
    }
    results = {
        "hate": {"filtered": False, "severity": "safe"},
        "protected_material_code": {"detected": True, "citation": {"URL": PLAIN, "license": PLAIN}},
        "custom_blocklists": {"filtered": False, "details": [{"id": PLAIN, "filtered": False}]},
        "error": {"code": PLAIN, "message": PLAIN},
    }
    choice = {
        "index": 0,
        "delta" if stream else "message": said,
        "finish_reason": "stop",
        "native_finish_reason": "STOP",
        "stop_reason": PLAIN,
        "matched_stop": PLAIN,
        "token_ids": [1, 2],
        "content_filter_results": results,
        "content_filter_result": results,
        "content_filter_offsets": {"check_offset": 1, "start_offset": 1, "end_offset": 2},
    }
    return {
        "id": PLAIN,
        "provider": PLAIN,
        "choices": [choice],
        "citations": [PLAIN],
        "search_results": [{"title": PLAIN, "url": PLAIN, "date": PLAIN, "snippet": PLAIN}],
        "prompt_logprobs": [None, {"5": {"logprob": -1, "rank": 1, "decoded_token": PLAIN}}],
        "prompt_token_ids": [1, 2],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": results}],
        "prompt_annotations": [{"prompt_index": 0, "content_filter_results": results}],
        "kv_transfer_params": {"remote": PLAIN, "blocks": [1, 2]},
        "x_groq": {"id": PLAIN, "usage": {"queue_time": 0.5}},
        "timings": {"prompt_ms": 1.5},
        "usage": {"prompt_tokens": 1, "cost": 0.5, "prompt_tokens_details": {"cached_tokens": 1}},
        "error": {"message": PLAIN, "type": PLAIN, "code": PLAIN, "param": PLAIN},
    }


SUBJECTS: dict[str, tuple[str, bool, list[Any], int, int]] = {
    # name: dialect, streamed, answers, leaves, objects
    "ChatCompletion": ("openai-chat", False, samples(ChatCompletion), 166, 54),
    "ChatCompletionChunk": ("openai-chat", True, samples(ChatCompletionChunk), 150, 44),
    "Completion": ("openai-completions", False, samples(Completion), 29, 7),
    "Completion streamed": ("openai-completions", True, samples(Completion), 29, 7),
    "other servers": ("openai-chat", False, [extras(stream=False)], 104, 54),
    "other servers streamed": ("openai-chat", True, [extras(stream=True)], 104, 54),
}


def codec_of(dialect: str, *, stream: bool) -> Codec:
    return DIALECTS[dialect].stream_codec() if stream else DIALECTS[dialect].body_codec()


def raw_of(value: Any, *, stream: bool) -> bytes:
    return sse(value) if stream else json.dumps(value).encode()


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_canary_in_every_leaf_is_found(name: str) -> None:
    """Strings, and any other leaf that turns out to be a string."""
    dialect, stream, answers, leaves, _ = SUBJECTS[name]
    count = 0
    for answer in answers:
        for path, value in places(answer):
            if isinstance(value, (dict, list)):
                continue
            count += 1
            raw = raw_of(planted(answer, path, CANARY), stream=stream)
            assert is_seen(codec_of(dialect, stream=stream), raw, CANARY), path
    assert count == leaves


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_canary_in_every_unlisted_place_is_found(name: str) -> None:
    """At every object: as an unknown member, its key, inside it, as integers; as the key of every dictionary."""
    dialect, stream, answers, _, objects = SUBJECTS[name]
    count = 0
    for answer in answers:
        for path, value in places(answer):
            if not isinstance(value, dict):
                continue
            count += 1
            for more in (
                {"foo": CANARY},
                {CANARY: 1},
                {"foo": [{"bar": [CANARY]}]},
                {"foo": {CANARY: None}},
                {"foo": list(CANARY.encode())},
                {"foo": [[1, 2], list(CANARY.encode())]},
                {"foo": 4111111111111111},
                {"foo": 411111111111111.25},
            ):
                raw = raw_of(planted(answer, path, {**value, **more}), stream=stream)
                canary = next(
                    (text for text in ("4111111111111111", "411111111111111.25") if text in str(more)), CANARY
                )
                assert is_seen(codec_of(dialect, stream=stream), raw, canary), (path, more)
    assert count == objects


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_canary_in_place_of_any_structure_is_found(name: str) -> None:
    """A string where an object or a list should be, and an object where a leaf should be."""
    dialect, stream, answers, _, _ = SUBJECTS[name]
    for answer in answers:
        for path, value in places(answer):
            if path:
                new = CANARY if isinstance(value, (dict, list)) else {"foo": CANARY}
                raw = raw_of(planted(answer, path, new), stream=stream)
                assert is_seen(codec_of(dialect, stream=stream), raw, CANARY), path
                raw = raw_of(planted(answer, path, [[CANARY], {"x": CANARY}]), stream=stream)
                assert is_seen(codec_of(dialect, stream=stream), raw, CANARY), path
