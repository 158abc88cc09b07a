"""A text and, for each of its characters, where in the original it comes from.

A reading is for matching only: what is edited is the original. It is rewritten step by step, and every step keeps
the way back.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Change(NamedTuple):
    """A piece of a text that reads differently."""

    start: int
    end: int
    new: str
    """What it reads as; may be empty."""


class Reading(NamedTuple):
    """A reading of a text. Offsets are code points; those of the original begin at 0."""

    text: str
    starts: Sequence[int]
    """For each character, where its original begins; one more for what follows the last."""
    ends: Sequence[int]
    """For each character, where its original ends."""

    def place_of(self, source: int) -> int:
        """Return the first place whose original begins at or after an offset of the original."""
        return bisect_left(self.starts, source)

    def before(self, place: int) -> Reading:
        """Return the reading without what lies at or after a place."""
        if place >= len(self.text):
            return self
        return Reading(self.text[:place], self.starts[: place + 1], self.ends[:place])

    def changed(self, changes: Iterable[Change], upto: int) -> Reading:
        """Return the reading before a place, with some pieces read differently.

        `changes` are in order and do not overlap; those that end after `upto` are left out.
        """
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for start, end, new in changes:
            if end > upto:
                break
            parts += (self.text[at:start], new)
            starts += self.starts[at:start]
            ends += self.ends[at:start]
            starts += [self.starts[start]] * len(new)
            ends += [self.ends[end - 1]] * len(new)
            at = end
        if not parts:
            return self.before(upto)
        parts.append(self.text[at:upto])
        starts += self.starts[at : upto + 1]
        ends += self.ends[at:upto]
        return Reading("".join(parts), starts, ends)

    def is_original(self, start: int, end: int, source: str, *, with_next: bool = True) -> bool:
        """Whether a piece of the reading stands in the original as it is here, and the characters beside it, too.

        Those are the one before it and, `with_next`, the one after it.
        """
        low, high = max(start - 1, 0), min(end + with_next, len(self.text))
        first, last = self.starts[low], self.ends[high - 1]
        is_same = last - first == high - low and source[first:last] == self.text[low:high]
        return is_same and (low > 0 or first == 0)


def plain(text: str) -> Reading:
    """Return a text as it is."""
    return Reading(text, range(len(text) + 1), range(1, len(text) + 1))
