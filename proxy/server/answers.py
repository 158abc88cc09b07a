"""What an upstream's answer is, by its status, its declared type and its first bytes. Reads and writes nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from proxy.server.faults import UpstreamFault
from proxy.server.headers import JSON_TYPE

if TYPE_CHECKING:
    from proxy.wire.types import Dialect

EVENT_STREAM: Final = "text/event-stream"
_BOM: Final = b"\xef\xbb\xbf"
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b":", b"data", b"event")
MAX_BLANK_BYTES: Final = 4096
"""White space that may come before an answer's first character."""


class StatusKind(Enum):
    """What a status code says about the body."""

    ANSWER = "answer"
    ERROR = "error"


def status_kind(status: int) -> StatusKind:
    """Sort a status code. Raises `UpstreamFault` for redirects, empty answers, ranges and invented codes."""
    if status in {200, 201, 202}:
        return StatusKind.ANSWER
    if 400 <= status <= 599:  # noqa: PLR2004 - the error classes of RFC 9110
        return StatusKind.ERROR
    if 300 <= status <= 399:  # noqa: PLR2004
        raise UpstreamFault(
            "upstream_redirect", "The model API redirected the request; redirects are not followed."
        )
    raise UpstreamFault("upstream_status", "The model API answered with a status that holds no answer.")


def check_type(declared: str, dialect: Dialect) -> None:
    """Check a declared media type. Raises `UpstreamFault` when it is not one in which text can be checked."""
    if declared not in {JSON_TYPE, EVENT_STREAM, dialect.stream_media_type}:
        raise UpstreamFault("upstream_type", "The model API's answer is of a type that cannot be checked.")


def is_stream(declared: str, dialect: Dialect, head: bytes) -> bool | None:
    """Whether a body is a stream of the dialect, by declared type and first bytes; None: more bytes are needed.

    Raises `UpstreamFault` when it is neither a stream nor JSON, whatever was declared.
    """
    if declared == dialect.stream_media_type != EVENT_STREAM:
        return True
    start = head.removeprefix(_BOM).lstrip()
    if not start:
        if len(head) > MAX_BLANK_BYTES:
            raise UpstreamFault("upstream_type", "The model API's answer begins with too much white space.")
        return None
    if start[:1] in b"{[":
        return False
    if declared == EVENT_STREAM or start.startswith(_FIELDS):
        return True
    raise UpstreamFault("upstream_type", "The model API's answer is not of the type it declares.")
