"""The envelope: what CloudEvents asks for, in the value and as headers."""

from __future__ import annotations

from datetime import datetime

import orjson
import pytest

from events.codec import encode
from events.schema.envelope import EVENT_TYPES, Event, kafka_headers, rfc3339
from tests.support.events import TIME_MS, all_events, policy_event


@pytest.mark.parametrize("event", all_events(), ids=lambda event: event.kind.name)
def test_required_attributes_are_there_and_none_is_null(event: Event) -> None:
    wire = orjson.loads(encode(event))
    assert {"specversion", "id", "source", "type", "subject", "time", "dataschema", "partitionkey"} <= set(wire)
    assert [key for key, value in wire.items() if value is None] == []
    assert wire["partitionkey"] == wire["subject"] == event.subject
    assert wire["type"] == f"dev.sluicegate.{event.kind.name}.v1"


def test_headers_repeat_the_attributes() -> None:
    wire = orjson.loads(encode(policy_event()))
    headers = dict(kafka_headers(wire))
    assert headers["content-type"] == b"application/cloudevents+json; charset=UTF-8"
    attributes = set(wire) - {"data", "datacontenttype"}
    assert {f"ce_{name}": wire[name].encode() for name in attributes} == {
        key: value for key, value in headers.items() if key != "content-type"
    }


def test_time_is_rfc_3339_in_utc() -> None:
    assert rfc3339(TIME_MS + 7) == "2026-11-26T07:00:00.007Z"
    assert datetime.fromisoformat(rfc3339(TIME_MS + 7)).timestamp() * 1000 == TIME_MS + 7


def test_every_type_has_its_own_topic_and_class() -> None:
    kinds = list(EVENT_TYPES.values())
    assert len({kind.topic for kind in kinds}) == len({kind.data for kind in kinds}) == len(kinds) == 6
