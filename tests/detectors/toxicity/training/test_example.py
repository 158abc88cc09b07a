"""Labels that nobody judged stay unknown, and a text is always on one side of the split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import (
    CIVIL,
    DEVELOPMENT_SHARE,
    Example,
    civil_but,
    is_development,
    known,
    once,
    retold,
    share,
)


def test_what_is_not_said_is_unknown_or_zero() -> None:
    assert known(threat=0.5) == tuple(0.5 if label == "threat" else None for label in LABELS)
    assert civil_but(threat=0.5) == tuple(0.5 if label == "threat" else 0.0 for label in LABELS)
    assert civil_but() == CIVIL
    with pytest.raises(KeyError, match="rudeness"):
        known(rudeness=1.0)


@given(st.text(), st.sampled_from(["a", "b"]))
def test_case_and_white_space_do_not_move_a_text_to_the_other_side(text: str, salt: str) -> None:
    ascii_only = text.encode("ascii", "ignore").decode()
    assert share(ascii_only, salt) == share("  " + ascii_only.upper() + " ", salt)
    assert 0.0 <= share(text, salt) < 1.0


def test_the_share_that_is_kept_is_the_one_that_is_named() -> None:
    kept = sum(is_development(f"text number {number}") for number in range(4000)) / 4000
    assert abs(kept - DEVELOPMENT_SHARE) < 0.02


def test_a_text_is_there_once() -> None:
    examples = [Example(text, "made", CIVIL) for text in ("One.", "one. ", "Two", " ")]
    assert [example.text for example in once(examples)] == ["One.", "Two"]


def test_another_text_has_no_spans() -> None:
    example = Example("a bad word", "made", CIVIL, spans=((2, 5),), group="x")
    other = retold(example, "a bod word", known=known(insult=1.0))
    assert (other.spans, other.known, other.group) == (None, known(insult=1.0), "x")
    assert retold(example, "again").known == CIVIL
