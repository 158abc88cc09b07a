"""Letters of other scripts and digits inside words are read as the letters they look like."""

from __future__ import annotations

import pytest

from detectors.views.lookalikes import LOOKALIKES, leetspeak
from detectors.views.reading import plain
from detectors.views.steps import Step


def _read(step: Step, text: str) -> str:
    return plain(text).changed(step.changes(text), len(text)).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("p\u0430ypal", "paypal"),
        ("\u0440\u0430yp\u0430l", "paypal"),
        ("f\u03b1lc\u03bfn", "falcon"),
        ("\u0410PI", "API"),
        ("\u0421\u0422\u0410\u041b\u042c", "\u0421\u0422\u0410\u041b\u042c"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442 jane", "\u043f\u0440\u0438\u0432\u0435\u0442 jane"),
        ("\u0430 b", "\u0430 b"),
        ("5 \u03bcm, \u03b1-carotene", "5 \u03bcm, \u03b1-carotene"),
    ],
)
def test_look_alikes_inside_words(written: str, read: str) -> None:
    """Only where they touch ASCII letters: other scripts stay themselves."""
    assert _read(LOOKALIKES, written) == read


def test_a_word_of_another_script_is_held_until_it_is_one() -> None:
    """Letters that may turn out to stand for ASCII ones wait for the next letter, and no longer than a word."""
    assert LOOKALIKES.pending("see \u0440\u0430") == 4
    assert LOOKALIKES.pending("see \u0440\u0430\u0436") == 7
    assert LOOKALIKES.pending("see p\u0430") == 6
    assert LOOKALIKES.pending("\u0430" * 24) == 0
    assert LOOKALIKES.pending("\u0430" * 25) == 25


@pytest.mark.parametrize(
    ("one", "written", "read"),
    [
        ("i", "f4lc0n 0r10n", "falcon orion"),
        ("l", "fa1c0n", "falcon"),
        ("i", "C0NFIDENTI4L", "CONFIDENTIAL"),
        ("i", "pa$$word", "password"),
        ("i", "s!lent", "silent"),
        ("i", "Stop! 10 | 20 in 2024.", "Stop! 10 | 20 in 2024."),
    ],
)
def test_digits_for_letters(one: str, written: str, read: str) -> None:
    """Beside letters only, and strokes between two."""
    assert _read(leetspeak(one), written) == read
