"""A past read again: which alarms it would have raised under these settings, and when. Nobody is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from monitor.engine import Engine
from monitor.models.answer import is_answer, signals_of
from monitor.records import ExchangeRecord
from monitor.service.share import record_in
from monitor.types import Activity, Level, Signal, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.service.share import Item
    from monitor.settings import MonitorSettings
    from monitor.types import Alarm

BIN_S: Final = 60
"""What is counted together for the plot, at the finest."""
SIGNALS: Final = (
    Signal.INCIDENTS, Signal.REFUSALS, Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE, Signal.BYPASSES,
)  # fmt: skip


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
        """Alarms as they opened, with the highest level that each had."""
        order = list(Level)
        highest: dict[str, Level] = {}
        for one in self.alarms:
            highest[one.alarm_id] = min(one.level, highest.get(one.alarm_id, one.level), key=order.index)
        opened = (one for one in self.alarms if one.activity is Activity.CREATE)
        return [replace(one, level=highest[one.alarm_id]) for one in opened]

    def parts(self) -> dict[str, list[Alarm]]:
        """Return, by the id of each alarm that stood for itself when it opened, those that it explains."""
        raised = {one.alarm_id: one for one in self.raised}
        found: dict[str, list[Alarm]] = {}
        for one in raised.values():
            root = one
            while root.explained_by in raised:
                root = raised[root.explained_by]
            found.setdefault(root.alarm_id, [])
            if root is not one:
                found[root.alarm_id].append(one)
        return found


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
