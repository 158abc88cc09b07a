"""Whole bodies: one frame at the end, or a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.wire.body import BodyCodec
from proxy.wire.fields import Obj, text
from proxy.wire.registry import DIALECTS
from proxy.wire.types import FrameRole, WireError
from tests.support.wire import body, cuts, message, nothing_said, read

RAW = json.dumps(body(message(content="Grüße 🌊"), usage={"total_tokens": 1}), indent=1).encode()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_body_is_one_frame_at_its_end(name: str) -> None:
    """Nothing comes before the end, and without edits the bytes leave as they came."""
    for parts in cuts(RAW):
        codec = DIALECTS[name].body_codec()
        assert [codec.receive(part) for part in parts] == [[]] * len(parts)
        (frame,) = codec.receive_end()
        assert codec.encode(frame, {}) == RAW
        assert not codec.repeats_text


@pytest.mark.parametrize(
    "raw",
    [b"", RAW[:-1], RAW + b"x", b"[]", b"1", b"null", b"<html></html>", b"data: {}\n\n", b"\xef\xbb\xbf" + RAW],
)
@pytest.mark.parametrize("kind", ["body_codec", "request_codec"])
def test_faults(raw: bytes, kind: str) -> None:
    """What is not one JSON object is refused, in answers and in requests."""
    _, fault = read(getattr(DIALECTS["openai-chat"], kind)(), [raw])
    assert fault is not None


def test_the_limit() -> None:
    """A body of the limit's length passes, one byte more is refused before it is read to its end."""
    assert read(DIALECTS["openai-chat"].body_codec(len(RAW)), [RAW])[1] is None
    codec = DIALECTS["openai-chat"].body_codec(len(RAW) - 1)
    with pytest.raises(WireError, match="longer than"):
        codec.receive(RAW)


def edited(value: dict[str, Any], text: str, new: str | None) -> Any:
    codec = DIALECTS["openai-chat"].body_codec()
    codec.receive(json.dumps(value).encode())
    (frame,) = codec.receive_end()
    number = next(number for number, slot in enumerate(frame.slots) if slot.text == text)
    codec.sent(frame, {})
    return json.loads(codec.encode(frame, {number: new}))


def test_an_edit_changes_its_place_only() -> None:
    """Texts are replaced, unlisted keys are dropped, everything else stays."""
    value = body(message(content="bad"), foo={"bar": "x"})
    assert edited(value, "bad", "good") == body(message(content="good"), foo={"bar": "x"})
    assert edited(value, "bad", None) == body(message(content=""), foo={"bar": "x"})
    assert edited(value, "bar", None) == body(message(content="bad"), foo={})
    assert edited(value, "foo", "y") == body(message(content="bad"))


def test_an_error_body_is_a_failure() -> None:
    """Error objects are told apart; in a request the word has no such meaning."""
    raw = b'{"error":{"message":"it broke"}}'
    assert read(DIALECTS["openai-chat"].body_codec(), [raw])[0][0].role is FrameRole.FAILURE
    assert read(DIALECTS["openai-chat"].request_codec(), [raw])[0][0].role is FrameRole.DATA


def test_requests_have_no_endings() -> None:
    """A blocked request is answered by the server, not written."""
    codec = DIALECTS["openai-chat"].request_codec()
    codec.receive(b'{"messages":[{"role":"user","content":"bad"}]}')
    (frame,) = codec.receive_end()
    assert codec.encode_blocked(frame, {0: ""}, 0, "stopped", nothing_said) == b""
    assert codec.end_failed("broken", "code") == b""


def test_a_broken_body_ends_in_an_error_envelope() -> None:
    """The SDK finds an error where the answer should be."""
    ended = json.loads(DIALECTS["openai-chat"].body_codec().end_failed("broken", "upstream_reset"))
    assert ended["error"]["code"] == "upstream_reset"


def test_a_request_is_mended_as_it_is_written() -> None:
    """Also when nothing was edited; a request that needs none leaves as it came."""

    def mend(payload: Any) -> Any:
        return {key: value for key, value in payload.items() if value} if "" in payload.values() else payload

    table = Obj({"a": text(), "b": text()})
    for raw, edits, expected in (
        (b'{"a": "x", "b": "y"}', {}, b'{"a": "x", "b": "y"}'),
        (b'{"a": "x", "b": ""}', {}, b'{"a":"x"}'),
        (b'{"a": "x", "b": "y"}', {0: ""}, b'{"b":"y"}'),
    ):
        codec = BodyCodec(table, mend=mend)
        codec.receive(raw)
        (frame,) = codec.receive_end()
        assert frame.must_encode == (b'""' in raw)
        assert codec.encode(frame, edits) == expected


def test_a_body_may_be_a_list_where_the_format_says_so() -> None:
    """Its objects are read by the table; elsewhere it is refused."""
    raw = b'[{"error": {"message": "bad words"}}]'
    codec = DIALECTS["gemini"].body_codec()
    codec.receive(raw)
    (frame,) = codec.receive_end()
    assert frame.role is FrameRole.FAILURE
    number = next(n for n, slot in enumerate(frame.slots) if slot.text == "bad words")
    assert frame.slots[number].path == (0, "error", "message")
    assert json.loads(codec.encode(frame, {number: "words"})) == [{"error": {"message": "words"}}]
    codec = DIALECTS["openai-chat"].body_codec()
    codec.receive(raw)
    with pytest.raises(WireError, match="not a JSON object"):
        codec.receive_end()
