"""Reads the frames of one stream that look like an earlier one without parsing them, in any layout.

Two ways lead there. `templates` is for events that differ in nothing but one text, `patterns` for frames in which
listed numbers, times or padding change, too, and for other layouts. Neither changes anything but the time it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.lessons import lesson_of
from proxy.wire.loose import loose_values
from proxy.wire.patterns import Patterns
from proxy.wire.templates import Templates
from proxy.wire.types import Form

if TYPE_CHECKING:
    from collections.abc import Collection

    from proxy.wire.fields import Node
    from proxy.wire.framing import Framing
    from proxy.wire.lessons import Lesson
    from proxy.wire.loose import Values
    from proxy.wire.recurring import Known
    from proxy.wire.types import Frame, FrameRun, Path, Slot

MAX_VAIN_LESSONS = 8
"""A stream whose frames never look alike (an id of its own in each) is not worth a proof per frame."""

MAX_VALUES = 64
"""Numbers and times whose last value is remembered, to see which change; real frames have a dozen."""


class Alike:
    """What the frames of one stream look like."""

    __slots__ = ("_changing", "_framing", "_hits", "_lessons", "_patterns", "_table", "_templates", "_values")

    def __init__(self, table: Node, framing: Framing) -> None:
        self._table = table
        self._framing = framing
        self._templates = Templates()
        self._patterns = Patterns()
        self._values: Values = {}
        self._changing: set[Path] = set()
        self._lessons = 0
        self._hits = 0

    def clear(self) -> None:
        """Forget all: something that frames had in common has changed."""
        self._templates.clear()
        self._patterns.clear()

    def latest(self, path: Path) -> int:
        """Return the number at `path` in the last frame that was read here and had a changing one; -1 when none."""
        return self._patterns.latest(path)

    def read(self, block: bytes) -> Frame | None:
        """Read one frame; None when it has to be parsed."""
        frame = self._templates.read(block) or self._patterns.read(block)
        if frame is not None:
            self._hits += 1
        return frame

    def read_run(self, data: bytes, position: int) -> FrameRun | None:
        """Read as many frames of one shape as stand at `position`; None when none is known to stand there."""
        run = self._templates.read_run(data, position) or self._patterns.read_run(data, position)
        if run is not None:
            self._hits += len(run.sizes)
        return run

    def learn(self, frame: Frame, slots: tuple[Slot, ...], known: Known | None = None) -> None:
        """Remember what a parsed frame looks like, if it has one plain growing text. `slots`: all of it.

        `known`: it was not parsed, as it is like a frame of another stream.
        """
        if self._lessons >= MAX_VAIN_LESSONS and self._hits < self._lessons * 2:
            return
        lesson = lesson_of(frame, slots) if known is None else known.mold.lesson
        if lesson is None:
            return
        self._lessons += 1
        values = loose_values(self._table, frame.payload) if known is None else known.values
        is_second = values.keys() <= self._values.keys()
        changing: Collection[Path] = self._note(values)
        if known is not None:
            changing = known.changing(changing, is_second=is_second)
        if not changing and self._is_plain_event(frame, lesson):
            self._templates.learn(frame, lesson, None if known is None else known.cut(()))
        elif known is not None:
            if known.mold.is_settled and known.mold.follower is known.mold:
                self._patterns.learn_cut(lesson, known.cut(changing))
        elif is_second:  # Until a second frame has come, nobody knows which of its values change.
            self._patterns.learn(frame, lesson, changing, self._framing)

    def _is_plain_event(self, frame: Frame, lesson: Lesson) -> bool:
        raw = frame.raw
        is_event = self._framing.form is Form.EVENTS and raw.endswith(b"\n\n") and b"\r" not in raw
        return is_event and lesson.padding is None

    def _note(self, values: Values) -> list[Path]:
        """Note the loose values of a frame; return the paths of those that change from frame to frame."""
        known, changing = self._values, self._changing
        fresh = {path for path, value in values.items() if known.get(path, value) != value} - changing
        if fresh:
            self.clear()  # Those took the values for constant.
        if len(known) + len(values) > MAX_VALUES:
            known.clear()
            changing.clear()
        known.update(values)
        changing |= fresh
        return [path for path in values if path in changing]
