"""What a model is shown of a window: the sentence so far, the same however often it is asked about its end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.names.pieces import MAX_HELD_CHARS, MAX_PIECE_CHARS, SHOWN_CHARS, held_from, is_over, pieces_of


def shown(context: str, text: str) -> list[str]:
    return [piece.shown for piece in pieces_of(context, text)]


def test_a_window_is_shown_behind_the_beginning_of_its_sentence() -> None:
    """Sentences that are over are not shown; a title and an initial end none."""
    assert shown("It rained. Then Dr. ", "Jane Roe came. ") == ["Then Dr. Jane Roe came. "]
    assert shown("It rained. ", "She came.") == ["She came."]
    assert shown("by J. R. ", "Roe of the U.S. ") == ["by J. R. Roe of the U.S. "]
    assert shown("", "") == []


def test_each_sentence_is_a_piece() -> None:
    """They cover the window, and each knows where what is shown of it begins."""
    pieces = pieces_of("so ", "it is! Is it? It\nis so.\n\nYes")
    assert [piece.shown for piece in pieces] == ["so it is! ", "Is it? ", "It\nis so.\n", "\n", "Yes"]
    assert [piece.shown_from for piece in pieces] == [-3, 7, 14, 24, 25]
    assert [piece.start for piece in pieces] == [0, 7, 14, 24, 25]


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("so it is. ", True),
        ("so it is.\n", True),
        ('"Is it?" ', True),
        ("\u305d\u3046\u3002", True),
        ("so it is ", False),
        ("by Dr. ", False),
        ("by J. ", False),
        ("in the U.S. ", False),
        ("on 3 Jan. ", False),
        ("met Jane\n", False),
        ("met Jane,\n", False),
        ("the end:\n", True),
        ("x\n\n", True),
        ("it is.", False),
        ("", False),
    ],
)
def test_whether_a_sentence_is_over(text: str, over: bool) -> None:
    """A line that ends with a word may go on in the next one."""
    assert is_over("", text) is over
    assert is_over("Before it, " + text[:2], text[2:]) is over


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("so then she met Jane", "then she met Jane"),
        ("so she met Prof. Dr. Jane Roe ", "Prof. Dr. Jane Roe "),
        ("at the Great University of New Quay ", "Great University of New Quay "),
        ("so it was Ludwig Johan van der Roe ", "Ludwig Johan van der Roe "),
        ("so then she met him there today ", "met him there today "),
        ("x" * MAX_HELD_CHARS + " Jane ", "Jane "),
        ("Jane " * 40, "Jane " * 4),
        ("", ""),
    ],
)
def test_the_last_words_wait_and_with_them_half_a_name(text: str, held: str) -> None:
    """Four, because a model takes so many into account; more where they look like a name."""
    assert text[held_from(text) :] == held


def test_a_long_sentence_is_shown_as_far_back_as_it_helps() -> None:
    """From a whole word on."""
    words = "word " * 200
    (piece,) = pieces_of(words, "and Jane")
    assert piece.shown.startswith("word ")
    assert SHOWN_CHARS - 10 < len(piece.shown) <= SHOWN_CHARS
    (piece,) = pieces_of("x" * 900, "y")
    assert piece.shown == "x" * (SHOWN_CHARS - 1) + "y"


def test_whole_texts_without_sentence_ends_are_cut() -> None:
    """At white space, each piece with a little of what follows, so that no name is lost between two."""
    text = "word " * 300
    pieces = pieces_of("", text)
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert max(piece.end - piece.start for piece in pieces) <= MAX_PIECE_CHARS
    assert all(piece.shown_from + len(piece.shown) > piece.end for piece in pieces[:-1])


PARTS = st.sampled_from(
    ("Jane", "Roe", "Dr. ", "J. ", "word ", "a ", ". ", "! ", "\n", "\n\n", ", ", "x" * 50, "1. ", "\u3002", " ")
)


@settings(deadline=None)
@given(st.lists(PARTS, max_size=150).map("".join), st.data())
def test_pieces_are_the_window_and_are_shown_inside_it(text: str, data: st.DataObject) -> None:
    """Whatever the text: they follow on one another, and what is shown of one is the text around it."""
    begin = data.draw(st.integers(0, len(text)))
    context, window = text[max(0, begin - SHOWN_CHARS) : begin], text[begin:]
    at = 0
    for piece in pieces_of(context, window):
        assert (piece.start, piece.start < piece.end) == (at, True)
        assert (context + window)[len(context) + piece.shown_from :].startswith(piece.shown)
        assert piece.shown_from <= piece.start
        at = piece.end
        assert piece.shown_from + len(piece.shown) >= at
    assert at == len(window)


@settings(deadline=None)
@given(st.lists(PARTS, max_size=60).map("".join), st.data())
def test_the_end_of_a_window_is_shown_the_same_from_wherever_it_is_judged(text: str, data: st.DataObject) -> None:
    """What waited is judged again with the same text before it: the answer cannot be another one."""
    begin = data.draw(st.integers(max(0, len(text) - MAX_PIECE_CHARS), len(text)))
    again = data.draw(st.integers(begin, len(text)))
    first = pieces_of(text[max(0, begin - SHOWN_CHARS) : begin], text[begin:])
    second = pieces_of(text[max(0, again - SHOWN_CHARS) : again], text[again:])
    if second and len(first) == 1:
        assert second[-1].shown == first[-1].shown
