"""The monitor's engine: records and times in, changes of alarms out. No clock, no socket, no thread, no chance.

`now_s` is the time at which a record came in, which a log keeps beside it (for Kafka, the record's timestamp): the
same records with the same times give the same state, bit for bit.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

from monitor import snapshots
from monitor.models.directory import Directory
from monitor.models.intake import Intake
from monitor.models.watch import Watch
from monitor.records import ExchangeRecord
from monitor.settings import MonitorSettings
from monitor.types import WINDOWS_S, Dimension, Point, Slice, SliceInfo

if TYPE_CHECKING:
    from monitor.records import Record
    from monitor.types import Alarm, Rate, Signal, Totals


class Engine:
    """Everything that one monitor knows."""

    def __init__(self, settings: MonitorSettings | None = None) -> None:
        self.settings = MonitorSettings() if settings is None else settings
        self._now_s = 0.0
        self._intake = Intake(self.settings.hygiene)
        self._directory = Directory(self.settings.slices)
        self._watches: dict[Slice, Watch] = {}

    # Writing.

    def receive(self, record: Record, now_s: float) -> list[Alarm]:
        """Learn from a record that came in at `now_s`; return the alarms that changed."""
        changed = self.advance(now_s)
        if self._intake.admit(record, self._now_s) and isinstance(record, ExchangeRecord):
            self._count(record)
        return changed

    def refuse(self, reason: str) -> None:
        """Count an event that was no record."""
        self._intake.refuse(reason)

    def advance(self, now_s: float) -> list[Alarm]:
        """Let time pass; return the alarms that changed. Time that goes back stands still."""
        self._now_s = max(self._now_s, now_s)
        return []

    def acknowledge(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Note that somebody looks at an alarm. Raises KeyError for one that is not open."""
        self.advance(now_s)
        raise KeyError(alarm_id)

    def close(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Close an alarm that a person has dealt with. Raises KeyError for one that is not open."""
        self.advance(now_s)
        raise KeyError(alarm_id)

    def _count(self, record: ExchangeRecord) -> None:
        for place in self._directory.slices_of(record):
            self._watch(place, record.time_s).count(record)
        for gone in self._directory.review():
            self._watches.pop(gone, None)

    def _watch(self, place: Slice, time_s: float) -> Watch:
        watch = self._watches.get(place)
        if watch is None:
            watch = self._watches[place] = Watch(place, time_s)
        return watch

    # Reading.

    @property
    def now_s(self) -> float:
        """The latest time that it was told."""
        return self._now_s

    def totals(self) -> Totals:
        """Return what became of the records."""
        return self._intake.totals()

    def slices(self) -> list[SliceInfo]:
        """Return the live slices."""
        return [watch.info() for watch in self._watches.values()]

    def rates(self, dimension: Dimension | None = None) -> list[Rate]:
        """Return every signal's rate over every window, for the slices of a dimension or for all."""
        return [
            rate
            for place, watch in self._watches.items()
            if dimension in {None, place.dimension}
            for rate in watch.rates(self._now_s)
        ]

    def series(self, place: Slice, signal: Signal, window: str = "1h") -> list[Point]:
        """Return the buckets of a window. Raises KeyError for a slice, signal or window that is not there."""
        return self._watches[place].series(self._now_s, WINDOWS_S[window], signal)

    def alarms(self) -> list[Alarm]:
        """Return the alarms, closed ones too while they are kept."""
        return []

    # State.

    def snapshot(self) -> bytes:
        """Return the whole state. Settings are not in it."""
        return snapshots.dump(self._state())

    @classmethod
    def restore(cls, data: bytes, settings: MonitorSettings | None = None) -> Self:
        """Return the engine of a snapshot, which must come from a checkpoint whose signature was checked.

        Raises `SnapshotError`.
        """
        engine = cls(settings)
        state = snapshots.load(data)
        engine._now_s, engine._intake, engine._directory, engine._watches = state
        return engine

    def digest(self) -> str:
        """Return a hash of what was learned; how often a record came again is not in it."""
        learned = (self._now_s, self._intake.state(), *self._state()[2:])
        return hashlib.sha256(snapshots.dump(learned)).hexdigest()

    def _state(self) -> tuple[object, ...]:
        return self._now_s, self._intake, self._directory, self._watches
