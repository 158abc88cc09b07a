"""Events as bytes and back."""

from __future__ import annotations

import dataclasses

import orjson
import pytest

from events.codec import EventError, decode_data, encode, kind_of, read_wire
from events.schema.envelope import MAX_EVENT_BYTES, Event
from tests.support.events import all_events, exchange_event, incident_event


@pytest.mark.parametrize("event", all_events(), ids=lambda event: event.kind.name)
def test_an_event_comes_back_as_it_went(event: Event) -> None:
    wire = read_wire(encode(event))
    assert decode_data(wire) == event.data
    assert kind_of(wire) == event.kind
    assert len(encode(event)) < 3000


def test_members_of_a_later_version_are_ignored() -> None:
    wire = read_wire(encode(incident_event()))
    wire["data"]["invented"] = {"later": True}
    wire["data"]["finding"]["more"] = 1
    wire["extension"] = "x"
    assert decode_data(wire) == incident_event().data


def test_an_event_that_is_too_long_is_refused() -> None:
    event = exchange_event()
    longer = dataclasses.replace(event.data, actions={f"action{n}": n for n in range(2000)})  # type: ignore[type-var]
    with pytest.raises(EventError, match="too_large"):
        encode(dataclasses.replace(event, data=longer))
    assert len(encode(event)) < MAX_EVENT_BYTES


def test_an_event_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(EventError, match="unserialisable"):
        encode(dataclasses.replace(incident_event(), subject="\ud800"))


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"{}", b'{"id": 1, "type": "t", "subject": "s"}'])
def test_what_is_no_event(value: bytes) -> None:
    with pytest.raises(EventError, match=r"JSON|CloudEvent"):
        read_wire(value)


def test_an_unknown_type_and_broken_data_are_named() -> None:
    wire = read_wire(encode(incident_event()))
    with pytest.raises(EventError, match="not known"):
        decode_data({**wire, "type": "dev.sluicegate.incident.v2"})
    del wire["data"]["finding"]["category"]
    with pytest.raises(EventError, match=r"data\.finding\.category"):
        decode_data(orjson.loads(orjson.dumps(wire)))
