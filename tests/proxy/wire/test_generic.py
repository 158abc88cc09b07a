"""Described dialects: what they are to the proxy, and the examples for real servers."""

from __future__ import annotations

import json

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.types import Form, FrameRole
from tests.support.described import LLAMA_END, events, example, llama_chunk, tgi_stream
from tests.support.wire import cuts, frames_of, read, texts

TGI = example("tgi", "tgi")
LLAMA = example("llama-server", "llama-server")
KSERVE = example("kserve", "open-inference")
CLASSIFIER = example("classifier", "classifier")


def test_what_a_dialect_is_to_the_proxy() -> None:
    """Names, forms, routes of its own, a stream when the request's member says so."""
    assert (TGI.name, TGI.stream_forms) == ("tgi", (Form.EVENTS,))
    assert [route.path for route in TGI.routes] == ["/generate", "/generate_stream"]
    assert (KSERVE.stream_forms, CLASSIFIER.stream_forms) == ((), (Form.LINES,))
    assert TGI.wants_stream({"stream": True}, "/generate")
    assert not TGI.wants_stream({"stream": "true"}, "/generate")
    assert not TGI.wants_stream([], "/generate")


def test_tgi() -> None:
    """Tokens are one text, the end repeats it; an error in the stream is a failure."""
    data = events(*tgi_stream(["Hello", " you"]))
    for parts in cuts(data):
        frames, fault = read(TGI.stream_codec(), parts)
        assert fault is None
        assert list(texts(frames).values()) == ["Hello you"]
        assert b"".join(frame.raw for frame in frames) == data
        assert not any(frame.must_encode for frame in frames)
    assert frames_of(TGI.stream_codec(), events({"error": "x", "error_type": "y"}))[0].role is FrameRole.FAILURE
    details = {"finish_reason": "length", "generated_tokens": 2, "seed": 5, "tokens": [{"id": 1, "text": "Hello"}]}
    frame = frames_of(TGI.body_codec(), json.dumps({"generated_text": "Hello", "details": details}).encode())[0]
    assert [slot.text for slot in frame.slots] == ["Hello"]
    assert "tokens" not in frame.payload["details"]


def test_llama_server() -> None:
    """Texts by slot, settings and prompt are judged, tokens and probabilities go."""
    chunks = [llama_chunk("a"), llama_chunk("x", 1), llama_chunk("b"), llama_chunk("", stop=True, **LLAMA_END)]
    frames = frames_of(LLAMA.stream_codec(), events(*chunks))
    assert {channel.choice: text for channel, text in texts(frames).items() if channel.kind is K.TEXT} == {
        0: "ab",
        1: "x",
    }
    assert not any(frame.must_encode for frame in frames)
    probable = {"token": " a", "bytes": [32, 97], "top_logprobs": []}
    full = llama_chunk("a", **LLAMA_END, tokens=[5], completion_probabilities=[probable])
    frame = frames_of(LLAMA.body_codec(), json.dumps(full).encode())[0]
    assert {"tokens", "completion_probabilities"} & set(frame.payload) == set()
    found = {slot.text for slot in frame.slots}
    assert {"a", "Hello?", "n_predict\nstop\nEND\nsamplers\ntop_k\ngrammar"} <= found


@pytest.mark.parametrize(
    ("data", "kept"),
    [(["one", "two"], True), ([[1, 2], [3, 4]], False), ([0.5, 0.25], False), ([["a"], ["b"]], True)],
)
def test_open_inference(data: list[object], kept: bool) -> None:
    """Tensors of strings are texts, also nested; those of numbers are taken out."""
    output = {"name": "out", "datatype": "BYTES", "shape": [2], "data": data}
    answer = {"model_name": "m", "model_version": "1", "id": "r", "outputs": [output]}
    frame = frames_of(KSERVE.body_codec(), json.dumps(answer).encode())[0]
    assert (frame.payload["outputs"][0].get("data") == data) is kept
    assert {slot.text for slot in frame.slots if slot.channel.kind is not K.ID} == {
        "\2",  # The shape, read as bytes.
        *(text for one in data for text in (one if isinstance(one, list) else [one]) if isinstance(text, str)),
    }
    frame = frames_of(KSERVE.request_codec(), json.dumps({"inputs": [output]}).encode())[0]
    assert any(slot.channel.kind is not K.ID for slot in frame.slots) or not kept


def test_a_classifier() -> None:
    """Scores pass, explanations are texts complete in themselves, labels are known words; lines and whole."""
    answers = [
        {"id": str(n), "label": "unsafe", "scores": [0.125, 0.5], "explanation": f"because {n}"} for n in range(2)
    ]
    lines = b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)
    frames = frames_of(CLASSIFIER.stream_codec(), lines)
    assert [slot.text for frame in frames for slot in frame.slots if slot.channel.kind is K.TEXT] == [
        "because 0",
        "because 1",
    ]
    assert not any(frame.must_encode for frame in frames)
    frame = frames_of(CLASSIFIER.body_codec(), json.dumps({**answers[0], "label": "call me"}).encode())[0]
    assert {slot.text for slot in frame.slots if slot.channel.kind is not K.ID} == {"because 0", "call me"}
