"""Text addressed by offsets from its beginning."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.refusals import OPENING_CHARS
from proxy.guard.buffer import FORGET_STEP_CHARS, TextBuffer


@given(st.lists(st.text(max_size=9)), st.integers(0, 60), st.integers(0, 60))
def test_slices_are_those_of_the_whole_text(pieces: list[str], start: int, end: int) -> None:
    """Offsets count from the start of the whole text."""
    buffer = TextBuffer()
    for piece in pieces:
        buffer.append(piece)
    whole = "".join(pieces)
    assert buffer.end == len(whole)
    assert buffer.slice(start, max(start, end)) == whole[start : max(start, end)]


def test_forgetting_keeps_offsets_and_waits_until_it_is_worth_it() -> None:
    """What was forgotten is missing; what stays keeps its offsets."""
    buffer = TextBuffer("a" * FORGET_STEP_CHARS + "tail")
    buffer.forget(FORGET_STEP_CHARS - 1)
    assert buffer.base == 0
    buffer.forget(FORGET_STEP_CHARS)
    assert buffer.base == FORGET_STEP_CHARS
    assert buffer.slice(FORGET_STEP_CHARS, buffer.end) == "tail"
    assert buffer.slice(0, FORGET_STEP_CHARS + 1) == "t"


def test_the_opening_is_kept_when_it_is_forgotten() -> None:
    """It is that of the whole text, however often something is forgotten."""
    buffer = TextBuffer("ab" * FORGET_STEP_CHARS)
    assert buffer.opening == ""
    buffer.forget(FORGET_STEP_CHARS)
    buffer.forget(2 * FORGET_STEP_CHARS)
    assert buffer.opening == "ab" * (OPENING_CHARS // 2)
