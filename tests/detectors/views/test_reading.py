"""A reading of a text keeps the way back to the original."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.views.reading import Change, Reading, plain
from tests.support.scale import examples


@st.composite
def _changes(draw: st.DrawFn, text: str) -> list[Change]:
    places = sorted(set(draw(st.lists(st.integers(0, len(text)), max_size=8))))
    pairs = zip(places[::2], places[1::2], strict=False)
    return [Change(start, end, draw(st.sampled_from(("", "x", "yz")))) for start, end in pairs]


def _is_in_order(reading: Reading, source: str) -> bool:
    borders = [*reading.starts]
    return (
        len(reading.starts) == len(reading.text) + 1
        and len(reading.ends) == len(reading.text)
        and borders == sorted(borders)
        and all(start < end <= len(source) for start, end in zip(reading.starts, reading.ends, strict=False))
    )


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), st.text(max_size=20))
def test_every_character_knows_its_original(data: st.DataObject, source: str) -> None:
    """After two rounds of changes, what was not changed is what stands at its place."""
    reading = plain(source)
    for _ in range(2):
        changes = data.draw(_changes(reading.text))
        expected = reading.text
        for change in reversed(changes):
            expected = expected[: change.start] + change.new + expected[change.end :]
        reading = reading.changed(changes, len(reading.text))
        assert reading.text == expected
        assert _is_in_order(reading, source)
    assert reading.starts[-1] == len(source)


def test_changes_that_are_not_certain_are_left_out() -> None:
    """A reading up to a place has the changes that end before it, and says where the rest begins."""
    reading = plain("a&amp;b&amp;c").changed([Change(1, 6, "&"), Change(7, 12, "&")], 9)
    assert reading.text == "a&b&a"
    assert reading.starts == [0, 1, 6, 7, 8, 9]


def test_a_place_of_the_original_is_found() -> None:
    """Also where the original reads as nothing."""
    reading = plain("a\u200bbc").changed([Change(1, 2, "")], 4)
    assert [reading.place_of(source) for source in range(5)] == [0, 1, 1, 2, 3]
    assert reading.before(1).starts == [0, 2]


def test_only_what_stands_there_as_it_is_counts_as_original() -> None:
    """The characters beside it count: a detector looks at them."""
    source = "x ab\u200bc"
    reading = plain(source).changed([Change(4, 5, "")], 6)
    assert reading.is_original(0, 1, source)
    assert not reading.is_original(2, 4, source)
    assert not reading.is_original(2, 5, source)
