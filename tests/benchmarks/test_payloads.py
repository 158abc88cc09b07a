"""The bytes of the workloads are what the official client would parse."""

from __future__ import annotations

import json

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from benchmarks.payloads import (
    BURST,
    PACED,
    VARIANTS,
    WHOLE,
    WORKLOADS,
    Workload,
    expected_bodies,
    request_bytes,
    requested_workload,
    stream_events,
    whole_body,
)
from benchmarks.upstream import ready_answer


@pytest.mark.parametrize("workload", [BURST, PACED])
def test_streams(workload: Workload) -> None:
    """A stream has its number of events, begins with a role, and ends with a reason and the terminator."""
    events = stream_events(workload, 3)
    assert len(events) == workload.events
    chunks = [ChatCompletionChunk.model_validate_json(event.removeprefix(b"data: ")) for event in events[:-1]]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.choices[0].delta.content for chunk in chunks[1:-1])
    assert events[-1] == b"data: [DONE]\n\n"


def test_whole_answers() -> None:
    """A whole answer has two kilobytes of text."""
    answer = ChatCompletion.model_validate_json(whole_body(WHOLE, 5))
    assert len(answer.choices[0].message.content or "") == 2048


@pytest.mark.parametrize("workload", list(WORKLOADS.values()), ids=list(WORKLOADS))
def test_a_request_names_its_workload(workload: Workload) -> None:
    """The mock model knows from a request's body, whoever wrote it, what it is asked for."""
    body = request_bytes(workload, "h").partition(b"\r\n\r\n")[2]
    assert requested_workload(body) == workload
    assert json.loads(body).get("stream", False) == bool(workload.events)
    assert requested_workload(b"{}") is None
    assert requested_workload(b'{"model":"other"}') is None


def test_answers_are_all_expected() -> None:
    """What the model sends in one write is what the load generator compares with, one chunk an event."""
    for variant in range(VARIANTS):
        head, _, rest = ready_answer(BURST, variant).partition(b"\r\n\r\n")
        lines = rest.split(b"\r\n")
        assert b"chunked" in head
        assert b"".join(lines[1::2]) in expected_bodies(BURST)
        assert len([size for size in lines[0::2] if size not in {b"", b"0"}]) == BURST.events
