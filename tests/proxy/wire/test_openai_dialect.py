"""What the server asks of a dialect."""

from __future__ import annotations

import json

import pytest

from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form


@pytest.mark.parametrize(
    ("payload", "streamed"),
    [({"stream": True}, True), ({"stream": False}, False), ({}, False), ({"stream": "yes"}, False), ([], False)],
)
def test_wants_stream(payload: object, streamed: bool) -> None:
    """Only a plain true asks for a stream."""
    assert DIALECTS["openai-chat"].wants_stream(payload, "/v1/chat/completions") is streamed


def test_error_body() -> None:
    """The envelope is OpenAI's, whatever the status."""
    assert json.loads(DIALECTS["openai-chat"].error_body(400, "content_filter", "no")) == {
        "error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "content_filter"}
    }
    assert json.loads(DIALECTS["openai-chat"].error_body(599, "x", "no"))["error"]["type"] == "server_error"
    assert DIALECTS["openai-chat"].stream_forms == (Form.EVENTS,)
