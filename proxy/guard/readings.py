"""The ways in which one channel's text is read: as it is, and for tool arguments with its escapes decoded.

A reading is opened when there is something to decode; until then it would be the plain one. The cursors of the
detectors follow: each gets a companion on the new reading that begins where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.guard.cursor import Cursor
from proxy.guard.unescape import UnescapedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Finding, Window
    from proxy.guard.buffer import TextBuffer
    from proxy.guard.panel import Panel

MAX_NESTING = 2
"""How many layers of escapes are read: a JSON string, and JSON written into that string."""


class PlainReading:
    """A channel's text as it is."""

    __slots__ = ("buffer",)

    def __init__(self, buffer: TextBuffer) -> None:
        self.buffer = buffer

    def to_source(self, offset: int) -> int:
        """Return the same offset."""
        return offset

    def from_source(self, source: int) -> int:
        """Return the same offset."""
        return source


class Readings:
    """All readings of one text, with the cursors that stand on them."""

    __slots__ = ("_panels", "_views", "plain")

    def __init__(self, buffer: TextBuffer) -> None:
        self.plain = PlainReading(buffer)
        self._views: list[UnescapedView] = []
        self._panels: list[Panel] = []

    def follow(self, panel: Panel) -> Panel:
        """Add companions to its cursors whenever a reading is opened. Returns the panel."""
        self._panels.append(panel)
        return panel

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing decoded."""
        return not self._views

    def feed(self, text: str, *, final: bool) -> None:
        """Pass new text of the channel through the chain of views, opening the next one at the first backslash."""
        for depth in range(MAX_NESTING):
            if depth < len(self._views):
                view = self._views[depth]
                before = view.buffer.end
                view.feed(text, final=final)
                text = view.buffer.slice(before, view.buffer.end)
            elif "\\" in text:
                text = self._open_view(text, final=final)
            else:
                return

    def _open_view(self, text: str, *, final: bool) -> str:
        """Begin to read the last reading unescaped. Up to the new text both are one and the same."""
        source = self._views[-1] if self._views else self.plain
        new_from = source.buffer.end - len(text)
        for panel in self._panels:
            panel.stop_looking()
        needed = [offset for panel in self._panels for offset in panel.needed_from(source)]
        start = min(max(source.buffer.base, min(needed, default=new_from)), new_from)
        view = UnescapedView(start, source if isinstance(source, UnescapedView) else None)
        view.feed(source.buffer.slice(start, source.buffer.end), final=final)
        for panel in self._panels:
            panel.cursors += [
                Cursor(c.detector, view, c.kind, min(c.watermark, new_from))
                for c in panel.cursors
                if c.reading is source
            ]
        self._views.append(view)
        return view.buffer.slice(new_from, view.buffer.end)

    def skip(self, cursor: Cursor) -> Window:
        """Have a cursor give up the window in flight. Returns it."""
        for panel in self._panels:
            panel.gave_up(cursor)
        return cursor.skip()

    def floor(self, source: int) -> int:
        """Return the offset, or the start of the escape that it lies inside."""
        return self._views[0].floor(source) if self._views else source

    def forget(self, before: int) -> None:
        """Drop text that no cursor needs and that lies before an offset of the channel's text."""
        readings: list[PlainReading | UnescapedView] = [self.plain, *self._views]
        for reading in readings:
            needed = [offset for panel in self._panels for offset in panel.needed_from(reading)]
            reading.buffer.forget(min([reading.from_source(before), *needed]))


def in_source(cursor: Cursor, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with offsets of the channel's text in place of the reading's own."""
    reading = cursor.reading
    if isinstance(reading, PlainReading):
        return list(findings)
    return [
        type(f)(f.detector, f.category, reading.to_source(f.start), reading.to_source(f.end), f.score)
        for f in findings
    ]
