"""The table of a text and the words that it rules out."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from policies.words_table import WordsTable

TEXTS = st.text("ab\u00e9 -<\n\ud83d\U0001f600", max_size=60)


@given(TEXTS)
def test_no_words_of_the_text_are_ruled_out(text: str) -> None:
    """Single ones, some in a row, and all of it, whatever stands around them."""
    table = WordsTable(text)
    words = text.translate(dict.fromkeys(map(ord, "-<\n"), " ")).split(" ")
    starts = range(len(words))
    assert all(table.may_hold(" ".join(words[at:end])) for at in starts for end in range(at + 1, len(words) + 1))
    assert table.may_hold(text)


def test_most_other_words_are_ruled_out() -> None:
    """Parts of words too."""
    chance = random.Random(7)
    made = ["".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(7)) for _ in range(4000)]
    table = WordsTable(", ".join(made[:2000]))
    assert sum(map(table.may_hold, made[2000:])) < 20
    assert sum(table.may_hold(word[:5]) for word in made[:2000]) < 600
