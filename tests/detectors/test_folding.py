"""Folding: equal spellings become equal, and every place leads back to the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.folding import INSIDE, Fold, Joins


@given(st.text(), st.booleans())
def test_every_place_leads_back(text: str, ignore_case: bool) -> None:
    """Each character folds to at least one, by itself, and the places between characters keep their offsets."""
    fold = Fold(ignore_case=ignore_case)
    folded = fold.folded(text)
    assert len(folded.text) >= len(text)
    assert [folded.origin_of(folded.place_of(offset)) for offset in range(len(text) + 1)] == list(
        range(len(text) + 1)
    )
    assert folded.text == fold.text(text) == "".join(fold.text(char) for char in text)


@pytest.mark.parametrize(
    ("left", "right"), [("Straße", "STRASSE"), ("caf\u00e9", "CAFE\u0301"), ("a\u00a0b", "A\nB"), ("İ", "i\u0307")]
)
def test_equal_spellings(left: str, right: str) -> None:
    """Case, encoding of accents and kind of white space make no difference; case does if asked."""
    assert Fold(ignore_case=True).text(left) == Fold(ignore_case=True).text(right)
    assert Fold(ignore_case=False).text(left) != Fold(ignore_case=False).text(right)


def test_a_place_inside_a_character_has_no_offset() -> None:
    """A match may not begin or end there."""
    folded = Fold(ignore_case=True).folded("aßb")
    assert (folded.text, folded.origin) == ("assb", [0, 1, INSIDE, 2, 3])
    assert folded.is_whole(1, 3)
    assert not folded.is_whole(0, 2)


@pytest.mark.parametrize(("char", "expected"), [*zip("aé7_\u0301- .机ก🙂", "11111000000", strict=True)])
def test_what_joins_a_word(char: str, expected: str) -> None:
    """Letters, digits, marks and underscores do; letters of scripts without spaces do not."""
    assert Joins()[char] is (expected == "1")
