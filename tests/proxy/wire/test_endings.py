"""Every dialect can end what it began, with our own words in it."""

from __future__ import annotations

import pytest

from proxy.wire.endings import MAX_RENAMED, Renames
from proxy.wire.registry import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_a_broken_answer_says_so(name: str) -> None:
    """Streamed in every form, and whole."""
    dialect = DIALECTS[name]
    codecs = [dialect.body_codec(), *(dialect.stream_codec(form=form) for form in dialect.stream_forms)]
    for codec in codecs:
        assert b"it broke" in codec.end_failed("it broke", "upstream_error")
    assert b"it broke" in dialect.error_body(502, "upstream_error", "it broke")


def test_edited_ids_stay_edited() -> None:
    """At their place; what is no text is as it was. Too many are told, and that stays so."""
    renames = Renames()
    renames.learn("id", "a", "b")
    assert [renames.current("id", "a"), renames.current("model", "a"), renames.current("id", ["a"])] == [
        "b",
        "a",
        ["a"],
    ]
    for number in range(MAX_RENAMED):
        assert not renames.is_full
        renames.learn("model", str(number), "b")
    assert renames.is_full
    renames.learn("id", "a", "b")
    assert renames.is_full
