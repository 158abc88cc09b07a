"""The workloads, and the bytes of their requests and answers in the OpenAI chat format. Pure: no sockets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from benchmarks.prose import passage, tokens

PATH = "/v1/chat/completions"
VARIANTS = 16
"""Different answers of one workload, so that no cache of a proxy or a detector makes it look faster."""

_MODEL_MARK = b'"model":"'


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of answer that the mock model gives when it is asked by this name."""

    name: str
    events: int
    """SSE events of an answer, `[DONE]` among them; 0 for a whole JSON answer."""
    chars: int
    """Characters of text in a whole answer; 0 for streams."""
    pace_s: float
    """Time before each event; 0 for all of them in one burst."""
    clients: int
    """How many clients ask at the same time."""
    one_chunk: bool = False
    """All events in one HTTP chunk, instead of one chunk for each as model servers write them."""


BURST = Workload("burst", events=100, chars=0, pace_s=0.0, clients=32)
BURST_ONE_CHUNK = Workload("burst-one-chunk", events=100, chars=0, pace_s=0.0, clients=32, one_chunk=True)
WHOLE = Workload("whole", events=0, chars=2048, pace_s=0.0, clients=32)
PACED = Workload("paced", events=64, chars=0, pace_s=0.020, clients=50)
SINGLE = Workload("single", events=0, chars=2048, pace_s=0.0, clients=1)

WORKLOADS = {workload.name: workload for workload in (BURST, BURST_ONE_CHUNK, WHOLE, PACED, SINGLE)}


def _event(choices: list[dict[str, Any]], **more: Any) -> bytes:  # noqa: ANN401 - JSON members
    chunk = {
        "id": "chatcmpl-Bq7Zk2vHc9Xw1TtYp4LmNs8RdUfQa",
        "object": "chat.completion.chunk",
        "created": 1754000000,
        "model": "bench-model-1",
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
        "choices": choices,
        **more,
    }
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


@cache
def stream_events(workload: Workload, variant: int) -> tuple[bytes, ...]:
    """Return the SSE events of a streamed answer: role, one token each, finish, `[DONE]`."""
    wanted = workload.events - 3
    pieces = tokens(passage(variant, 8 * wanted))[:wanted]
    role = _event([_choice({"role": "assistant", "content": "", "refusal": None})])
    middle = [_event([_choice({"content": piece})]) for piece in pieces]
    return (role, *middle, _event([_choice({}, "stop")]), b"data: [DONE]\n\n")


@cache
def whole_body(workload: Workload, variant: int) -> bytes:
    """Return the JSON of a whole answer."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": passage(variant, workload.chars),
        "refusal": None,
        "annotations": [],
    }
    usage = {"prompt_tokens": 25, "completion_tokens": 455, "total_tokens": 480}
    answer = {
        "id": "chatcmpl-Bq7Zk2vHc9Xw1TtYp4LmNs8RdUfQa",
        "object": "chat.completion",
        "created": 1754000000,
        "model": "bench-model-1",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
    }
    return orjson.dumps(answer)


@cache
def expected_bodies(workload: Workload) -> frozenset[bytes]:
    """Return every body that a client may receive from a proxy that changes nothing."""
    if workload.events:
        return frozenset(b"".join(stream_events(workload, variant)) for variant in range(VARIANTS))
    return frozenset(whole_body(workload, variant) for variant in range(VARIANTS))


@cache
def request_bytes(workload: Workload, host: str) -> bytes:
    """Return one whole HTTP request for an answer of the workload."""
    question = "Could you explain this to me in plain words, step by step? I would like to understand the reason."
    asked: dict[str, Any] = {
        "model": workload.name,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": question},
        ],
    }
    if workload.events:
        asked["stream"] = True
    body = orjson.dumps(asked)
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"accept: */*\r\nuser-agent: sluicegate-bench\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def requested_workload(body: bytes) -> Workload | None:
    """Return the workload that a request's body names as its model, or None when it names none of them."""
    at = body.find(_MODEL_MARK)
    if at < 0:
        return None
    start = at + len(_MODEL_MARK)
    name = body[start : body.find(b'"', start)].decode("ascii", "replace")
    return WORKLOADS.get(name)
