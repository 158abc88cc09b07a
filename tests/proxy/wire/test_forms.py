"""The form of an answer: what it declares and how it begins."""

from __future__ import annotations

import pytest

from proxy.wire.forms import MAX_BLANK_BYTES, form_of
from proxy.wire.types import Form, WireError

EVENTS, LINES, JSON = (form.media_type for form in (Form.EVENTS, Form.LINES, Form.WHOLE))


@pytest.mark.parametrize(
    ("declared", "forms", "head", "expected"),
    [
        (EVENTS, (Form.EVENTS,), b"data: {}\n\n", Form.EVENTS),
        (EVENTS, (Form.EVENTS,), b"\xef\xbb\xbfdata: {}", Form.EVENTS),
        (EVENTS, (Form.EVENTS,), b": comment", Form.EVENTS),
        (EVENTS, (Form.EVENTS,), b'{"choices":[]}', Form.WHOLE),
        (JSON, (Form.EVENTS,), b' \n {"choices":[]}', Form.WHOLE),
        (JSON, (Form.EVENTS,), b"\xef\xbb\xbf[", Form.WHOLE),
        (JSON, (Form.EVENTS, Form.ARRAY), b"[", Form.ARRAY),
        (EVENTS, (Form.EVENTS, Form.ARRAY), b"[", Form.ARRAY),
        (JSON, (Form.EVENTS,), b"data: {}", Form.EVENTS),
        (JSON, (Form.EVENTS,), b"event: x", Form.EVENTS),
        (LINES, (Form.LINES,), b'{"a":1}', Form.LINES),
        (JSON, (Form.LINES,), b'{"a":1}', Form.WHOLE),
        ("application/jsonl", (Form.LINES,), b'{"a":1}', Form.LINES),
        (LINES, (Form.EVENTS,), b'{"a":1}', Form.WHOLE),
        (JSON, (Form.EVENTS,), b"", None),
        (EVENTS, (Form.EVENTS,), b"\r\n \t", None),
        (JSON, (Form.EVENTS,), b"\xef\xbb\xbf", None),
    ],
)
def test_the_first_bytes_decide(declared: str, forms: tuple[Form, ...], head: bytes, expected: Form | None) -> None:
    """An upstream that declares the one and sends the other is read as what it sends."""
    assert form_of(declared, forms, head) is expected


@pytest.mark.parametrize("head", [b"hello", b"<html>", b'"text"', b"1", b"\x1f\x8b"])
def test_no_form_at_all(head: bytes) -> None:
    """Other bytes are a fault, whatever was declared; so are events where the dialect has none."""
    with pytest.raises(WireError):
        form_of(JSON, (Form.EVENTS,), head)
    with pytest.raises(WireError):
        form_of(EVENTS, (Form.LINES,), b"data: {}")


def test_white_space_has_an_end() -> None:
    """An answer of nothing but blanks is not read for ever."""
    assert form_of(JSON, (Form.EVENTS,), b" " * MAX_BLANK_BYTES) is None
    with pytest.raises(WireError):
        form_of(JSON, (Form.EVENTS,), b" " * (MAX_BLANK_BYTES + 1))
