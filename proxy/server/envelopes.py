"""Error envelopes for requests that belong to no dialect: those of the API that the client seems to speak.

A dialect writes its own errors. These are for refused and passed paths, so that the client's SDK still raises its
own exception with our message.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

import orjson

from proxy.wire.anthropic_endings import failure

if TYPE_CHECKING:
    from collections.abc import Mapping


class Family(Enum):
    """The API whose clients send a request."""

    OPENAI = "openai"
    """Also what is written when nothing is known: most clients understand it."""
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"


_PATHS: Final = (
    (re.compile(r"(?:/anthropic)?/v1/(?:messages|complete|organizations|agents|sessions|environments|memory_stores)(?:[/?].*)?"),
     Family.ANTHROPIC),
    (re.compile(r"/(?:upload/)?v1(?:alpha|beta)[0-9]*/(?!openai/).*|/ws/.*|/v1/models/[^/?]+:[a-z][A-Za-z]+(?:\?.*)?|/v1/cachedContents.*"),
     Family.GEMINI),
    (re.compile(r"/api/.*"), Family.OLLAMA),
)  # fmt: skip
"""Where a family's paths differ from OpenAI's."""

_HEADERS: Final = (("anthropic-version", Family.ANTHROPIC), ("x-goog-api-key", Family.GEMINI))
"""What the SDKs of a family send with every request."""

_OPENAI_TYPES: Final = {400: "invalid_request_error", 403: "permission_error", 503: "overloaded_error"}
_GEMINI_STATUSES: Final = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    405: "UNIMPLEMENTED", 408: "DEADLINE_EXCEEDED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_SERVER_ERRORS: Final = 500


def family_of(target: str, headers: Mapping[str, str]) -> Family:
    """Return the family of a request, by its headers, then by its path."""
    for name, family in _HEADERS:
        if name in headers:
            return family
    for pattern, family in _PATHS:
        if pattern.fullmatch(target):
            return family
    return Family.OPENAI


def error_body(family: Family, status: int, code: str, message: str) -> bytes:
    """Return an error in the envelope of a family. `message` is ours: no text of the exchange."""
    is_ours = status >= _SERVER_ERRORS
    match family:
        case Family.ANTHROPIC:
            value: object = failure(message, code, status)
        case Family.GEMINI:
            kind = _GEMINI_STATUSES.get(status, "INTERNAL" if is_ours else "INVALID_ARGUMENT")
            value = {"error": {"code": status, "message": message, "status": kind}}
        case Family.OLLAMA:
            value = {"error": message}
        case Family.OPENAI:
            kind = _OPENAI_TYPES.get(status, "api_error" if is_ours else "invalid_request_error")
            value = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return orjson.dumps(value)
