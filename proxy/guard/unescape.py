r"""A second reading of tool arguments: JSON escapes decoded, with a map back to the original offsets.

Tool arguments are JSON inside a JSON string, so a value can be written as `jane\u0040example.com` and be
seen by no detector. This view decodes escapes wherever they stand; structure (quotes, braces) stays as it is and
keeps values apart. Applied twice it reads JSON nested in a string of JSON. It decodes for matching only: what is
edited is the original text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from proxy.guard.buffer import TextBuffer

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")
_CUT_ESCAPE = re.compile(r"(u[0-9a-fA-F]{0,3})?")
_LONGEST_ESCAPE = 12
"""Two \\uXXXX of a surrogate pair."""
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)


class UnescapedView:
    """The decoded reading of a source text that grows. Offsets of the view are its own code points."""

    __slots__ = ("_parent", "_source_marks", "_view_marks", "buffer", "pending", "source_end")

    def __init__(self, start: int, parent: UnescapedView | None = None) -> None:
        """Begin at an offset before which the source holds no backslash: both count alike up to there.

        With a `parent`, the source is that view's text (JSON nested in a string of JSON).
        """
        self._parent = parent
        self.buffer = TextBuffer(base=start)
        self.source_end = start
        """Source offset up to which the view was built."""
        self.pending = ""
        """Source text not decoded yet: the beginning of an escape."""
        self._view_marks = [start]
        self._source_marks = [start]

    def feed(self, text: str, *, final: bool) -> None:
        """Take more source text; `final` when nothing follows (a cut escape then stands for itself)."""
        text = self.pending + text
        decoded: list[str] = []
        position = 0
        for start, end, char in _escapes(text, final=final):
            if char is None:
                self._copy(text[position:start], decoded)
                self.pending = text[start:]
                self.buffer.append("".join(decoded))
                return
            self._copy(text[position:start], decoded)
            self._mark_escape(decoded, end - start, char)
            position = end
        self._copy(text[position:], decoded)
        self.pending = ""
        self.buffer.append("".join(decoded))

    def _copy(self, text: str, decoded: list[str]) -> None:
        decoded.append(text)
        self.source_end += len(text)

    def _mark_escape(self, decoded: list[str], length: int, char: str) -> None:
        view = self.buffer.end + sum(map(len, decoded))
        decoded.append(char)
        self._view_marks += (view, view + 1)
        self._source_marks += (self.source_end, self.source_end + length)
        self.source_end += length

    def to_source(self, offset: int) -> int:
        """Return where in the channel's text the character at a view offset begins."""
        mark = bisect_right(self._view_marks, offset) - 1
        source = self._source_marks[mark] + offset - self._view_marks[mark]
        return source if self._parent is None else self._parent.to_source(source)

    def from_source(self, source: int) -> int:
        """Return how far the view reaches when only the channel's text before `source` may be seen."""
        if self._parent is not None:
            source = self._parent.from_source(source)
        source = min(self.floor(source), self.source_end)
        mark = bisect_right(self._source_marks, source) - 1
        return self._view_marks[mark] + source - self._source_marks[mark] if mark >= 0 else source

    def floor(self, source: int) -> int:
        """Return an offset of the view's own source, or the start of the escape that it lies inside."""
        mark = bisect_right(self._source_marks, source) - 1
        if mark < 0 or mark + 1 >= len(self._view_marks):
            return source
        is_escape = self._source_marks[mark + 1] - self._source_marks[mark] != (
            self._view_marks[mark + 1] - self._view_marks[mark]
        )
        return self._source_marks[mark] if is_escape else source


def _escapes(text: str, *, final: bool) -> Iterator[tuple[int, int, str | None]]:
    """Yield (start, end, character) of every escape; character None for one that the end of text cuts."""
    position = text.find("\\")
    while position >= 0:
        end, char = _decode(text, position, final=final)
        if char is None:
            yield position, len(text), None
            return
        if end - position > 1:
            yield position, end, char
        position = text.find("\\", end)


def _decode(text: str, at: int, *, final: bool) -> tuple[int, str | None]:
    """Decode the escape at `at`. A backslash that begins none stands for itself: one character, itself."""
    follower = text[at + 1 : at + 2]
    digits = text[at + 2 : at + 6]
    if follower in _SIMPLE:
        return at + 2, _SIMPLE[follower]
    if not final and _CUT_ESCAPE.fullmatch(follower + digits):
        return at, None
    if follower != "u" or not _HEX4.fullmatch(digits):
        return at + 1, "\\"
    unit = int(digits, base=16)
    if unit in _HIGH:
        return _decode_pair(text, at, unit, final=final)
    return at + 6, chr(unit)


def _decode_pair(text: str, at: int, high: int, *, final: bool) -> tuple[int, str | None]:
    """Decode a surrogate pair whose high half stands at `at`; a half alone becomes U+FFFD."""
    rest = text[at + 6 : at + _LONGEST_ESCAPE]
    if not final and re.fullmatch(r"(\\(u[0-9a-fA-F]{0,3})?)?", rest):
        return at, None
    second = _UNIT.fullmatch(rest)
    low = int(second[1], base=16) if second else 0
    if low in _LOW:
        return at + _LONGEST_ESCAPE, chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return at + 6, "\ufffd"
