"""What an answer is, by status, declared type and first bytes; anything else is the upstream's fault."""

from __future__ import annotations

import pytest

from proxy.server.answers import EVENT_STREAM, MAX_BLANK_BYTES, StatusKind, check_type, is_stream, status_kind
from proxy.server.faults import UpstreamFault
from proxy.server.headers import JSON_TYPE
from proxy.wire.registry import DIALECTS

CHAT = DIALECTS["openai-chat"]


def test_every_status() -> None:
    """Each code is an answer, an error or a fault."""
    found: dict[str, set[int]] = {
        "answer": set(),
        "error": set(),
        "upstream_redirect": set(),
        "upstream_status": set(),
    }
    for status in range(100, 1000):
        try:
            found[status_kind(status).value].add(status)
        except UpstreamFault as fault:
            found[fault.code].add(status)
    assert found[StatusKind.ANSWER.value] == {200, 201, 202}
    assert found[StatusKind.ERROR.value] == set(range(400, 600))
    assert found["upstream_redirect"] == set(range(300, 400))
    assert {204, 205, 206, 101, 600} <= found["upstream_status"]


@pytest.mark.parametrize("declared", ["", "text/html", "text/plain", "application/octet-stream", "image/png"])
def test_types_that_cannot_be_checked(declared: str) -> None:
    """A type in which no text can be found is refused before its body is read."""
    with pytest.raises(UpstreamFault):
        check_type(declared, CHAT)
    check_type(JSON_TYPE, CHAT)
    check_type(EVENT_STREAM, CHAT)


@pytest.mark.parametrize(
    ("declared", "head", "expected"),
    [
        (EVENT_STREAM, b"data: {}\n\n", True),
        (EVENT_STREAM, b"\xef\xbb\xbfdata: {}", True),
        (EVENT_STREAM, b": comment", True),
        (EVENT_STREAM, b'{"choices":[]}', False),
        (JSON_TYPE, b' \n {"choices":[]}', False),
        (JSON_TYPE, b"\xef\xbb\xbf[", False),
        (JSON_TYPE, b"data: {}", True),
        (JSON_TYPE, b"event: x", True),
        (JSON_TYPE, b"", None),
        (EVENT_STREAM, b"\r\n \t", None),
        (JSON_TYPE, b"\xef\xbb\xbf", None),
    ],
)
def test_the_first_bytes_decide(declared: str, head: bytes, expected: bool | None) -> None:
    """An upstream that declares the one and sends the other is read as what it sends."""
    assert is_stream(declared, CHAT, head) is expected


@pytest.mark.parametrize("head", [b"hello", b"<html>", b'"text"', b"1", b"\x1f\x8b"])
def test_neither_a_stream_nor_json(head: bytes) -> None:
    """Bytes that are neither are a fault, whatever was declared."""
    with pytest.raises(UpstreamFault):
        is_stream(JSON_TYPE, CHAT, head)


def test_white_space_has_an_end() -> None:
    """An answer of nothing but blanks is not read for ever."""
    assert is_stream(JSON_TYPE, CHAT, b" " * MAX_BLANK_BYTES) is None
    with pytest.raises(UpstreamFault):
        is_stream(JSON_TYPE, CHAT, b" " * (MAX_BLANK_BYTES + 1))
