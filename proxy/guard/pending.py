"""Findings that wait for a decision, the first of them at hand: thousands are sorted once, not at every step."""

from __future__ import annotations

from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Finding

_start = attrgetter("start")


class Pending:
    """Findings of one text that no decision was made on."""

    __slots__ = ("_far", "near")

    def __init__(self) -> None:
        self.near: list[Finding] = []
        """Those that are decided on next; all of them, but after `part`."""
        self._far: deque[Finding] = deque()  # in order, and none begins before one of `near`

    def __len__(self) -> int:
        return len(self.near) + len(self._far)

    def add(self, found: Sequence[Finding]) -> None:
        """Add what a detector found, in any order."""
        far = self._far
        if far and all(one.start >= far[-1].start for one in found):
            far.extend(sorted(found, key=_start))
            return
        self.join()
        self.near += found

    def part(self, count: int) -> int:
        """Leave the first so many of more in `near`; return where the others begin."""
        far = self._far
        if not far:
            self.near.sort(key=_start)
            far.extend(self.near[count:])
            del self.near[count:]
        while len(self.near) < count and far:
            self.near.append(far.popleft())
        return far[0].start

    def join(self) -> None:
        """Have all of them in `near`."""
        if self._far:
            self.near += self._far
            self._far.clear()

    def take(self, limit: int) -> list[Finding]:
        """Remove and return those of `near` that end at or before an offset."""
        ready = [one for one in self.near if one.end <= limit]
        self.near = [one for one in self.near if one.end > limit]
        return ready
