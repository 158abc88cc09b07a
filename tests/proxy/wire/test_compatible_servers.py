"""What servers that speak OpenAI's format send besides: each member is listed, its texts judged as what they are.

Shapes from the documentation of vLLM, llama.cpp, Mistral, Azure and OpenRouter.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.registry import DIALECTS
from tests.support.wire import body, chunk, delta, frames_of, message, sse

PICTURE = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
SAFE = {"filtered": False, "severity": "safe"}
FOUND = {"title": "T", "content": "C", "url": "https://a.example/b", "filepath": "f.md", "chunk_id": "0"}

STREAMED: dict[str, tuple[dict[str, Any], set[tuple[K, str]]]] = {
    "vLLM": (
        chunk({**delta(content="Hi", reasoning="Hm"), "stop_reason": 128009, "token_ids": None}),
        {(K.TEXT, "Hi"), (K.REASONING, "Hm")},
    ),
    "vLLM, a stop string": (
        chunk({**delta(content="Hi", reason="stop"), "stop_reason": "END"}),
        {(K.TEXT, "Hi"), (K.OTHER, "END")},
    ),
    "llama.cpp": (
        chunk(
            delta(reasoning_content="Hm"),
            timings={"cache_n": 1, "prompt_ms": 2.5, "predicted_per_second": 9.5},
            prompt_progress={"total": 9, "cache": 0, "processed": 5, "time_ms": 7},
        ),
        {(K.REASONING, "Hm")},
    ),
    "Mistral, thinking": (
        chunk(
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": True}]),
        ),
        {(K.REASONING, "Hm")},
    ),
    "Mistral, references": (
        chunk(
            delta(
                content=[{"type": "text", "text": "Hi"}, {"type": "reference", "reference_ids": [0, 1]}],
                reason="model_length",
            )
        ),
        {(K.TEXT, "Hi"), (K.OTHER, "\0\1")},
    ),
    "Azure, a filter": (
        chunk(
            {
                "index": 0,
                "finish_reason": None,
                "content_filter_results": {
                    "hate": SAFE,
                    "protected_material_text": {"detected": False, "filtered": False},
                },
                "content_filter_offsets": {"check_offset": 44, "start_offset": 44, "end_offset": 198},
            }
        ),
        set(),
    ),
    "Azure, own data": (
        chunk(delta(role="assistant", context={"citations": [FOUND], "intent": "I"}, end_turn=False)),
        {(K.ANNOTATION, text) for text in ("T", "C", "https://a.example/b", "f.md")} | {(K.OTHER, "I")},
    ),
    "OpenRouter": (
        chunk(
            {
                **delta(
                    content="",
                    reasoning="Hm",
                    reasoning_details=[
                        {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0},
                        {"type": "reasoning.summary", "summary": "S", "id": "r1", "index": 1},
                        {"type": "reasoning.encrypted", "data": PICTURE, "id": "r2", "index": 2},
                    ],
                    images=[{"type": "image_url", "image_url": {"url": PICTURE}, "index": 0}],
                ),
                "native_finish_reason": None,
            },
            provider="Some",
            usage={"prompt_tokens": 1, "cost": 0.5, "cost_details": {"upstream_inference_cost": None}},
        ),
        {(K.REASONING, "Hm"), (K.REASONING, "S")},
    ),
    "OpenRouter, a file": (
        chunk(
            delta(
                annotations=[
                    {
                        "type": "file",
                        "file": {"hash": "h-1", "name": "N", "content": [{"type": "text", "text": "F"}]},
                    }
                ]
            )
        ),
        {(K.ANNOTATION, "N"), (K.ANNOTATION, "F")},
    ),
}


@pytest.mark.parametrize("name", STREAMED)
def test_members_of_other_servers(name: str) -> None:
    """Nothing in them is unknown; streamed and whole the same; they leave as they came."""
    payload, expected = STREAMED[name]
    (choice,) = payload["choices"]
    whole = body({**{k: v for k, v in choice.items() if k != "delta"}, "message": choice.get("delta")})
    whole |= {key: value for key, value in payload.items() if key not in {"choices", "object"}}
    dialect = DIALECTS["openai-chat"]
    for codec, raw in ((dialect.stream_codec(), sse(payload)), (dialect.body_codec(), json.dumps(whole).encode())):
        frame = frames_of(codec, raw)[0]
        found = {(slot.channel.kind, slot.text) for slot in frame.slots if slot.channel.kind is not K.ID}
        assert found == expected
        assert not frame.must_encode


def test_token_ids_and_probabilities_of_the_prompt_go() -> None:
    """They are text in another form."""
    entry = {"5": {"logprob": -1, "rank": 1, "decoded_token": "call me"}}
    answer = body(
        {**message(content="Hi"), "token_ids": [1], "prompt_logprobs": [None, entry]}, prompt_token_ids=[5]
    )
    frame = frames_of(
        DIALECTS["openai-chat"].body_codec(), json.dumps({**answer, "prompt_logprobs": [entry]}).encode()
    )[0]
    assert not {"token_ids", "prompt_logprobs"} & set(frame.payload["choices"][0])
    assert not {"prompt_token_ids", "prompt_logprobs"} & set(frame.payload)
    completion = {"index": 0, "text": "Hi", "stop_reason": None, "prompt_logprobs": [entry], "token_ids": [1]}
    codec = DIALECTS["openai-completions"].body_codec()
    frame = frames_of(codec, json.dumps({"choices": [completion]}).encode())[0]
    assert set(frame.payload["choices"][0]) == {"index", "text", "stop_reason"}
