"""Every dialect can end what it began, with our own words in it."""

from __future__ import annotations

import pytest

from proxy.wire.registry import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_a_broken_answer_says_so(name: str) -> None:
    """Streamed in every form, and whole."""
    dialect = DIALECTS[name]
    codecs = [dialect.body_codec(), *(dialect.stream_codec(form=form) for form in dialect.stream_forms)]
    for codec in codecs:
        assert b"it broke" in codec.end_failed("it broke", "upstream_error")
    assert b"it broke" in dialect.error_body(502, "upstream_error", "it broke")
