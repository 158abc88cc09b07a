"""Disguises change words and not their number, and what is undone before the tokenizer is undone."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.normalise import normalise
from detectors.toxicity.training.noise import FAMILIES, noisy

SENTENCES = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9), min_size=1, max_size=12).map(
    " ".join
)


@given(SENTENCES, st.sampled_from(list(FAMILIES)), st.integers(0, 1000))
def test_a_disguise_is_the_same_again_and_leaves_short_words(text: str, family: str, seed: int) -> None:
    other = noisy(text, family, Random(seed))
    assert other == noisy(text, family, Random(seed))
    if all(len(word) < 4 for word in text.split(" ")):
        assert other == text


@given(SENTENCES, st.integers(0, 1000))
def test_look_alike_letters_are_undone(text: str, seed: int) -> None:
    assert normalise(noisy(text, "look-alike letters", Random(seed))) == normalise(text)


def test_spread_words_are_undone() -> None:
    for seed in range(20):
        assert normalise(noisy("what nonsense", "spread words", Random(seed))).replace(" ", "") == "whatnonsense"


@pytest.mark.parametrize("family", FAMILIES)
def test_something_is_changed_where_there_is_a_long_word(family: str) -> None:
    changed = [noisy("a sensible sentence", family, Random(seed)) for seed in range(30)]
    assert sum(text != "a sensible sentence" for text in changed) > 20
