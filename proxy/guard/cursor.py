"""Where one detector stands in one text, and the next window it must see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from detectors.types import ScanResult, Stability, Window
from proxy.guard.sentences import SEGMENT_RAMP_CHARS, Splitter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import ChannelKind, Detector, Finding
    from proxy.guard.buffer import TextBuffer

MAX_WINDOW_CHARS = 8192
"""Longest window of a prefix-stable detector: a whole body of a megabyte is judged in steps of a few milliseconds,
between which the event loop breathes."""


def next_stop(watermark: int, scanned: int, end: int, most: int = MAX_WINDOW_CHARS) -> int:
    """Return where the next window of a prefix-stable detector ends, of the text up to `end`.

    `most`: the characters of a window, where it does not hold more.
    """
    if end - watermark <= most:
        return end
    # Beyond what is held, so that a detector that holds its longest span still gets new text.
    return min(end, max(watermark + most, scanned + most // 2))


def window_chars(detector: Detector) -> int:
    """Return how much text a detector sees at a time: less than others where it says so, for it takes longer."""
    asked: int = getattr(detector, "window_chars", MAX_WINDOW_CHARS)
    return min(asked, MAX_WINDOW_CHARS)


class Reading(Protocol):
    """A text to scan and its relation to the channel it came from."""

    buffer: TextBuffer

    def to_source(self, offset: int) -> int:
        """Return the offset in the channel's text for an offset in this reading."""

    def from_source(self, source: int) -> int:
        """Return how far this reading reaches when only the channel's text before `source` may be seen."""


class GarbageError(Exception):
    """A detector's answer broke the contract of `ScanResult`."""


class Cursor:
    """One detector on one reading of one channel."""

    __slots__ = (
        "_context_chars",
        "_final_done",
        "_splitter",
        "_window_chars",
        "detector",
        "in_flight",
        "kind",
        "reading",
        "scanned",
        "watermark",
    )

    def __init__(self, detector: Detector, reading: Reading, kind: ChannelKind, at: int) -> None:
        self.detector = detector
        self._context_chars = detector.context_chars
        self._window_chars = window_chars(detector)
        self.reading = reading
        self.kind = kind
        self.watermark = at
        """Offset, in the reading, before which the detector has spoken its last word."""
        self.scanned = at
        """Offset up to which it has seen the text."""
        self.in_flight: Window | None = None
        self._final_done = False
        is_window = detector.stability is Stability.WINDOW
        self._splitter = Splitter(SEGMENT_RAMP_CHARS) if is_window else None

    def next_window(self, end: int, *, final: bool) -> Window | None:
        """Return what the detector must judge next of the text up to `end`, None when there is nothing yet.

        `final` says that the text ends at `end`.
        """
        if self.in_flight is not None or self._final_done:
            return None
        if end <= self.scanned and not final:
            return None
        if end == self.watermark:
            self._final_done = final
            return None
        if self._splitter is None:
            stop = next_stop(self.watermark, self.scanned, end, self._window_chars)
        else:
            stop = self._segment_end(self._splitter, end, final=final)
            if stop == self.watermark and not (final and stop == end):
                return None
        return self._window(stop, final=final and stop == end)

    def wants_more(self, *, final: bool) -> bool:
        """Whether there is, or may be, another window in the text as it is."""
        return self.scanned < self.reading.buffer.end or (final and not self._final_done)

    def close_segment(self, end: int) -> Window | None:
        """Return the open segment of a window detector as it is at `end`: it was held for too long."""
        if self._splitter is None or self.in_flight is not None or end <= self.scanned:
            return None
        self._splitter.close_early(end)
        return self._window(end, final=False)

    def _segment_end(self, splitter: Splitter, end: int, *, final: bool) -> int:
        text = self.reading.buffer.slice(self.watermark, end)
        boundary = splitter.next_boundary(text, self.watermark)
        if boundary is not None:
            return boundary
        return end if final else self.watermark

    def _window(self, stop: int, *, final: bool) -> Window:
        start = self.watermark
        text, base = self.reading.buffer.text, self.reading.buffer.base
        context = text[max(start - base - self._context_chars, 0) : start - base]
        self.in_flight = Window(self.kind, context, text[start - base : stop - base], start, final)
        self.scanned = stop
        return self.in_flight

    def receive(self, result: object) -> Sequence[Finding]:
        """Take the answer to the window in flight. Raises `GarbageError` when it breaks the contract."""
        window = self.in_flight
        try:
            is_sound = window is not None and _is_sound(result, window, self.detector.name)
        except (TypeError, AttributeError, ValueError):  # not what the types promise
            is_sound = False
        if window is None or not is_sound or not isinstance(result, ScanResult):
            raise GarbageError
        self._finish(window, result.watermark)
        return result.findings

    def reopen(self) -> Window:
        """Return what it has seen and keeps back, as a window in flight again."""
        text = self.reading.buffer.slice(self.watermark, self.scanned)
        self.in_flight = Window(self.kind, "", text, self.watermark, final=False)
        return self.in_flight

    def skip(self) -> Window:
        """Give up the window in flight: count it as judged. Returns it."""
        window = self.in_flight
        assert window is not None  # noqa: S101 - the guard only skips what is in flight
        self._finish(window, window.end)
        return window

    def pass_over(self, watermark: int, scanned: int, *, final: bool) -> None:
        """Learn that the detector has no finding up to `scanned` and need hold nothing before `watermark`."""
        self.watermark = max(self.watermark, watermark)
        self.scanned = max(self.scanned, scanned)
        self._final_done = final

    @property
    def is_done(self) -> bool:
        """Whether it has seen the end of the text."""
        return self._final_done

    def _finish(self, window: Window, watermark: int) -> None:
        self.in_flight = None
        self.watermark = watermark
        self._final_done = window.final

    @property
    def held_chars(self) -> int:
        """Characters it has seen and keeps back."""
        return self.scanned - self.watermark

    @property
    def needed_from(self) -> int:
        """Offset in its reading before which it will not look again."""
        return self.watermark - self.detector.context_chars


def _is_sound(result: object, window: Window, name: str) -> bool:
    if not isinstance(result, ScanResult):
        return False
    watermark = result.watermark
    if not window.start <= watermark <= window.end or (window.final and watermark != window.end):
        return False
    if not result.findings:
        return True
    return all(
        f.detector == name
        and window.start <= f.start < f.end <= watermark
        and 0.0 <= f.score <= 1.0
        and bool(f.category)
        for f in result.findings
    )
