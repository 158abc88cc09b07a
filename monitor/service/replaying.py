"""A past read again: which alarms it would have raised under these settings, and when. Nobody is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from monitor.engine import Engine
from monitor.models.watch import is_answer, signals_of
from monitor.records import ExchangeRecord
from monitor.service.share import record_in
from monitor.types import Activity, Signal, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.service.share import Item
    from monitor.settings import MonitorSettings
    from monitor.types import Alarm

BIN_S: Final = 60
"""What is counted together for the plot, at the finest."""
SIGNALS: Final = (Signal.INCIDENTS, Signal.REFUSALS, Signal.BYPASSES)


NOTHING: Final = Totals(0, 0, 0, 0, 0, 0, {})


@dataclass(slots=True)
class Replayed:
    """What came of it."""

    alarms: list[Alarm] = field(default_factory=list)
    """Every change of an alarm, in order."""
    responses: Counter[int] = field(default_factory=Counter)
    """By minute since 1970: answers."""
    events: dict[Signal, Counter[int]] = field(default_factory=lambda: {one: Counter() for one in SIGNALS})
    totals: Totals = NOTHING
    ahead: int = 0
    """Records whose time of coming was not believed."""

    @property
    def raised(self) -> list[Alarm]:
        """Alarms as they opened."""
        return [one for one in self.alarms if one.activity is Activity.CREATE]


def in_place(stream: Iterable[Item]) -> Iterator[Item]:
    """Yield the records of a stream, in its order, with times to sort them among others by.

    One whose time is not believed lies where it came in: behind the one before it.
    """
    last_s = 0.0
    for item in stream:
        last_s = last_s if item.is_ahead else item.time_s
        yield item._replace(time_s=last_s)


def replay(items: Iterable[Item], settings: MonitorSettings) -> Replayed:
    """Read records in the order of their times; those of several streams must be `in_place`."""
    engine, found = Engine(settings), Replayed()
    for item in sorted(items, key=lambda one: (one.time_s, one.offset)):
        found.ahead += item.is_ahead
        record = record_in(item.value, engine)
        if record is None:
            continue
        before = engine.totals().counted
        found.alarms += engine.receive(record, engine.now_s if item.is_ahead else item.time_s)
        is_counted = engine.totals().counted > before
        if is_counted and isinstance(record, ExchangeRecord) and is_answer(record):
            _count(found, record)
    found.totals = engine.totals()
    return found


def _count(found: Replayed, record: ExchangeRecord) -> None:
    minute = int(record.time_s // BIN_S)
    found.responses[minute] += 1
    shown = set(signals_of(record))
    for signal, counts in found.events.items():
        if signal in shown:
            counts[minute] += 1
