"""What the leak sweep walks: the types in which the official SDKs read answers, by dialect and form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict, get_args

from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types as gemini
from ollama import ChatResponse, GenerateResponse
from ollama._types import ChatRequest, GenerateRequest
from openai.types import Completion
from openai.types import completion_create_params as completions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat import completion_create_params as chat
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses import response_create_params as responses

from proxy.wire.types import Form


def whole(payload: Any) -> bytes:
    """Write a whole body."""
    return json.dumps(payload).encode()


def event(payload: Any) -> bytes:
    """Write a stream of one event."""
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def named_event(payload: Any) -> bytes:
    """Write a stream of one event that is named after its type."""
    return b"event: " + str(payload.get("type", "message")).encode() + b"\n" + event(payload)


def line(payload: Any) -> bytes:
    """Write a stream of one line."""
    return json.dumps(payload).encode() + b"\n"


def array(payload: Any) -> bytes:
    """Write a stream of one element."""
    return b"[" + json.dumps(payload).encode() + b"\n]"


@dataclass(frozen=True)
class Subject:
    """Types of one SDK, read from one form of one dialect."""

    dialect: str
    form: Form
    kinds: tuple[Any, ...]
    write: Callable[[Any], bytes]
    fields: int
    """Distinct `Class.field` places that hold a string, bytes or anything at all: a new version of the SDK changes
    it, and then somebody has to look."""
    leave_out: frozenset[str] = field(default_factory=frozenset)
    """Fields that the SDK adds to what is on the wire."""


def variants(union: Any) -> tuple[Any, ...]:
    """Return the members of an annotated union."""
    return get_args(get_args(union)[0])


NOT_ON_THE_WIRE = frozenset({"sdkHttpResponse", "parsed", "automaticFunctionCallingHistory"})

SUBJECTS: dict[str, Subject] = {
    "openai ChatCompletion": Subject("openai-chat", Form.WHOLE, (ChatCompletion,), whole, 46),
    "openai ChatCompletionChunk": Subject("openai-chat", Form.EVENTS, (ChatCompletionChunk,), event, 39),
    "openai Completion": Subject("openai-completions", Form.WHOLE, (Completion,), whole, 8),
    "openai Completion, streamed": Subject("openai-completions", Form.EVENTS, (Completion,), event, 8),
    "openai Response": Subject("openai-responses", Form.WHOLE, (Response,), whole, 622),
    "openai ResponseStreamEvent": Subject(
        "openai-responses", Form.EVENTS, variants(ResponseStreamEvent), named_event, 761
    ),
    "anthropic Message": Subject("anthropic-messages", Form.WHOLE, (Message, BetaMessage), whole, 451),
    "anthropic RawMessageStreamEvent": Subject(
        "anthropic-messages",
        Form.EVENTS,
        (*variants(RawMessageStreamEvent), *variants(BetaRawMessageStreamEvent)),
        named_event,
        486,
    ),
    "google-genai GenerateContentResponse": Subject(
        "gemini", Form.WHOLE, (gemini.GenerateContentResponse,), whole, 128, NOT_ON_THE_WIRE
    ),
    "google-genai GenerateContentResponse, events": Subject(
        "gemini", Form.EVENTS, (gemini.GenerateContentResponse,), event, 128, NOT_ON_THE_WIRE
    ),
    "google-genai GenerateContentResponse, array": Subject(
        "gemini", Form.ARRAY, (gemini.GenerateContentResponse,), array, 128, NOT_ON_THE_WIRE
    ),
    "ollama ChatResponse": Subject("ollama", Form.WHOLE, (ChatResponse,), whole, 12),
    "ollama ChatResponse, streamed": Subject("ollama", Form.LINES, (ChatResponse,), line, 12),
    "ollama GenerateResponse": Subject("ollama", Form.WHOLE, (GenerateResponse,), whole, 9),
    "ollama GenerateResponse, streamed": Subject("ollama", Form.LINES, (GenerateResponse,), line, 9),
}


class GenerateContentRequest(TypedDict, total=False):
    """The body of Gemini's REST call; the SDK has a class for each member, but none for the whole."""

    contents: list[gemini.Content]
    systemInstruction: gemini.Content
    tools: list[gemini.Tool]
    toolConfig: gemini.ToolConfig
    safetySettings: list[gemini.SafetySetting]
    generationConfig: gemini.GenerationConfig
    cachedContent: str
    labels: dict[str, str]


REQUESTS: dict[str, Subject] = {
    "openai chat request": Subject(
        "openai-chat", Form.WHOLE, (chat.CompletionCreateParamsNonStreaming,), whole, 102
    ),
    "openai completions request": Subject(
        "openai-completions", Form.WHOLE, (completions.CompletionCreateParamsNonStreaming,), whole, 7
    ),
    "openai responses request": Subject(
        "openai-responses", Form.WHOLE, (responses.ResponseCreateParamsNonStreaming,), whole, 521
    ),
    "anthropic messages request": Subject(
        "anthropic-messages", Form.WHOLE, (MessageCreateParamsNonStreaming,), whole, 387
    ),
    "gemini request": Subject("gemini", Form.WHOLE, (GenerateContentRequest,), whole, 171),
    "ollama chat request": Subject("ollama", Form.WHOLE, (ChatRequest,), whole, 26),
    "ollama generate request": Subject("ollama", Form.WHOLE, (GenerateRequest,), whole, 13),
}
"""What the SDKs send. A canary in any of it has to stop the request."""
