"""Limits of the outbox."""

from __future__ import annotations

from events.outbox.settings import OnFull, OutboxSettings


def test_events_are_not_given_up_unless_somebody_says_so() -> None:
    assert OutboxSettings().on_full is OnFull.BLOCK
    assert [str(one) for one in OnFull] == ["block", "drop-oldest"]
