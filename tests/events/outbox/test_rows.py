"""What the outbox holds, as values."""

from __future__ import annotations

from events.outbox.rows import ROW_BYTES, Entry, OutboxError


def test_all_of_an_entry_counts() -> None:
    assert Entry("i", "t", "k", 0, b"12345", b"123").size == ROW_BYTES + 8
    assert Entry("i", None, "k", 0, b"").size == ROW_BYTES


def test_an_error_has_a_word_for_metrics() -> None:
    assert (OutboxError("full", "It is full.").reason, str(OutboxError("full", "It is full."))) == (
        "full",
        "It is full.",
    )
