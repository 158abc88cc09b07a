"""The readings of one text and the cursors that follow them."""

from detectors.types import ChannelKind, Finding
from proxy.guard.api import GuardStats
from proxy.guard.buffer import TextBuffer
from proxy.guard.cursor import Cursor
from proxy.guard.panel import Panel, bench_of
from proxy.guard.readings import MAX_NESTING, Readings, in_source
from tests.support.toy import WordDetector


def opened(*texts: str) -> tuple[Readings, list[Cursor]]:
    """Feed texts; return the readings and the cursors of one detector."""
    buffer = TextBuffer()
    readings = Readings(buffer)
    panel = Panel(bench_of((WordDetector("w", ("abc",)),), 100), readings.plain, ChannelKind.OTHER, GuardStats())
    cursors = readings.follow(panel).cursors
    for text in texts:
        buffer.append(text)
        readings.feed(text, final=False)
    return readings, cursors


def test_text_without_escapes_has_one_reading() -> None:
    """Nothing to decode, nothing to scan twice."""
    readings, cursors = opened("plain ", "text")
    assert readings.is_plain
    assert len(cursors) == 1


def test_each_layer_of_escapes_opens_a_reading_once() -> None:
    """A companion cursor stands on every reading; a third layer is not opened."""
    readings, cursors = opened("x ", r"\u0041 ", r"\\u0041 ", r"\\\\\\\\u0041")
    assert not readings.is_plain
    assert len(cursors) == 1 + MAX_NESTING
    assert cursors[1].reading.buffer.text.startswith("x A ")
    assert cursors[2].reading.buffer.text.startswith("x A A")


def test_findings_come_back_in_offsets_of_the_source() -> None:
    """An escape counts as many characters as it was written with."""
    _, cursors = opened("ab", r"\u0063")
    found = [Finding("w", "X", 0, 3, 1.0)]
    assert in_source(cursors[0], found) == found
    assert [(f.start, f.end) for f in in_source(cursors[1], found)] == [(0, 8)]


def test_the_end_gives_a_cut_escape_its_own_meaning() -> None:
    """A lone backslash at the end stands for itself."""
    readings, cursors = opened("ab", "\\")
    assert cursors[1].reading.buffer.text == "ab"
    readings.feed("", final=True)
    assert cursors[1].reading.buffer.text == "ab\\"
    assert readings.floor(2) == 2
