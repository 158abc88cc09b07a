"""Looks that take several turns: a detector that may need milliseconds for a window says where others may go first.

It has a method `scan_in_turns` beside `scan`: a generator that yields wherever somebody else may have the thread,
and returns what `scan` does. Who has no reason to stop runs it to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from detectors.types import Detector, ScanResult, Window

    Answer = TypeVar("Answer")
    Turns: TypeAlias = "Generator[None, None, Answer]"


def turns_of(detector: Detector) -> Callable[[Window], Turns[ScanResult]] | None:
    """Return a detector's `scan_in_turns`, None when it has none."""
    found: Callable[[Window], Turns[ScanResult]] | None = getattr(detector, "scan_in_turns", None)
    return found


def scanned(detector: Detector, window: Window) -> Turns[ScanResult]:
    """Judge a window in as many turns as the detector has."""
    turns = turns_of(detector)
    if turns is None:
        return detector.scan(window)
    return (yield from turns(window))


def finished(turns: Turns[Answer]) -> Answer:
    """Run to the end at once."""
    while True:
        try:
            next(turns)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
