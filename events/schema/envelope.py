"""The envelope of every event: CloudEvents 1.0, in the structured mode, with the attributes as headers too.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from events.schema import alarm, audit_head, exchange, incident, policy, verdict

if TYPE_CHECKING:
    EventData = (
        exchange.ExchangeData
        | incident.IncidentData
        | verdict.VerdictData
        | alarm.AlarmData
        | policy.PolicyData
        | audit_head.AuditHeadData
    )

CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
MAX_EVENT_BYTES: Final = 16 << 10
"""Longest event. Consumers size their buffers by it; ours are below 3 KB."""

_HEADERS: Final = ("specversion", "id", "source", "type", "subject", "time", "dataschema", "partitionkey",
                   "traceparent")  # fmt: skip


class EventType(NamedTuple):
    """One type of event."""

    type: str
    """The attribute `type`: the contract. A change that breaks consumers gets a new one."""
    name: str
    """Its short name: of its schema file, and in commands."""
    version: str
    """Version of the data's schema; it grows by additions only."""
    topic: str
    """Topic below the prefix."""
    data: builtins.type
    """Class of its data."""

    @property
    def dataschema(self) -> str:
        """The attribute `dataschema`, also the `$id` of the schema."""
        return f"urn:sluicegate:schema:{self.name}:{self.version}"


EVENT_TYPES: Final = {
    one.name: one
    for one in (
        EventType(exchange.TYPE, "exchange", exchange.VERSION, "exchanges.v1", exchange.ExchangeData),
        EventType(incident.TYPE, "incident", incident.VERSION, "incidents.v1", incident.IncidentData),
        EventType(verdict.TYPE, "verdict", verdict.VERSION, "verdicts.v1", verdict.VerdictData),
        EventType(alarm.TYPE, "alarm", alarm.VERSION, "alarms.v1", alarm.AlarmData),
        EventType(policy.TYPE, "policy", policy.VERSION, "policies.v1", policy.PolicyData),
        EventType(audit_head.TYPE, "audit-head", audit_head.VERSION, "audit-heads.v1", audit_head.AuditHeadData),
    )
}
"""Every type of event, by its short name."""

_BY_DATA: Final = {one.data: one for one in EVENT_TYPES.values()}


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `wire` gives the mapping that is written as JSON."""

    id: str
    """ULID, made when the decision was."""
    source: str
    """Which proxy: `/sluicegate/HOST` unless the configuration says otherwise."""
    subject: str
    """What the event is about, and its key: a request's, an incident's or an alarm's id, or a policy's name."""
    time_ms: int
    """When it was decided, in milliseconds since 1970."""
    data: EventData
    traceparent: str | None = None
    """The client's trace, where it sent one."""

    @property
    def kind(self) -> EventType:
        """The event's type."""
        return _BY_DATA[type(self.data)]

    def wire(self) -> dict[str, Any]:
        """Return the event as it is written; `data` is still a dataclass, which the JSON encoder knows."""
        return wire_of(self.kind, self.id, self.source, self.subject, self.time_ms, self.data, self.traceparent)


def wire_of(
    kind: EventType,
    event_id: str,
    source: str,
    subject: str,
    time_ms: int,
    data: EventData | dict[str, Any],
    traceparent: str | None,
) -> dict[str, Any]:
    """Return an event as it is written, of what an `Event` holds; `data` may be a mapping of the same members."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": kind.type,
        "subject": subject,
        "time": rfc3339(time_ms),
        "datacontenttype": "application/json",
        "dataschema": kind.dataschema,
        "partitionkey": subject,
    }
    if traceparent is not None:
        attributes["traceparent"] = traceparent
    attributes["data"] = data
    return attributes


def kafka_headers(wire: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the headers of a Kafka record: the attributes of an event that was read back, and its content type."""
    pairs = [(f"ce_{name}", str(wire[name]).encode()) for name in _HEADERS if name in wire]
    return [("content-type", CONTENT_TYPE.encode()), *pairs]


def rfc3339(time_ms: int) -> str:
    """Return a time as CloudEvents write it: `2026-11-23T07:12:03.214Z`."""
    return f"{_to_the_second(time_ms // 1000)}.{time_ms % 1000:03d}Z"


@lru_cache(maxsize=16)
def _to_the_second(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%S}"
