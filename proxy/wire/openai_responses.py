"""The dialect `openai-responses`: POST /v1/responses, streamed and whole, and its requests, which can be counted.

What is in an item and in an event is in tables of their own (`responses_items`, `responses_events`), how an
answer ends early in `responses_endings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.wire.alike import Alike
from proxy.wire.body import BodyCodec
from proxy.wire.fields import (
    BAG,
    NUMBER,
    PARAMETER,
    Each,
    Either,
    Node,
    Numbering,
    Obj,
    constant,
    numbers,
    text,
)
from proxy.wire.framing import SseFraming
from proxy.wire.openai_dialect import error_envelope
from proxy.wire.recurring import RecurringFrames
from proxy.wire.responses_endings import ResponsesBodyEnding, ResponsesStreamEnding
from proxy.wire.responses_events import ITEM, KNOWN_EVENTS, PROMPT, RESPONSE, STREAM
from proxy.wire.responses_fields import FORMAT, MODERATION, TOOL, TOOL_CHOICE
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

if TYPE_CHECKING:
    from proxy.wire.jsontext import Json

_SETTINGS: dict[str, Node] = {
    **numbers(
        "background",
        "frequency_penalty",
        "max_output_tokens",
        "max_tool_calls",
        "parallel_tool_calls",
        "presence_penalty",
        "seed",
        "store",
        "stream",
        "temperature",
        "top_k",
        "top_logprobs",
        "top_p",
    ),
    **dict.fromkeys(
        (
            "model",
            "previous_response_id",
            "prompt_cache_key",
            "prompt_cache_retention",
            "safety_identifier",
            "service_tier",
            "truncation",
        ),
        PARAMETER,
    ),
    "access_programs": Obj({"cyber": PARAMETER}),
    "background_options": Obj({"completion_window": PARAMETER, "continuation_id": PARAMETER}),
    "context_management": Each(Obj({"type": PARAMETER, "compact_threshold": NUMBER})),
    "conversation": Either(text=PARAMETER, members=Obj({"id": PARAMETER})),
    "image": Obj({"context_compression": PARAMETER}),
    "include": Each(PARAMETER),
    "prompt_cache_options": Obj(
        {"mode": PARAMETER, "ttl": PARAMETER, "comparison_response_id": PARAMETER, **numbers("prewarm")}
    ),
    "reasoning": Obj(dict.fromkeys(("context", "effort", "generate_summary", "mode", "summary"), PARAMETER)),
    "stream_options": Obj(numbers("include_obfuscation")),
}

REQUEST = Obj(
    {
        **_SETTINGS,
        "instructions": text(name="instructions"),
        "input": Either(text=text(), items=Each(ITEM, Numbering.CHOICE)),
        "prompt": PROMPT,
        "tools": Each(TOOL),
        "tool_choice": TOOL_CHOICE,
        "text": FORMAT,
        "moderation": MODERATION,
        "metadata": BAG,
        "user": constant(),
    }
)


@dataclass(frozen=True, slots=True)
class ResponsesDialect:
    """The Responses API."""

    name: str = "openai-responses"
    routes: tuple[Route, ...] = (
        Route("POST", "/v1/responses"),
        Route("POST", "/responses"),
        Route("POST", "/openai/v1/responses"),
        Route("POST", "/openai/responses"),
        Route("POST", "/v1/responses/input_tokens"),
    )
    stream_forms: tuple[Form, ...] = (Form.EVENTS,)

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request asks for a streamed response."""
        del target  # The body says it.
        return isinstance(payload, dict) and payload.get("stream") is True

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(REQUEST, max_body_bytes)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response. A trailing `[DONE]` is known, and not written by us."""
        del form  # There is one.
        framing = SseFraming(
            max_frame_bytes, writes_terminator=False, name_member="type", known_events=KNOWN_EVENTS
        )
        alike = Alike(STREAM, framing)
        ending = ResponsesStreamEnding(alike)
        return StreamCodec(
            STREAM, ending, framing, max_frame_bytes, repeats_text=True, alike=alike, recurring=_RECURRING
        )

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""
        return BodyCodec(RESPONSE, max_body_bytes, ending=ResponsesBodyEnding())

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope, so that an SDK raises its own exception with our message."""
        return error_envelope(status, code, message)


_RECURRING = RecurringFrames(STREAM)
RESPONSES = ResponsesDialect()
