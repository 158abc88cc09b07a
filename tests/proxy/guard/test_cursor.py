"""Where a detector stands in a text."""

import pytest

from detectors.types import ChannelKind, Finding, ScanResult
from proxy.guard.buffer import TextBuffer
from proxy.guard.cursor import MAX_WINDOW_CHARS, Cursor, GarbageError
from proxy.guard.readings import PlainReading
from tests.support.toy import SegmentDetector, WordDetector


def cursor(text: str) -> Cursor:
    """A cursor at the start of a text."""
    return Cursor(WordDetector("w", ("abc",)), PlainReading(TextBuffer(text)), ChannelKind.TEXT, 0)


def test_the_next_window_begins_at_the_watermark() -> None:
    """What was judged is not shown again; what was held is."""
    at = cursor("xxab")
    window = at.next_window(4, final=False)
    assert window is not None
    assert at.next_window(4, final=False) is None
    at.receive(ScanResult((), 2))
    assert at.held_chars == 2
    assert at.next_window(4, final=False) is None
    final = at.next_window(4, final=True)
    assert final is not None
    assert (final.text, final.start, final.final) == ("ab", 2, True)


def test_nothing_is_asked_about_nothing() -> None:
    """A text that ends where it was judged needs no last window."""
    at = cursor("xx")
    at.next_window(2, final=False)
    at.receive(ScanResult((), 2))
    assert at.next_window(2, final=True) is None
    assert not at.wants_more(final=True)


def test_large_texts_are_judged_in_steps() -> None:
    """No window is longer than the step, and all of the text is shown."""
    text = "x" * (3 * MAX_WINDOW_CHARS + 5)
    at = cursor(text)
    shown = ""
    while (window := at.next_window(len(text), final=True)) is not None:
        assert len(window.text) <= MAX_WINDOW_CHARS
        shown += window.text
        at.receive(ScanResult((), window.end))
    assert shown == text


def test_a_detector_that_holds_a_whole_window_still_gets_new_text() -> None:
    """Progress is made although the watermark does not move."""
    text = "x" * (3 * MAX_WINDOW_CHARS)
    at = cursor(text)
    seen = 0
    while at.scanned < len(text):
        window = at.next_window(len(text), final=False)
        assert window is not None
        assert window.end > seen
        seen = window.end
        at.receive(ScanResult((), 0))
    assert at.held_chars == len(text)


@pytest.mark.parametrize(
    "result",
    [
        "text",
        ScanResult((), 5),
        ScanResult((Finding("other", "X", 0, 1, 1.0),), 4),
        ScanResult((Finding("w", "X", 2, 2, 1.0),), 4),
        ScanResult((Finding("w", "X", 0, 4, 1.0),), 3),
        ScanResult((Finding("w", "X", 0, 1, 1.5),), 4),
        ScanResult((Finding("w", "X", 0, 1, float("nan")),), 4),
        ScanResult((Finding("w", "", 0, 1, 1.0),), 4),
    ],
)
def test_answers_that_break_the_contract_are_refused(result: object) -> None:
    """Garbage is a failure, not a result."""
    at = cursor("xxab")
    at.next_window(4, final=False)
    with pytest.raises(GarbageError):
        at.receive(result)  # type: ignore[arg-type]


def test_skipping_counts_as_judged() -> None:
    """A window that was given up is behind the watermark."""
    at = cursor("xxab")
    at.next_window(4, final=False)
    assert at.skip().text == "xxab"
    assert at.watermark == 4


def test_a_window_detector_must_judge_the_whole_segment() -> None:
    """It cannot hold a part of what it was shown."""
    at = Cursor(SegmentDetector("s", "x"), PlainReading(TextBuffer("One. Two")), ChannelKind.TEXT, 0)
    window = at.next_window(8, final=False)
    assert window is not None
    assert window.text == "One. "
    with pytest.raises(GarbageError):
        at.receive(ScanResult((), 3))
