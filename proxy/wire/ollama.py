"""The dialect `ollama`: POST /api/chat and /api/generate, as lines of JSON and whole, and their requests.

Checked against the types of ollama-python 0.6. A stream is the default: a request without `stream` asks for one.
`context` in an answer is the prompt and the answer once more as token ids, which nobody can read here: it goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectors.types import ChannelKind
from proxy.wire.body import BodyCodec
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    OPAQUE_TOKENS,
    PARAMETER,
    TIME,
    TOKENS,
    Each,
    Either,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Within,
    constant,
    data,
    enum,
    numbers,
    text,
)
from proxy.wire.jsontext import Json, dumps
from proxy.wire.lines_framing import LinesFraming
from proxy.wire.ollama_endings import COUNTS, OllamaBodyEnding, OllamaStreamEnding
from proxy.wire.recurring import RecurringFrames
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

_THINKING = text(ChannelKind.REASONING)
_NAME = text(ChannelKind.TOOL_NAME)

# A call comes whole, in one line. Newer servers number calls, older ones send them one after the other.
_CALLS = Each(
    Obj(
        {
            "id": ID,
            "type": enum("function"),
            "function": Obj(
                {"name": _NAME, "arguments": data(), "index": NUMBER}, numbers={"index": Numbering.PART}
            ),
        },
        Within.SNAPSHOT,
    )
)

_MESSAGE: dict[str, Node] = {
    "role": enum("system", "user", "assistant", "tool"),
    "content": text(),
    "thinking": _THINKING,
    "images": Each(OPAQUE),
    "tool_calls": _CALLS,
    "tool_name": constant(ChannelKind.TOOL_NAME),
    "tool_call_id": ID,
}

_HEAD: dict[str, Node] = {
    **numbers("done", *COUNTS, "completed", "total"),
    "model": ID,
    "remote_model": ID,
    "remote_host": ID,
    "created_at": TIME,
    "done_reason": enum("stop", "length", "load", "unload", "content_filter"),
    "error": constant(),
    "logprobs": Logprobs(is_flat=True),
    "response": text(),
    "thinking": _THINKING,
    "tool_calls": _CALLS,
    "image": OPAQUE,
    "context": TOKENS,
    "_debug_info": Obj({"rendered_template": constant(), "image_count": NUMBER}),
}


def _answer(within: Within) -> Obj:
    return Obj({**_HEAD, "message": Obj(_MESSAGE, within, first=("thinking",))}, first=("thinking",))


STREAM = _answer(Within.DELTA)
BODY = _answer(Within.MESSAGE)

_NUMERIC_OPTIONS = (
    "f16_kv frequency_penalty logits_all low_vram main_gpu min_p mirostat mirostat_eta mirostat_tau num_batch"
    " num_ctx num_gpu num_keep num_predict num_thread numa penalize_newline presence_penalty repeat_last_n"
    " repeat_penalty seed temperature tfs_z top_k top_p typical_p use_mlock use_mmap vocab_only"
)

_OPTIONS = Obj({**numbers(*_NUMERIC_OPTIONS.split()), "stop": Either(text=constant(), items=Each(constant()))})

_TOOL = Obj(
    {
        "type": enum("function"),
        "function": Obj({"name": constant(ChannelKind.TOOL_NAME), "description": constant(), "parameters": BAG}),
    }
)

REQUEST = Obj(
    {
        **numbers("stream", "raw", "logprobs", "top_logprobs", "truncate", "shift", "width", "height", "steps"),
        "model": PARAMETER,
        "messages": Each(Obj(_MESSAGE, Within.MESSAGE), Numbering.CHOICE),
        "tools": Each(_TOOL),
        "prompt": text(),
        "suffix": text(name="suffix"),
        "system": text(name="system"),
        "template": text(name="template"),
        "images": Each(OPAQUE),
        "context": OPAQUE_TOKENS,
        "format": Either(text=PARAMETER, members=BAG),
        "think": PARAMETER,
        "keep_alive": PARAMETER,
        "options": _OPTIONS,
    }
)


@dataclass(frozen=True, slots=True)
class OllamaDialect:
    """Both routes: what a line is, its members say."""

    name: str = "ollama"
    routes: tuple[Route, ...] = (Route("POST", "/api/chat"), Route("POST", "/api/generate"))
    stream_forms: tuple[Form, ...] = (Form.LINES,)

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request asks for a stream: all do but those that refuse it."""
        del target  # The body says it.
        return isinstance(payload, dict) and payload.get("stream") is not False

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(REQUEST, max_body_bytes)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response."""
        del form  # There is one.
        framing = LinesFraming(max_frame_bytes)
        return StreamCodec(STREAM, OllamaStreamEnding(), framing, max_frame_bytes, recurring=_RECURRING)

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""
        return BodyCodec(BODY, max_body_bytes, ending=OllamaBodyEnding())

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope, so that the SDK raises its `ResponseError` with our message."""
        del status, code  # The envelope has no place for them.
        return dumps({"error": message})


_RECURRING = RecurringFrames(STREAM)
OLLAMA = OllamaDialect()
