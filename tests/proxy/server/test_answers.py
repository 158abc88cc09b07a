"""What an answer is, by status, declared type and first bytes; anything else is the upstream's fault."""

from __future__ import annotations

import pytest

from proxy.server.answers import StatusKind, check_type, form_of, status_kind
from proxy.server.faults import UpstreamFault
from proxy.server.headers import JSON_TYPE
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form

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
    check_type(Form.EVENTS.media_type, CHAT)


@pytest.mark.parametrize("head", [b"hello", b"\x1f\x8b"])
def test_neither_a_stream_nor_json(head: bytes) -> None:
    """Bytes that are no form of the dialect are the upstream's fault, in words that name it."""
    with pytest.raises(UpstreamFault, match="The model API's answer cannot be read"):
        form_of(JSON_TYPE, CHAT, head)
    assert form_of(JSON_TYPE, CHAT, b"data: {}") is Form.EVENTS
