"""Where sentences end, decided by the text alone: the same for every way of cutting it.

Used for two things: `rewrite` replaces whole sentences, and window detectors judge segments that end at a
sentence end or at a size that ramps up. Not a linguistic splitter: "Dr. Roe" is two sentences here, which
only makes segments shorter.
"""

from __future__ import annotations

import re

from detectors.sentence_ends import SENTENCE_END, SENTENCE_END_CHARS

MAX_SENTENCE_CHARS = 320
"""A text without sentence ends (a table, a script without spaces) is cut here. Twice the largest segment:
long enough for ordinary prose, short enough for the hold that a rewrite rule costs."""

SEGMENT_RAMP_CHARS = (32, 64, 128, 160)
"""Largest size of the first, second, third and every later segment: a short first one keeps the time to the
first character short, longer ones judge better."""

_SPACE = re.compile(r"\s(?=\S*\Z)")


class Splitter:
    """Finds boundaries in a growing text. A boundary is the offset where the next piece begins.

    `limits` are the largest sizes of the first, second, ... piece; the last one is for all further pieces.
    """

    __slots__ = ("_limits", "_made", "_searched", "start")

    def __init__(self, limits: tuple[int, ...]) -> None:
        self._limits = limits
        self._made = 0
        self.start = 0
        """Where the open piece begins."""
        self._searched = 0

    def next_boundary(self, text: str, base: int) -> int | None:
        """Return the end of the open piece and open the next one; None when the text does not show it yet.

        `text` begins at offset `base`, at or before `start`, and is the tail of the same growing text on
        every call.
        """
        limit = self._limits[min(self._made, len(self._limits) - 1)]
        piece_start = self.start - base
        # A sentence end may have been cut between its full stop and the white space after it.
        resume = max(piece_start, self._searched - base - SENTENCE_END_CHARS)
        found = SENTENCE_END.search(text, resume, piece_start + limit)
        if found is not None:
            boundary = base + found.end()
        elif len(text) - piece_start >= limit:
            boundary = base + self._forced(text, piece_start, limit)
        else:
            self._searched = base + len(text)
            return None
        self._close(boundary)
        return boundary

    def close_early(self, end: int) -> None:
        """End the open piece at `end` although the text does not say so (a deadline passed)."""
        self._close(end)

    def _close(self, boundary: int) -> None:
        self._made += 1
        self.start = boundary
        self._searched = boundary

    @staticmethod
    def _forced(text: str, start: int, limit: int) -> int:
        """Cut at the last white space of the second half, else at the limit."""
        half = start + limit // 2
        space = _SPACE.search(text[half : start + limit])
        return half + space.end() if space is not None else start + limit
