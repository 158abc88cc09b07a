"""Alarms on their way out: as events in the outbox, from where they reach the topic, and in the log.

The id of an alarm's event follows from the alarm, so that a share that comes to the same state again after a crash
tells the same, and the outbox and every consumer know it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import structlog

from events.codec import encode
from events.outbox.rows import Entry
from events.schema.envelope import EVENT_TYPES, Event
from events.schema.ids import RANDOM_BYTES, ulid
from monitor.alarm_events import alarm_data

if TYPE_CHECKING:
    from events.outbox.store import Store
    from monitor.types import Alarm

_log = structlog.get_logger("sluicegate.monitor")

_KIND: Final = EVENT_TYPES["alarm"]


def event_id_of(alarm: Alarm) -> str:
    """Return the id of the event that tells of a change of an alarm."""
    about = f"{alarm.alarm_id}\0{alarm.activity}\0{alarm.state}\0{alarm.level}\0{alarm.changed_s!r}"
    return ulid(int(1000 * alarm.changed_s), hashlib.sha256(about.encode()).digest()[:RANDOM_BYTES])


def event_of(alarm: Alarm, source: str) -> Event:
    """Return the event that tells of a change of an alarm."""
    return Event(event_id_of(alarm), source, alarm.alarm_id, int(1000 * alarm.changed_s), alarm_data(alarm))


class Teller:
    """Puts alarms into the outbox and the log. For the thread that owns the outbox."""

    def __init__(self, outbox: Store, source: str, topic_prefix: str) -> None:
        self._outbox = outbox
        self._source = source
        self._topic = f"{topic_prefix}.{_KIND.topic}"

    def tell(self, alarm: Alarm) -> None:
        """Make an alarm's event durable. Raises `OutboxError`."""
        event = event_of(alarm, self._source)
        entry = Entry(event.id, self._topic, event.subject, event.time_ms, encode(event))
        self._outbox.append([entry], event.time_ms)
        log_alarm(alarm)


def log_alarm(alarm: Alarm) -> None:
    """Write a line about an alarm."""
    _log.warning(
        "alarm",
        alarm_id=alarm.alarm_id,
        activity=alarm.activity.value,
        state=alarm.state.value,
        attention=alarm.level.value,
        signal=alarm.signal.value,
        slice=str(alarm.slice),
        detector=alarm.detector,
        observed=alarm.observed,
        expected=alarm.expected,
        events=alarm.events,
        explained_by=alarm.explained_by,
        **alarm.about,
    )
