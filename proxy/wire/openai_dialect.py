"""What the two OpenAI text APIs have in common: codecs over a table, endings, the error envelope."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.wire.body import BodyCodec
from proxy.wire.framing import SseFraming
from proxy.wire.jsontext import Json, dumps
from proxy.wire.openai_endings import OpenAiBodyEnding, OpenAiStreamEnding, Shape, failure
from proxy.wire.recurring import RecurringFrames
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.fields import Node

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    408: "timeout_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}


def error_envelope(status: int, code: str, message: str) -> bytes:
    """Return an error in the envelope that all of OpenAI's APIs share."""
    return dumps(failure(message, code, _ERROR_TYPES.get(status, "server_error")))


@dataclass(frozen=True, slots=True)
class OpenAiDialect:
    """A dialect made of its tables."""

    name: str
    routes: tuple[Route, ...]
    request_table: Node
    stream_table: Node
    body_table: Node
    shape: Shape
    stream_forms: tuple[Form, ...] = (Form.EVENTS,)
    mend: Callable[[Json], Json] | None = None
    """Takes away of a parsed request what would be refused; it returns the same object when there is nothing."""
    recurring: RecurringFrames = field(init=False, compare=False, repr=False)
    """What frames of its streams are known from other streams."""

    def __post_init__(self) -> None:
        """Begin without any."""
        object.__setattr__(self, "recurring", RecurringFrames(self.stream_table))

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request asks for a streamed response."""
        del target  # The body says it.
        return isinstance(payload, dict) and payload.get("stream") is True

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(self.request_table, max_body_bytes, mend=self.mend)

    def mended_request(self, payload: Json) -> Json:
        """Return a parsed request without reasoning that an edit left without its signature."""
        return payload if self.mend is None else self.mend(payload)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response."""
        del form  # There is one.
        framing = SseFraming(max_frame_bytes)
        ending = OpenAiStreamEnding(self.shape)
        return StreamCodec(self.stream_table, ending, framing, max_frame_bytes, recurring=self.recurring)

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""
        return BodyCodec(self.body_table, max_body_bytes, ending=OpenAiBodyEnding(self.shape))

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope, so that an SDK raises its own exception with our message."""
        return error_envelope(status, code, message)
