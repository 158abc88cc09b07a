"""Frames on their way out, in the order they came, and where their texts stand.

A queue decides nothing; the stream guard does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from proxy.guard.timeline import Timeline
from proxy.wire.types import SIGNATURE_MEMBERS, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.wire.types import FrameRun


class Place(NamedTuple):
    """Where the text of a slot stands."""

    timeline: Timeline
    start: int
    end: int


class WaitingFrame(NamedTuple):
    """A frame and the places of its slots."""

    frame: Frame
    places: tuple[Place, ...]


def edits_of(frame: Frame, places: Sequence[Place]) -> dict[int, str | None]:
    """Return the new texts of those slots that an edit touches, None for one that goes; up to as many as places."""
    edits: dict[int, str | None] = {}
    for index, ((timeline, start, end), slot) in enumerate(zip(places, frame.slots, strict=False)):
        text = timeline.edits.apply(slot.text, start, end) if timeline.edits else None
        if text is not None:
            edits[index] = None if slot.drop else text
    return edits


def edited(frame: Frame, places: Sequence[Place]) -> tuple[Frame, dict[int, str | None]]:
    """Return a frame and the new texts of its slots; the frame as it is to be written with them.

    A signature stays beside a text in which values and placeholders alone changed places: it comes back to the
    provider beside the text that the provider wrote.
    """
    edits = edits_of(frame, places)
    slots = {}
    for index in edits:
        slot, (timeline, start, end) = frame.slots[index], places[index]
        if slot.dependents and timeline.edits.is_faithful(start, end):
            others = tuple(path for path in slot.dependents if path[-1] not in SIGNATURE_MEMBERS)
            slots[index] = slot._replace(dependents=others)
    if slots:
        frame = frame._replace(slots=tuple(slots.get(index, slot) for index, slot in enumerate(frame.slots)))
    return frame, edits


class WaitingRun:
    """A run of frames that carry one piece of one text each, and perhaps padding, which needs no more judging."""

    __slots__ = ("_ends", "_frames", "_next", "_others", "_raw_at", "_start", "end", "run", "timeline")

    def __init__(self, run: FrameRun, places: tuple[Place, ...]) -> None:
        place, *self._others = places
        self.run = run
        self.timeline = place.timeline
        self._start = place.start
        self.end = place.end
        """Where the text of its last frame ends."""
        self._ends: list[int] = []
        self._raw_at = 0
        self._frames: list[Frame] = []
        self._next = 0

    @property
    def is_empty(self) -> bool:
        """Whether every frame has left."""
        return self._next == len(self.run.sizes)

    def take_before(self, limit: int) -> tuple[bytes, int]:
        """Take the frames whose texts end at or before `limit`; return their bytes and where their text ends."""
        first, raw_from = self._next, self._raw_at
        if limit >= self.end:
            self._next = len(self.run.sizes)
            return self.run.raw[raw_from:], self.end
        if not self._ends:
            if limit < self._start + self.run.sizes[0]:
                return b"", self._start
            self._ends = list(accumulate(self.run.sizes, initial=self._start))
        stop = bisect_right(self._ends, limit, lo=first + 1) - 1
        sizes = self.run.raw_sizes
        if 2 * stop > first + len(sizes):  # Few stay: their bytes are counted sooner.
            self._raw_at = len(self.run.raw) - sum(sizes[stop:])
        else:
            self._raw_at += sum(sizes[first:stop])
        self._next = stop
        return self.run.raw[raw_from : self._raw_at], self._ends[stop]

    def first(self) -> WaitingFrame:
        """Return the first frame that waits, with its place."""
        if not self._frames:
            self._frames = self.run.frames()
            self._ends = list(accumulate(self.run.sizes, initial=self._start))
        frame, place = self._frames[self._next], Place(self.timeline, *self._ends[self._next : self._next + 2])
        return WaitingFrame(frame, (place, *self._others)[-len(frame.slots) :] if frame.slots else ())

    def skip_first(self) -> None:
        """Note that the first frame has left."""
        self._raw_at += self.run.raw_sizes[self._next]
        self._next += 1


class FrameQueue:
    """First in, first out."""

    __slots__ = ("_waiting", "bytes_waiting")

    def __init__(self) -> None:
        self._waiting: deque[WaitingFrame | WaitingRun] = deque()
        self.bytes_waiting = 0
        """Raw bytes of the frames that have not left."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def append(self, frame: Frame, places: tuple[Place, ...]) -> None:
        """Add a frame with the places of its slots."""
        self._waiting.append(WaitingFrame(frame, places))
        self.bytes_waiting += len(frame.raw)

    def append_run(self, run: FrameRun, places: tuple[Place, ...]) -> None:
        """Add a run with the one place that all its pieces fill together, and that of its padding."""
        self._waiting.append(WaitingRun(run, places))
        self.bytes_waiting += len(run.raw)

    @property
    def is_single(self) -> bool:
        """Whether one frame waits alone: it may be as large as its codec lets it."""
        return len(self._waiting) == 1 and isinstance(self._waiting[0], WaitingFrame)

    @property
    def head(self) -> WaitingFrame | WaitingRun:
        """What leaves next."""
        return self._waiting[0]

    def left(self, raw_bytes: int) -> None:
        """Note that bytes at the head have left; when nothing of the head is left, the next has its turn."""
        self.bytes_waiting -= raw_bytes
        head = self._waiting[0]
        if isinstance(head, WaitingFrame) or head.is_empty:
            self._waiting.popleft()

    def clear(self) -> None:
        """Drop everything."""
        self._waiting.clear()
        self.bytes_waiting = 0
