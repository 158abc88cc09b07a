"""What an upstream's answer is, by its status, its declared type and its first bytes. Reads and writes nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from proxy.server.faults import UpstreamFault
from proxy.server.headers import JSON_TYPE
from proxy.wire import forms
from proxy.wire.types import Form, WireError

if TYPE_CHECKING:
    from proxy.wire.types import Dialect


_ALWAYS: Final = frozenset({JSON_TYPE, Form.EVENTS.media_type})


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
    if declared in _ALWAYS:
        return
    is_lines = declared in forms.LINE_TYPES and Form.LINES in dialect.stream_forms
    if not is_lines and declared not in {form.media_type for form in dialect.stream_forms}:
        raise UpstreamFault("upstream_type", "The model API's answer is of a type that cannot be checked.")


def form_of(declared: str, dialect: Dialect, head: bytes) -> Form | None:
    """Return how a body is laid out, by declared type and first bytes; None: more bytes are needed.

    Raises `UpstreamFault` when it is laid out in no way of the dialect, whatever was declared.
    """
    try:
        return forms.form_of(declared, dialect.stream_forms, head)
    except WireError as error:
        raise UpstreamFault("upstream_type", f"The model API's answer cannot be read: {error.public}.") from None
