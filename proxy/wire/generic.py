"""Dialects that are described and not programmed: any model endpoint whose messages are JSON.

A description is a list of selectors with their kinds, a layout and templates of endings. How one is written in
`sluicegate.yaml` is the server's business; here it is values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.wire.array_framing import ArrayFraming
from proxy.wire.body import BodyCodec
from proxy.wire.framing import Framing, SseFraming
from proxy.wire.generic_endings import GenericBodyEnding, GenericStreamEnding, Templates
from proxy.wire.generic_table import Field, table_of, text_names
from proxy.wire.jsontext import Json, dumps
from proxy.wire.lines_framing import LinesFraming
from proxy.wire.recurring import RecurringFrames
from proxy.wire.selectors import Selector, select
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

if TYPE_CHECKING:
    from proxy.wire.fields import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What somebody says of an endpoint."""

    name: str
    request: tuple[Field, ...] = ()
    streamed: Selector = ("stream",)
    """The member of a request that is true when a stream is wanted."""
    whole: tuple[Field, ...] = ()
    stream: tuple[Field, ...] = ()
    form: Form | None = None
    """How a stream is laid out; None: there are none."""
    terminator: bytes | None = None
    """The payload that ends a stream of events, where there is one."""
    whole_choice: Selector | None = None
    stream_choice: Selector | None = None
    """Where the number of a choice stands."""
    templates: Templates


@dataclass(frozen=True, slots=True)
class GenericDialect:
    """A dialect made of a description: `described` makes one."""

    description: Description
    request_table: Node
    whole_table: Node
    stream_table: Node
    routes: tuple[Route, ...] = ()
    """None of its own: the configuration opens paths for it."""
    recurring: RecurringFrames = field(init=False, compare=False, repr=False)
    """What frames of its streams are known from other streams."""

    def __post_init__(self) -> None:
        """Begin without any."""
        object.__setattr__(self, "recurring", RecurringFrames(self.stream_table))

    @property
    def name(self) -> str:
        """Name in the configuration, metrics and events."""
        return self.description.name

    @property
    def stream_forms(self) -> tuple[Form, ...]:
        """The one form of its streams, if any."""
        return () if self.description.form is None else (self.description.form,)

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request says that it wants a stream. The answer's own form decides."""
        del target
        return any(value is True for value in select(payload, self.description.streamed))

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(self.request_table, max_body_bytes)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response."""
        del form  # There is one.
        templates = self.description.templates
        ending = GenericStreamEnding(templates, self.stream_table, text_names(self.description.stream))
        repeats = templates.says_all or any(field.kind == "repeat" for field in self.description.stream)
        framing = _framing(self.description, max_frame_bytes)
        return StreamCodec(
            self.stream_table, ending, framing, max_frame_bytes, repeats_text=repeats, recurring=self.recurring
        )

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body, which may be a list."""
        ending = GenericBodyEnding(self.description.templates, self.whole_table)
        return BodyCodec(self.whole_table, max_body_bytes, ending=ending, takes_lists=True)

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope."""
        return dumps(self.description.templates.error_value(message, code, status))


def described(description: Description) -> GenericDialect:
    """Return the dialect of a description."""
    return GenericDialect(
        description,
        table_of(description.request, None, is_stream=False),
        table_of(description.whole, description.whole_choice, is_stream=False),
        table_of(description.stream, description.stream_choice, is_stream=True),
    )


def _framing(description: Description, max_frame_bytes: int) -> Framing:
    if description.form is Form.ARRAY:
        return ArrayFraming(max_frame_bytes)
    if description.form is Form.LINES:
        return LinesFraming(max_frame_bytes)
    return SseFraming(max_frame_bytes, terminator=description.terminator)
