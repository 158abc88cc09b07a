"""Text that grows at one end and is forgotten at the other, addressed by offsets from its beginning."""

from __future__ import annotations

from detectors.refusals import OPENING_CHARS

FORGET_STEP_CHARS = 4096
"""Forgetting copies what stays, so it is done only when this much can go: linear in total."""


class TextBuffer:
    """The retained tail of one text. Offsets are code points from the start of the whole text."""

    __slots__ = ("_gone", "base", "end", "keep_chars", "opening", "text")

    def __init__(self, text: str = "", base: int = 0) -> None:
        self.text = text
        """What is retained."""
        self.base = base
        """Offset of its first character."""
        self.keep_chars = 0
        """How much of the beginning is put aside when it is forgotten, for `from_the_start`."""
        self._gone: list[str] = []
        self.opening = ""
        """The beginning, once it is not retained any more: an exchange's record says whether an answer declines."""
        self.end = base + len(text)
        """Offset just past the last character."""

    def append(self, text: str) -> None:
        """Add text at the end."""
        self.text += text
        self.end += len(text)

    def slice(self, start: int, end: int) -> str:
        """Return the characters from `start` to `end`; what was forgotten is silently missing."""
        base = self.base
        return self.text[max(start - base, 0) : max(end - base, 0)]

    def forget(self, before: int) -> None:
        """Drop what lies before an offset, when enough has gathered to be worth it."""
        drop = before - self.base
        if drop >= FORGET_STEP_CHARS:
            if not self.base:
                self.opening = self.text[:OPENING_CHARS]
            if self.base < self.keep_chars:
                self._gone.append(self.text[:drop])
            self.text = self.text[drop:]
            self.base = before

    def from_the_start(self) -> str:
        """Return the text from its beginning, as far as it was put aside or is retained without a gap."""
        gone = "".join(self._gone)
        return gone + self.text if len(gone) == self.base else gone
