"""Texts that a model cannot read at once: parts that it can, in which nothing of the text is missing."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from detectors.toxicity.parts import MIN_CHARS, highest, most_tokens, parts_of

SIGNS = st.text(st.sampled_from("ab \U0001f600\ufdfa\u4e2d"), max_size=400)


@given(SIGNS, st.integers(40, 200))
@example("aaaaaaaaaaaaaaaaaaa aaa\ufdfaaaaaaaaa", 40)  # a part stands in it twice
@example("aaaaaaaaaaaaaaaa\ufdfaaaaaaaa", 40)
def test_parts_fit_and_hold_the_whole_text(text: str, limit: int) -> None:
    """In order, each beginning before the one before it ends; a text that fits stays as it is."""
    parts = parts_of(text, lambda part: most_tokens(part) <= limit)
    assert all(most_tokens(part) <= limit or len(part) <= MIN_CHARS for part in parts)
    assert (parts == [text]) == (most_tokens(text) <= limit or len(text) <= MIN_CHARS)
    read = 0
    for part in parts:
        read = max(read, text.rindex(part, 0, read + len(part)) + len(part))
    assert read == len(text)
    assert len(parts) <= 1 + 4 * most_tokens(text) / limit


@given(st.text(st.sampled_from("ab "), min_size=200, max_size=400), st.integers(0, 390))
def test_a_word_is_whole_in_a_part(text: str, at: int) -> None:
    """Wherever it stands."""
    whole = text[:at] + "nitwit" + text[at:]
    assert any("nitwit" in part for part in parts_of(whole, lambda part: len(part) <= 100))


def test_no_tokenizer_makes_more_tokens() -> None:
    """Bytes, of the text as it is or taken apart."""
    assert most_tokens("four") == 4
    assert most_tokens("\U0001f600") == 4
    assert most_tokens("\ufdfa") == len(unicodedata.normalize("NFKD", "\ufdfa").encode())
    assert most_tokens("\ud800") == 3


def test_the_highest_score_of_each_label_counts() -> None:
    """Whichever part has it."""
    assert highest([(0.1, 0.9), (0.8, 0.2)]) == (0.8, 0.9)
    assert highest([(0.1, 0.9)]) == (0.1, 0.9)
