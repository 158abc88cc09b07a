"""JSON between fences in a growing text of Markdown (```` ```json ````): it stays JSON where a value is written.

A fence is a line of its own, as in CommonMark; it counts once its line is complete. What stands between two is read
as JSON where the first says so, and where it says nothing and a brace or a bracket follows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from proxy.guard.nesting import Nesting

MAX_FENCES: Final = 1000
"""Most stretches that are read in one text; later ones are plain text."""

_MAX_LINE: Final = 80
"""Longest line that is looked at: fences are short."""

_OPENING: Final = re.compile(r"[ \t]{0,16}(`{3,}|~{3,})[ \t]*([\w+.\-]*)[^`]*")
_JSON: Final = re.compile(r"(?:geo)?json[5c]?|", re.IGNORECASE)


class Fences:
    """The fences of one text. What it says of a place depends on the text before its end alone."""

    __slots__ = ("_closing", "_end", "_ends", "_line", "_nestings", "_starts")

    def __init__(self) -> None:
        self._line: str | None = ""  # the last line as far as it came; None once it is no fence
        self._closing: re.Pattern[str] | None = None  # set within a fence, of JSON or not
        self._end = 0
        self._starts: list[int] = []
        self._ends: list[int | None] = []
        self._nestings: list[Nesting] = []

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        position = 0
        while position < len(text):
            newline = text.find("\n", position)
            stop = len(text) if newline < 0 else newline + 1
            self._feed_line(text[position:stop], is_ended=newline >= 0)
            position = stop

    def _feed_line(self, part: str, *, is_ended: bool) -> None:
        """Take a part of a line, with the end of it or without."""
        if self._ends and self._ends[-1] is None:
            self._nestings[-1].feed(part)
        self._end += len(part)
        if self._line is not None:
            self._line = self._line + part if len(self._line) + len(part) <= _MAX_LINE else None
        if is_ended:
            if self._line is not None:
                self._see(self._line.rstrip())
            self._line = ""

    def _see(self, line: str) -> None:
        """Look whether a line opens a fence or closes the one that is open."""
        if self._closing is not None:
            if self._closing.fullmatch(line):
                self._closing = None
                if self._ends and self._ends[-1] is None:
                    self._ends[-1] = self._end
            return
        opening = _OPENING.fullmatch(line)
        if opening is None:
            return
        marks, language = opening.groups()
        self._closing = re.compile(rf"[ \t]*{marks[0]}{{{len(marks)},}}")
        if _JSON.fullmatch(language) and len(self._starts) < MAX_FENCES:
            self._starts.append(self._end)
            self._ends.append(None)
            self._nestings.append(Nesting(is_json=bool(language)))

    def depth(self, start: int, end: int) -> int | None:
        """Return how many strings the span lies in; None when it lies in more than one of the same layer."""
        index = bisect_right(self._starts, start) - 1
        if index < 0:
            return 0
        begin, stop = self._starts[index], self._ends[index]
        return self._nestings[index].depth(start - begin, end - begin) if stop is None or start < stop else 0
