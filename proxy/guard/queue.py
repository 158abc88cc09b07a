"""Frames on their way out, in the order they came, and where their texts stand.

Most frames of a stream carry one piece of the same text, so consecutive ones wait together as a run: the work for
each frame is then a few list operations. A queue decides nothing; the stream guard does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.guard.timeline import Timeline
    from proxy.wire.types import Frame


class Place(NamedTuple):
    """Where the text of a slot stands."""

    timeline: Timeline
    start: int
    end: int


class Waiting:
    """A frame with its texts, or a run of frames that carry one piece of one text each."""

    __slots__ = ("_ends", "_next", "frames", "places")

    def __init__(self, frames: Sequence[Frame], places: tuple[Place, ...]) -> None:
        """For a run, `places` is the one place that all its texts fill together."""
        self.frames = frames
        self.places = places
        self._next = 0
        self._ends: list[int] = []
        if len(frames) > 1:
            lengths = [len(frame.slots[0].text) for frame in frames]
            self._ends = list(accumulate(lengths, initial=places[0].start))

    @property
    def is_empty(self) -> bool:
        """Whether every frame has left."""
        return self._next == len(self.frames)

    def first(self) -> tuple[Frame, tuple[Place, ...]]:
        """Return the first frame that waits, and its places."""
        if not self._ends:
            return self.frames[0], self.places
        index = self._next
        place = Place(self.places[0].timeline, self._ends[index], self._ends[index + 1])
        return self.frames[index], (place,)

    def skip_first(self) -> None:
        """Note that the first frame has left."""
        self._next += 1

    def take_before(self, limit: int) -> tuple[Sequence[Frame], int]:
        """Take the frames of a run whose texts end at or before `limit`; return them and where their text ends."""
        stop = bisect_right(self._ends, limit, lo=self._next + 1) - 1
        frames = self.frames[self._next : stop]
        self._next = stop
        return frames, self._ends[stop]

    @property
    def is_run(self) -> bool:
        """Whether several frames wait as one."""
        return bool(self._ends)


class FrameQueue:
    """First in, first out."""

    __slots__ = ("_waiting", "bytes_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self.bytes_waiting = 0
        """Raw bytes of the frames that have not left, more than one frame of which waits."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, frames: Sequence[Frame], places: tuple[Place, ...]) -> None:
        """Add a frame with its places, or a run with its one place."""
        self._waiting.append(Waiting(frames, places))
        self.bytes_waiting += sum([len(frame.raw) for frame in frames])

    @property
    def head(self) -> Waiting:
        """What leaves next."""
        return self._waiting[0]

    def left(self, raw_bytes: int) -> None:
        """Note that frames at the head have left; an empty head makes way for the next one."""
        self.bytes_waiting -= raw_bytes
        if self._waiting[0].is_empty:
            self._waiting.popleft()

    def clear(self) -> None:
        """Drop everything."""
        self._waiting.clear()
        self.bytes_waiting = 0
