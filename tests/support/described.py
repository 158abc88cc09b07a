"""The described dialects of `deploy/dialects`, and answers of the servers they are for."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.server.config_file import load_server_config
from proxy.wire.generic import described
from proxy.wire.types import Form
from tests.support.dialect_case import Answer

if TYPE_CHECKING:
    from proxy.wire.generic import GenericDialect
    from tests.support.dialect_case import Prose

FOLDER = Path(__file__).parents[2] / "deploy" / "dialects"

JsonObject = dict[str, Any]


@cache
def example(file: str, name: str) -> GenericDialect:
    """Return a dialect of one of the example files."""
    config = load_server_config(FOLDER / f"{file}.yaml", {}, {})
    return next(one for one in config.dialects if one.name == name)


def events(*payloads: JsonObject) -> bytes:
    """Return events as these servers write them, without a blank after the colon."""
    return b"".join(b"data:" + json.dumps(payload).encode() + b"\n\n" for payload in payloads)


def read_events(data: bytes) -> list[JsonObject]:
    """Read events by the simplest means."""
    blocks = [block for block in data.split(b"\n\n") if block]
    return [json.loads(block.removeprefix(b"data:")) for block in blocks]


# --- Text Generation Inference


def tgi_token(text: str, index: int = 1, **more: Any) -> JsonObject:
    """Return an event of /generate_stream."""
    token = {"id": 42, "text": text, "logprob": -0.25, "special": False}
    return {"index": index, "token": token, "generated_text": None, "details": None, **more}


def tgi_stream(pieces: list[str]) -> list[JsonObject]:
    """Return the events of an answer: the last one repeats all of it, but for the end token."""
    said = [tgi_token(piece, number) for number, piece in enumerate(pieces, 1)]
    details = {"finish_reason": "eos_token", "generated_tokens": len(pieces), "input_length": 3, "seed": None}
    last = tgi_token("", len(pieces) + 1, generated_text="".join(pieces), details=details)
    last["token"] |= {"special": True, "text": ""}
    return [*said, last]


def tgi_answer(prose: Prose) -> Answer:
    """Make an answer."""
    text = prose.text()
    stream = events(*tgi_stream(prose.pieces(text)))
    return Answer(stream, json.dumps({"generated_text": text}).encode(), prose.planted)


def tgi_shown(data: bytes) -> dict[str, str]:
    """Return the tokens of a stream, and what its last event says was said."""
    read = read_events(data)
    spoken = "".join(event["token"]["text"] for event in read)
    final = read[-1]["generated_text"] if read else None
    assert final is None or final == spoken, "the end repeats another text than was said"
    return {"text": spoken} if spoken else {}


def tgi_shown_whole(data: bytes) -> dict[str, str]:
    """Return the text of a whole answer."""
    said = json.loads(data)["generated_text"]
    return {"text": said} if said else {}


def tgi_array() -> GenericDialect:
    """Return the same dialect with its events as the elements of an array."""
    return described(replace(example("tgi", "tgi").description, form=Form.ARRAY))


def tgi_array_answer(prose: Prose) -> Answer:
    """Make an answer whose stream is an array."""
    text = prose.text()
    elements = [json.dumps(one) for one in tgi_stream(prose.pieces(text))]
    stream = f"[{prose.chance.choice([',', ', ', chr(10) + ',' + chr(10)]).join(elements)}]\n"
    return Answer(stream.encode(), json.dumps({"generated_text": text}).encode(), prose.planted)


def tgi_array_shown(data: bytes) -> dict[str, str]:
    """Return the tokens of an array."""
    return tgi_shown(events(*json.loads(data)))


# --- llama.cpp


def llama_chunk(content: str, index: int = 0, *, stop: bool = False, **more: Any) -> JsonObject:
    """Return an event of /completion."""
    head = {"index": index, "content": content, "tokens": [], "stop": stop, "id_slot": -1}
    return {**head, "tokens_predicted": 1, "tokens_evaluated": 3, **more}


LLAMA_END: JsonObject = {
    "model": "/models/gemma-3.gguf",
    "prompt": "Hello?",
    "generation_settings": {"n_predict": -1, "stop": ["END"], "samplers": ["top_k"], "grammar": ""},
    "has_new_line": False,
    "truncated": False,
    "stop_type": "eos",
    "stopping_word": "",
    "tokens_cached": 5,
    "timings": {"prompt_n": 1, "prompt_ms": 49.5, "predicted_n": 2, "predicted_per_second": 20.25},
}


def llama_answer(prose: Prose) -> Answer:
    """Make an answer."""
    text = prose.text()
    said = [llama_chunk(piece) for piece in prose.pieces(text)]
    stream = events(*said, llama_chunk("", stop=True, **LLAMA_END))
    return Answer(stream, json.dumps(llama_chunk(text, stop=True, **LLAMA_END)).encode(), prose.planted)


def llama_shown(data: bytes) -> dict[str, str]:
    """Return the text of a stream."""
    said = "".join(event["content"] for event in read_events(data))
    return {"text": said} if said else {}


def llama_shown_whole(data: bytes) -> dict[str, str]:
    """Return the text of a whole answer."""
    said = json.loads(data)["content"]
    return {"text": said} if said else {}
