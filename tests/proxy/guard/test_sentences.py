"""Sentence and segment ends depend on the text alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard.sentences import MAX_SENTENCE_CHARS, SEGMENT_RAMP_CHARS, Splitter

TEXT = st.text("ab .!?\n\"')\u3002\u2026", max_size=600)


def boundaries(text: str, cuts: list[int], limits: tuple[int, ...]) -> list[int]:
    """Feed a text at cuts; collect every boundary."""
    splitter = Splitter(limits)
    found = []
    for stop in [*sorted({c % (len(text) + 1) for c in cuts}), len(text)]:
        while (at := splitter.next_boundary(text[:stop], 0)) is not None:
            found.append(at)
    return found


@given(
    TEXT, st.lists(st.integers(0, 600), max_size=20), st.sampled_from([(MAX_SENTENCE_CHARS,), SEGMENT_RAMP_CHARS])
)
def test_boundaries_do_not_depend_on_the_cut(text: str, cuts: list[int], limits: tuple[int, ...]) -> None:
    """Every cut finds the boundaries of the whole."""
    assert boundaries(text, cuts, limits) == boundaries(text, [], limits)


@given(TEXT)
def test_pieces_respect_the_ramp(text: str) -> None:
    """No piece is longer than its limit, and none is empty."""
    edges = [0, *boundaries(text, [], SEGMENT_RAMP_CHARS)]
    sizes = [b - a for a, b in itertools.pairwise(edges)]
    assert all(0 < size <= SEGMENT_RAMP_CHARS[min(i, 3)] for i, size in enumerate(sizes))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two", [5]),
        ('He said "no." Then', [14]),
        ("3.14 is pi", []),
        ("a\nb\n", [2, 4]),
        ("\u4f60\u597d\u3002\u518d\u89c1", [3]),
        ("wait... what? yes", [8, 14]),
    ],
)
def test_where_sentences_end(text: str, expected: list[int]) -> None:
    """A boundary is where the next sentence begins."""
    assert boundaries(text, [], (MAX_SENTENCE_CHARS,)) == expected


def test_text_without_ends_is_cut_at_white_space_else_at_the_limit() -> None:
    """Nothing stays open for ever."""
    assert boundaries("ab " * 200, [], (32,))[0] == 30
    assert boundaries("x" * 100, [], (32,)) == [32, 64, 96]


def test_a_piece_closed_early_counts_for_the_ramp() -> None:
    """The next limit applies after a deadline closed a piece."""
    splitter = Splitter((4, 8))
    splitter.close_early(2)
    assert splitter.start == 2
    assert splitter.next_boundary("x" * 12, 0) == 10
