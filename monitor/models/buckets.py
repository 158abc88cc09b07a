"""Counts of one slice in buckets of event time: 10 s for the last hour, 5 min for the last three days.

A late event is added to the bucket of its time, so what buckets say does not depend on the order of events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from monitor.models.unsaved import PartlySaved
from monitor.types import COUNTED, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FINE_S: Final = 10
FINE_BUCKETS: Final = 432
"""An hour, and 12 minutes of room: an event 60 s ahead of now takes nothing from the hour before now."""
COARSE_S: Final = 300
COARSE_BUCKETS: Final = 880
"""Three days and an hour."""
MAX_OPEN: Final = 96
"""Fine buckets whose counts wait to be put into the rings: answers that are ten minutes late are in 60."""

RESPONSES: Final = 0
COLUMNS: Final = {signal: column for column, signal in enumerate(COUNTED, start=1)}
_WIDTH: Final = 1 + len(COUNTED)


class _Ring:
    """The last buckets of one length. Rows are numbered by their time divided by the length."""

    def __init__(self, seconds: int, buckets: int) -> None:
        self.seconds = seconds
        self._rows: NDArray[np.int64] = np.zeros((buckets, _WIDTH), dtype=np.int64)
        self._head = -1
        """Number of the newest row; -1: nothing yet."""

    def add(self, number: int, counts: list[int]) -> None:
        """Add the counts of each column to the row of a number, if it is not over."""
        size = len(self._rows)
        if number > self._head:
            if self._head >= 0:
                self._clear(max(self._head, number - size) + 1, number)
            self._head = number
        elif number <= self._head - size:
            return
        self._rows[number % size] += counts

    def _clear(self, first: int, last: int) -> None:
        for one in range(first, last + 1):
            self._rows[one % len(self._rows)] = 0

    def between(self, first: int, last: int) -> NDArray[np.int64]:
        """Return the rows numbered from `first` to `last`; those that are not there are left out."""
        size = len(self._rows)
        first, last = max(first, self._head - size + 1, 0), min(last, self._head)
        if first > last:
            return self._rows[:0]
        start, stop = first % size, last % size
        if start <= stop:
            return self._rows[start : stop + 1]
        return np.concatenate((self._rows[start:], self._rows[: stop + 1]))

    def first_number(self, first: int) -> int:
        """Return the number of the first row that `between` gives for `first`."""
        return max(first, self._head - len(self._rows) + 1, 0)


class Buckets(PartlySaved):
    """The counts of one slice."""

    UNSAVED: ClassVar = frozenset({"_open"})

    def __init__(self) -> None:
        self._fine = _Ring(FINE_S, FINE_BUCKETS)
        self._coarse = _Ring(COARSE_S, COARSE_BUCKETS)
        self._begin()

    def _begin(self) -> None:
        self._open: dict[int, list[int]] = {}
        """Counts by the number of their fine bucket, that are not in the rings yet."""

    def add(self, time_s: float, columns: Iterable[int]) -> None:
        """Count one answer, or what was seen in it."""
        number = int(time_s // FINE_S)
        counts = self._open.get(number)
        if counts is None:
            if len(self._open) >= MAX_OPEN:
                self._take_in()
            counts = self._open[number] = [0] * _WIDTH
        for column in columns:
            counts[column] += 1

    def _take_in(self) -> None:
        """Put into the rings what waits, in the order in which it came: what was over then is over now."""
        opened, self._open = self._open, {}
        for number, counts in opened.items():
            self._fine.add(number, counts)
            self._coarse.add(number * FINE_S // COARSE_S, counts)

    def window(self, now_s: float, seconds: int) -> NDArray[np.int64]:
        """Return the sum of each column over the `seconds` before now, the bucket that now is in with them."""
        self._take_in()
        ring = self._ring(seconds)
        last = int(now_s // ring.seconds)
        total: NDArray[np.int64] = ring.between(last - seconds // ring.seconds + 1, last).sum(axis=0)
        return total

    def series(self, now_s: float, seconds: int, signal: Signal) -> list[tuple[float, float, int, int]]:
        """Return start, length, count and answers of each bucket of a window, the oldest first."""
        self._take_in()
        ring = self._ring(seconds)
        last = int(now_s // ring.seconds)
        first = last - seconds // ring.seconds + 1
        rows = ring.between(first, last)
        start = ring.first_number(first)
        column = COLUMNS[signal]
        return [
            (float((start + place) * ring.seconds), float(ring.seconds), int(row[column]), int(row[RESPONSES]))
            for place, row in enumerate(rows)
        ]

    def _ring(self, seconds: int) -> _Ring:
        return self._fine if seconds <= (FINE_BUCKETS - 60) * FINE_S else self._coarse

    def state(self) -> tuple[Any, ...]:
        """Return what a restored copy must be equal in."""
        self._take_in()
        return tuple((ring._head, ring._rows.tobytes()) for ring in (self._fine, self._coarse))  # noqa: SLF001
