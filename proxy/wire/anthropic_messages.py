"""The dialect `anthropic-messages`: POST /v1/messages, streamed and whole, its requests, and the count of tokens.

Tables of fields; how they are read is in `walk`, how an answer ends early in `anthropic_endings`, what requests
must not bring back in `anthropic_mending`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from detectors.types import ChannelKind
from proxy.wire.anthropic_endings import EVENTS, AnthropicBodyEnding, AnthropicStreamEnding, failure
from proxy.wire.anthropic_fields import (
    ASKED_BLOCK,
    BLOCK,
    CACHE_CONTROL,
    CITATION,
    ERROR,
    MANAGED,
    SIGNATURE,
    STARTED_BLOCK,
    STOPPED,
    SUMMARY,
    SUMMARY_SEAL,
    SYSTEM_BLOCK,
    TEXTS,
    THINKING,
    TOOL_NAME,
    USAGE,
)
from proxy.wire.anthropic_mending import mended
from proxy.wire.body import BodyCodec
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    PARAMETER,
    Each,
    Either,
    Ends,
    Node,
    Numbering,
    Obj,
    Tagged,
    Within,
    constant,
    enum,
    numbers,
    text,
)
from proxy.wire.framing import SseFraming
from proxy.wire.jsontext import Json, dumps
from proxy.wire.recurring import RecurringFrames
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

_MESSAGE: dict[str, Node] = {
    **STOPPED,
    **MANAGED,
    "id": ID,
    "type": enum("message", "error", "message_tokens_count"),
    "role": enum("assistant"),
    "model": ID,
    "content": Each(BLOCK, Numbering.PART),
    "usage": USAGE,
    "diagnostics": Obj({"cache_miss_reason": Obj({"type": ID, "cache_missed_input_tokens": NUMBER})}),
}

RESPONSE = Obj({**_MESSAGE, "error": ERROR, "request_id": ID, "input_tokens": NUMBER})
"""A message, an error, or a count of tokens."""

_INDEX = {"index": Numbering.PART}


def _delta(kind: str, **members: Node) -> Obj:
    return Obj({"type": enum(kind), **members}, Within.DELTA)


_DELTAS: dict[str | bool, Node] = {
    "text_delta": replace(_delta("text_delta", text=text()), series=TEXTS),
    "input_json_delta": _delta("input_json_delta", partial_json=text(ChannelKind.TOOL_ARGUMENTS)),
    "thinking_delta": _delta("thinking_delta", thinking=THINKING, estimated_tokens=NUMBER),
    "signature_delta": _delta("signature_delta", signature=SIGNATURE),
    "citations_delta": _delta("citations_delta", citation=CITATION),
    "compaction_delta": _delta("compaction_delta", content=SUMMARY, encrypted_content=SUMMARY_SEAL),
}

_DELTA = Tagged("type", _DELTAS, other=Obj({"type": ID}, Within.DELTA))

_EVENT: dict[str, Node] = {"type": enum(*EVENTS), "index": NUMBER}

STREAM = Tagged(
    "type",
    {
        "message_start": Obj({**_EVENT, "message": Obj(_MESSAGE, Within.MESSAGE)}),
        "content_block_start": Obj({**_EVENT, "content_block": STARTED_BLOCK}, numbers=_INDEX),
        "content_block_delta": Obj({**_EVENT, "delta": _DELTA}, numbers=_INDEX),
        "content_block_stop": Obj(_EVENT, numbers=_INDEX, ends=Ends(but=(ChannelKind.TEXT, ""))),
        "message_delta": Obj({**_EVENT, **MANAGED, "delta": Obj(STOPPED), "usage": USAGE}),
        "message_stop": Obj(_EVENT, ends=Ends(whole_choice=True)),
        "ping": Obj(_EVENT),
        "error": Obj({**_EVENT, "error": ERROR, "request_id": ID}),
    },
    other=Obj({"type": ID, "index": NUMBER, "error": ERROR}, Within.DELTA, numbers=_INDEX),
)

_TOOL: dict[str, Node] = {
    **numbers(
        "defer_loading",
        "display_height_px",
        "display_number",
        "display_width_px",
        "eager_input_streaming",
        "enable_zoom",
        "max_characters",
        "max_content_tokens",
        "max_tokens",
        "max_uses",
        "strict",
        "use_cache",
    ),
    "type": PARAMETER,
    "name": TOOL_NAME,
    "description": constant(),
    "input_schema": BAG,
    "input_examples": BAG,
    "allowed_callers": Each(PARAMETER),
    "cache_control": CACHE_CONTROL,
    "caching": CACHE_CONTROL,
    "allowed_domains": Each(constant()),
    "blocked_domains": Each(constant()),
    "user_location": Obj(dict.fromkeys(("type", "city", "country", "region", "timezone"), constant())),
    "citations": Obj({"enabled": NUMBER}),
    "url_sources": BAG,
    "response_inclusion": PARAMETER,
    "model": PARAMETER,
    "mcp_server_name": PARAMETER,
    "configs": BAG,
    "default_config": BAG,
    "tools": BAG,
}

_SERVER = Obj(
    {
        "type": PARAMETER,
        "name": PARAMETER,
        "url": constant(),
        "authorization_token": PARAMETER,
        "tool_configuration": BAG,
    }
)

_FORMAT = Obj({"type": PARAMETER, "schema": BAG})

_SETTINGS: dict[str, Node] = {
    **dict.fromkeys(
        (
            "anthropic_version",
            "inference_geo",
            "model",
            "service_tier",
            "speed",
            "user_profile_id",
            "workspace_id",
        ),
        PARAMETER,
    ),
    **numbers("max_tokens", "stream", "temperature", "top_k", "top_p"),
    "anthropic_beta": Each(PARAMETER),
    "betas": Each(PARAMETER),
    "billing_policy": Obj({"type": PARAMETER, "bill_to": PARAMETER}),
    "cache_control": CACHE_CONTROL,
    "compaction": Obj({"type": PARAMETER, "instructions": constant()}),
    "container": Either(text=PARAMETER, members=Obj({"id": PARAMETER, "skills": BAG})),
    "context_management": BAG,
    "diagnostics": Obj({"previous_message_id": PARAMETER}),
    "fallback_credit_token": Either(text=OPAQUE, members=Obj({"token": OPAQUE, "mode": PARAMETER})),
    "fallbacks": BAG,
    "mcp_servers": Each(_SERVER),
    "metadata": Obj({"user_id": constant()}),
    "output_config": Obj(
        {
            "effort": PARAMETER,
            "format": _FORMAT,
            "task_budget": Obj({"type": PARAMETER, "total": NUMBER, "remaining": NUMBER}),
        }
    ),
    "output_format": _FORMAT,
    "stop_sequences": Each(constant()),
    "thinking": Obj(
        {
            "type": PARAMETER,
            "budget_tokens": NUMBER,
            "display": PARAMETER,
            "block_binding": Obj({"prefix_mismatch_behavior": PARAMETER}),
        }
    ),
    "thread": Obj({"type": PARAMETER, "previous_message_id": PARAMETER}),
    "tool_choice": Obj({"type": PARAMETER, "name": TOOL_NAME, "disable_parallel_tool_use": NUMBER}),
}

REQUEST = Obj(
    {
        **_SETTINGS,
        "system": Either(text=text(name="system"), items=Each(SYSTEM_BLOCK, Numbering.PART)),
        "messages": Each(
            Obj(
                {
                    "role": enum("user", "assistant", "system"),
                    "content": Either(text=text(), items=Each(ASKED_BLOCK, Numbering.PART)),
                    "clear_at": PARAMETER,
                    "output_config": Obj({"effort": PARAMETER}),
                },
                Within.MESSAGE,
            ),
            Numbering.CHOICE,
        ),
        "tools": Each(Obj(_TOOL)),
    }
)

_VERTEX = "/v1/projects/{project}/locations/{location}/publishers/anthropic/models/{model}"


@dataclass(frozen=True, slots=True)
class AnthropicDialect:
    """The Messages API."""

    name: str = "anthropic-messages"
    routes: tuple[Route, ...] = (
        Route("POST", "/v1/messages"),
        Route("POST", "/messages"),
        Route("POST", "/anthropic/v1/messages"),
        Route("POST", "/v1/messages/count_tokens"),
        Route("POST", "/messages/count_tokens"),
        Route("POST", "/anthropic/v1/messages/count_tokens"),
        Route("POST", f"{_VERTEX}:rawPredict"),
        Route("POST", f"{_VERTEX}:streamRawPredict"),
    )
    stream_forms: tuple[Form, ...] = (Form.EVENTS,)

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request asks for a streamed response."""
        del target  # The body says it.
        return isinstance(payload, dict) and payload.get("stream") is True

    def mended_request(self, payload: Json) -> Json:
        """Return a parsed request without thinking that an edit left without its signature."""
        return mended(payload)

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(REQUEST, max_body_bytes, mend=mended)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response."""
        del form  # There is one.
        framing = SseFraming(max_frame_bytes, terminator=None, name_member="type", known_events=EVENTS)
        return StreamCodec(STREAM, AnthropicStreamEnding(), framing, max_frame_bytes, recurring=_RECURRING)

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""
        return BodyCodec(RESPONSE, max_body_bytes, ending=AnthropicBodyEnding())

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope, so that an SDK raises its own exception with our message."""
        return dumps(failure(message, code, status))


_RECURRING = RecurringFrames(STREAM)
MESSAGES = AnthropicDialect()
