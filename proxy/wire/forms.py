"""Tells how a response is laid out, from its declared type and its first bytes, whatever it claims.

It reads no further than the first character.
"""

from __future__ import annotations

from typing import Final

from proxy.wire.types import Form, WireError

MAX_BLANK_BYTES: Final = 4096
"""White space that may come before an answer's first character."""

LINE_TYPES: Final = frozenset({
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
    "application/jsonlines",
})  # fmt: skip
"""What servers call one JSON value a line; no name is registered."""

_BOM: Final = b"\xef\xbb\xbf"
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b":", b"data", b"event")


def form_of(declared: str, stream_forms: tuple[Form, ...], head: bytes) -> Form | None:
    """Return the form of a body of which `head` is known; None when more bytes are needed.

    `declared` is the media type, "" when there is none. Raises `WireError` when it is no form of the dialect.
    """
    start = head.removeprefix(_BOM).lstrip()
    if not start:
        if len(head) > MAX_BLANK_BYTES:
            raise WireError("it begins with too much white space")
        return None
    if start[:1] == b"{":
        is_lines = Form.LINES in stream_forms and declared in LINE_TYPES
        return Form.LINES if is_lines else Form.WHOLE
    if start[:1] == b"[":
        return Form.ARRAY if Form.ARRAY in stream_forms else Form.WHOLE
    is_events = declared == Form.EVENTS.media_type or start.startswith(_FIELDS)
    if is_events and Form.EVENTS in stream_forms:
        return Form.EVENTS
    raise WireError("it is not of the type that it declares")
