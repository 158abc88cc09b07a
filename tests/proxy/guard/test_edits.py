"""Replacements applied to pieces of text."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from proxy.guard.edits import EditList, Replacement


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Replacement]]:
    """A text and replacements that do not overlap."""
    text = draw(st.text("abcdef", max_size=30))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    return text, [Replacement(a, b, draw(st.sampled_from(["", "#", "<XY>"]))) for a, b in spans]


@given(edited_texts(), st.lists(st.integers(0, 30), max_size=8))
def test_pieces_join_to_the_edited_whole(example: tuple[str, list[Replacement]], cuts: list[int]) -> None:
    """For every way of cutting the text into slots."""
    text, replacements = example
    edits = EditList()
    edits.add(replacements)
    expected = text
    for edit in reversed(replacements):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]
    edges = [0, *sorted({c % (len(text) + 1) for c in cuts}), len(text)]
    joined = ""
    for start, end in itertools.pairwise(edges):
        piece = edits.apply(text[start:end], start, end)
        touched = any(e.start < end and start < e.end for e in replacements)
        assert (piece is not None) == touched
        joined += text[start:end] if piece is None else piece
    assert joined == expected
    assert edits.reach == (replacements[-1].end if replacements else 0)


@given(edited_texts(), st.integers(0, 30), st.integers(0, 30), st.integers(0, 255))
def test_faithful_replacements_can_be_left_out(
    example: tuple[str, list[Replacement]], one: int, other: int, faithful: int
) -> None:
    """The text stays there as it was, and the others are written as they are without them."""
    text, replacements = example
    marked = [edit._replace(is_faithful=bool(faithful >> at & 1)) for at, edit in enumerate(replacements)]
    start, end = sorted(min(place, len(text)) for place in (one, other))
    all_of_them, others = EditList(), EditList()
    all_of_them.add(marked)
    others.add([edit for edit in marked if not edit.is_faithful])
    piece = text[start:end]
    left = all_of_them.apply(piece, start, end, is_faithful=False)
    expected = others.apply(piece, start, end)
    assert (piece if left is None else left) == (piece if expected is None else expected)


def test_an_empty_piece_inside_an_edit_is_left_as_it_is() -> None:
    """A frame without text has nothing to change, wherever it stands."""
    edits = EditList()
    edits.add([Replacement(2, 8, "#")])
    assert edits.apply("", 5, 5) is None


def test_a_signed_text_ends_where_the_first_edit_would_be() -> None:
    """And the empty piece, which is its signature, becomes empty; later edits change nothing."""
    edits = EditList(cuts=True)
    assert edits.apply("", 9, 9) is None
    edits.add([Replacement(4, 6, "#"), Replacement(8, 9, "#")])
    edits.add([Replacement(20, 21, "#")])
    assert edits.apply("abc", 0, 3) is None
    assert edits.apply("bcdefg", 1, 7) == "bcd"
    assert edits.apply("xyz", 30, 33) == ""
    assert edits.apply("", 9, 9) == ""
    assert edits.reach > 10**12
