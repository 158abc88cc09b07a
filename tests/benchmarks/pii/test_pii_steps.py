"""Looks at lists: all of the text is seen, in windows as the guard gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pii import steps
from benchmarks.pii.parties import Sluicegate
from detectors.pii.presidio import DEFAULT_ENTITIES

if TYPE_CHECKING:
    import pytest

OURS = Sluicegate().detector(DEFAULT_ENTITIES)


def test_a_text_is_seen_in_steps() -> None:
    """More than one, and not one for each character."""
    text = "ssn 219-09-9999 " * 128
    assert 3 <= len(steps.steps_ms(OURS, text)) <= 8


def test_a_look_may_take_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time for one is over."""
    text = "ssn 219-09-9999 " * 32
    assert len(steps.turns_ms(OURS, text)) <= 2 * len(steps.steps_ms(OURS, text))
    monkeypatch.setattr(steps, "MAX_RUN_S", 0.0)
    assert len(steps.turns_ms(OURS, text)) > 4 * len(steps.steps_ms(OURS, text))


def test_lists_have_a_row_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a figure for each detector; the promise is of the first."""
    monkeypatch.setattr(steps, "LIST_CHARS", 600)
    monkeypatch.setattr(steps, "LISTS", dict(list(steps.LISTS.items())[:2]))
    table, targets = steps.step_table({"default": OURS, "again": OURS})
    assert [len(row) for row in table.rows] == [4, 4]
    assert targets[0].measured > 0
