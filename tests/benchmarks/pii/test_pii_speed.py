"""Times are of real scans of real texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pii import speed
from benchmarks.pii.parties import PlainPresidio, Sluicegate
from detectors.pii.presidio import DEFAULT_ENTITIES

if TYPE_CHECKING:
    import pytest


def test_texts_have_the_length_that_is_told() -> None:
    """And those with values have two in each, which are found."""
    ours = Sluicegate()
    assert [len(text) for text in speed.prose_texts(5)] == [speed.TEXT_CHARS] * 5
    assert all(ours.find(text, DEFAULT_ENTITIES) == [] for text in speed.prose_texts(20))
    with_values = speed.texts_with_values(20)
    assert all(abs(len(text) - speed.TEXT_CHARS) <= 2 for text in with_values)
    assert all(len(ours.find(text, DEFAULT_ENTITIES)) >= 2 for text in with_values)


def test_both_parties_are_timed() -> None:
    """The detector is faster: how much is for a quiet machine to say."""
    table, targets = speed.speed_table(PlainPresidio(DEFAULT_ENTITIES), Sluicegate(), 1)
    assert [row[0] for row in table.rows] == ["ordinary English", "English with two values"]
    assert targets[0].measured > 0
    assert targets[1].measured > 1


def test_a_stream_is_held_no_more_than_is_promised() -> None:
    """Held characters do not depend on the machine."""
    ours = Sluicegate()
    detectors = {"default": ours.detector(DEFAULT_ENTITIES), "digits": ours.detector(("PHONE_NUMBER",))}
    table, targets = speed.stream_table(detectors)
    assert len(table.rows) == 2
    assert targets[1].holds
    held = speed.held_by_token(detectors["digits"])
    assert held.count(0) / len(held) > 0.9
    assert held[-1] == 0


def test_long_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kinds, by length."""
    monkeypatch.setattr(speed, "LENGTHS", (500, 1_000))
    table = speed.long_table(Sluicegate().detector(DEFAULT_ENTITIES))
    assert [len(row) for row in table.rows] == [3, 3]
