"""Where a detector stands in a text."""

import pytest

from detectors.types import ChannelKind, Finding, ScanResult, Window
from proxy.guard.buffer import TextBuffer
from proxy.guard.cursor import MAX_WINDOW_CHARS, Cursor, GarbageError
from proxy.guard.readings import PlainReading
from tests.support.toy import SegmentDetector, WordDetector


class ShortDetector(WordDetector):
    """Asks for short windows."""

    def __init__(self, window_chars: int) -> None:
        super().__init__("w", ("abc",))
        self.window_chars = window_chars


def cursor(text: str, window_chars: int | None = None) -> Cursor:
    """A cursor at the start of a text, of a detector that asks for windows of a length or does not."""
    detector = WordDetector("w", ("abc",)) if window_chars is None else ShortDetector(window_chars)
    return Cursor(detector, PlainReading(TextBuffer(text)), ChannelKind.TEXT, 0)


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


def test_a_detector_may_ask_for_shorter_steps() -> None:
    """It sees so much at a time, beyond what it holds; longer ones than the others' are not given."""
    text = "x" * 1_000
    for asked, given in ((100, 100), (10 * MAX_WINDOW_CHARS, len(text))):
        at = cursor(text, window_chars=asked)
        window = at.next_window(len(text), final=True)
        assert window is not None
        assert len(window.text) == given
    at = cursor(text, window_chars=100)
    at.next_window(len(text), final=True)
    at.receive(ScanResult((), 10))
    window = at.next_window(len(text), final=True)
    assert window is not None
    assert (window.start, window.end) == (10, 150)


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


def test_a_window_detector_may_keep_back_the_end_of_a_segment() -> None:
    """The next window begins there and ends where the next segment does; nothing is asked before that."""
    text = "Met J. R. Roe. Then"
    at = Cursor(SegmentDetector("s", "x"), PlainReading(TextBuffer(text)), ChannelKind.TEXT, 0)
    first = at.next_window(7, final=False)
    assert first is not None
    assert first.text == "Met J. "
    at.receive(ScanResult((), 4))
    assert at.held_chars == 3
    assert at.next_window(9, final=False) is None
    assert at.close_segment(7) is None
    second = at.next_window(len(text), final=True)
    assert second is not None
    assert (second.text, second.context, second.final) == ("J. R. ", "Met ", False)
    at.receive(ScanResult((), 10))
    third = at.next_window(len(text), final=True)
    assert third is not None
    at.receive(ScanResult((), third.end))
    assert (third.text, at.next_window(len(text), final=True)) == (
        "Roe. ",
        Window(ChannelKind.TEXT, text[:15], "Then", 15, final=True),
    )


def test_what_was_kept_back_is_shown_again_when_the_text_ends() -> None:
    """Also when the end comes alone."""
    at = Cursor(SegmentDetector("s", "x"), PlainReading(TextBuffer("Met J. ")), ChannelKind.TEXT, 0)
    at.next_window(7, final=False)
    at.receive(ScanResult((), 4))
    last = at.next_window(7, final=True)
    assert last is not None
    assert (last.text, last.start, last.final) == ("J. ", 4, True)
    at.receive(ScanResult((), 7))
    assert not at.wants_more(final=True)
