"""What could not have been let out: each character of it is part of a value in some text that may follow."""

from __future__ import annotations

import pytest

from benchmarks.pii.least_hold import least_held
from benchmarks.pii.parties import Sluicegate
from benchmarks.pii.speed import held_by_token
from benchmarks.prose import tokens
from detectors.pii.presidio import DEFAULT_ENTITIES

OURS = Sluicegate().detector(DEFAULT_ENTITIES)


@pytest.mark.parametrize(
    ("text", "held", "least"),
    [
        ("we met in spring and so", [2, 3, 2, 6, 3, 0], [2, 3, 2, 6, 3, 0]),
        ("met on the 12 of", [3, 2, 3, 2, 0], [3, 2, 3, 2, 0]),
        ("so? and", [2, 3, 0], [2, 0, 0]),
    ],
)
def test_the_least_is_told_by_a_text_that_may_follow(text: str, held: list[int], least: list[int]) -> None:
    """A word may begin an address, digits a number; a word with `?` behind it is never part of an address."""
    assert held_by_token(OURS, text) == held, tokens(text)
    assert least_held(OURS, text, held) == least


def test_what_nobody_holds_needs_no_search() -> None:
    """Where the detector holds nothing, nothing is the least."""
    assert least_held(Sluicegate().detector(("US_SSN",)), "we met in spring", [0] * 4) == [0] * 4


def test_what_is_held_in_vain_is_told() -> None:
    """A detector that held the last two words holds more than it must."""
    assert least_held(OURS, "we met in spring", [2, 6, 9, 0]) == [2, 3, 2, 0]
