"""What a model is shown of a window: its text, and the beginning of the same sentence; nothing of those before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.toxicity.inputs import CONTEXT_CHARS, MAX_PIECE_CHARS, pieces_of

PARTS = ("you ", "are", " late. ", "\n", "。", "x" * 90, " ", "1.5", "...", "\u200b", "!? ")
words = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("context", "text", "shown", "judged"),
    [
        ("", "A fine day. ", "A fine day.", "A fine day."),
        ("You nitwit. ", "A fine day.", "A fine day.", "A fine day."),
        ("You nitwit. It is ", "a fine day. ", "It is a fine day.", "a fine day."),
        ("You nitwit! ", " Go", "Go", "Go"),
        ("def f(x):\n", "    return x\n", "return x", "return x"),
        ("今天你好。我们", "去吧。", "我们去吧。", "去吧。"),
        ("see https://a.exam", "ple/x?y=1 now", "see https://a.example/x?y=1 now", "ple/x?y=1 now"),
    ],
)
def test_the_sentence_so_far_is_shown_and_the_window_is_judged(
    context: str, text: str, shown: str, judged: str
) -> None:
    """A sentence that is over is not shown again; white space belongs to no finding."""
    (piece,) = pieces_of(context, text)
    assert piece.shown == shown
    assert text[piece.start : piece.end] == judged


@pytest.mark.parametrize("text", ["", "  ", "\n", "...", "--- ", "}\n", "\u2014", "!"])
def test_nothing_to_judge(text: str) -> None:
    """Without a letter or digit there is nothing that a model could say, whatever stands before it."""
    assert pieces_of("You nitwit", text) == []


def test_a_context_that_was_cut_begins_with_a_whole_word() -> None:
    """Half a word at the far end of the context would only mislead."""
    context = ("half" * 60 + " whole words")[-CONTEXT_CHARS:]
    assert pieces_of(context, " go on")[0].shown == "whole words go on"
    assert pieces_of("x" * CONTEXT_CHARS, "y")[0].shown == "x" * CONTEXT_CHARS + "y"


@given(words, words)
def test_pieces_cover_all_that_can_be_judged_and_have_a_limit(context: str, text: str) -> None:
    """In order, without overlap, none too long; what is left out holds no letter or digit."""
    pieces = pieces_of(context[-CONTEXT_CHARS:], text)
    at, left_out = 0, ""
    for start, end, shown in pieces:
        assert at <= start < end <= start + MAX_PIECE_CHARS
        assert shown.endswith(text[start:end])
        assert len(shown) <= CONTEXT_CHARS + MAX_PIECE_CHARS
        left_out += text[at:start]
        at = end
    left_out += text[at:]
    assert not any(char.isalnum() for char in left_out)


@given(words)
def test_a_whole_text_is_judged_sentence_by_sentence(text: str) -> None:
    """What is shown of each piece never reaches over the end of a sentence."""
    for piece in pieces_of("", text):
        assert "\n" not in piece.shown
        assert "。" not in piece.shown[:-1]
