"""From an outbox to a real broker: everything once, in order, under the ids that it was decided with."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson
from jsonschema import Draft202012Validator

from events.codec import encode
from events.jsonschemas import load_schema
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.client import admin
from events.publisher.lease import Lease
from events.publisher.run import publish
from events.schema.envelope import Event
from tests.support.broker import Broker, needs_apache_kafka
from tests.support.events import TIME_MS, all_events, event_id, exchange_event, incident_event
from tests.support.kafka import records_of, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from events.publisher.settings import KafkaSettings

LIMITS = OutboxSettings()


def fill(path: Path, prefix: str, events: list[Event]) -> list[Entry]:
    entries = [Entry(e.id, f"{prefix}.{e.kind.topic}", e.subject, TIME_MS, encode(e)) for e in events]
    store = Store(path, LIMITS)
    store.subscribe(["kafka"])
    store.append(entries, TIME_MS)
    store.close()
    return entries


def run(path: Path, settings: KafkaSettings) -> None:
    stop = threading.Event()
    timer = threading.Timer(60, stop.set)
    timer.start()
    publish(path, LIMITS, settings, stop, until_empty=True)
    timer.cancel()
    assert not stop.is_set(), "the outbox was not empty in time"


def test_all_events_arrive_as_cloud_events_under_their_keys(tmp_path: Path, broker: Broker) -> None:
    settings = settings_for(broker)
    path = tmp_path / "outbox.db"
    requests = [f"req_{n}" for n in range(8)]
    events = [incident_event(100 + n, requests[n % 8]) for n in range(300)] + all_events()
    entries = fill(path, settings.topic_prefix, events)
    run(path, settings)
    names = ("incidents.v1", "exchanges.v1", "verdicts.v1", "alarms.v1", "policies.v1", "audit-heads.v1")
    records = records_of(settings, *names, until=lambda found: len(found) >= len(entries))
    assert {record.value for record in records} == {entry.value for entry in entries}
    assert len(records) == len(entries)
    by_key: dict[str, list[str]] = defaultdict(list)
    places: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for record in records:
        wire = orjson.loads(record.value)
        headers = {name: value.decode() for name, value in record.headers}
        assert headers["ce_id"] == wire["id"]
        assert headers["content-type"].startswith("application/cloudevents+json")
        assert record.key.decode() == wire["partitionkey"]
        assert list(Draft202012Validator(load_schema(wire["type"].split(".")[2])).iter_errors(wire)) == []
        if record.topic.endswith("incidents.v1"):
            by_key[wire["subject"]].append(wire["id"])
            places[wire["subject"]].add((record.topic, record.partition))
    for key in requests:
        assert by_key[key] == [e.id for e in events if (e.kind.name, e.subject) == ("incident", key)], (
            "the order of a key is kept"
        )
        assert len(places[key]) == 1


def test_sending_again_makes_doubles_with_the_same_id_and_content_only(tmp_path: Path, broker: Broker) -> None:
    """C4: five publishers, each of which died before it could acknowledge."""
    settings = settings_for(broker)
    events = [incident_event(n, f"req_{n % 3}") for n in range(1, 21)]
    for life in range(5):
        fill(tmp_path / f"outbox{life}.db", settings.topic_prefix, events)
        run(tmp_path / f"outbox{life}.db", settings)
    records = records_of(settings, "incidents.v1", until=lambda found: len(found) >= 100)
    contents: dict[str, set[bytes]] = defaultdict(set)
    for record in records:
        contents[orjson.loads(record.value)["id"]].add(record.value)
    assert set(contents) == {event.id for event in events}
    assert all(len(values) == 1 for values in contents.values())


@needs_apache_kafka("a topic has a limit on the size of its records")
def test_events_that_the_broker_refuses_go_to_the_dead(tmp_path: Path, broker: Broker) -> None:
    """C3 with a real broker: its limit on the size of a record is lower than ours."""
    settings = settings_for(broker, compression=None)
    topic = f"{settings.topic_prefix}.incidents.v1"
    client = admin(settings)  # it is made with its limit: one that is changed later holds some moments later
    limited = {"num_partitions": 2, "replication_factor": 1, "configs": {"max.message.bytes": "4000"}}
    client.create_topics({topic: limited})
    client.close()
    path = tmp_path / "outbox.db"
    events = [incident_event(n) for n in range(1, 11)]
    fill(path, settings.topic_prefix, events[:5])
    large = Entry(event_id(99), topic, "req_1", TIME_MS, encode(incident_event(99))[:-1] + b" " * 8000 + b"}")
    store = Store(path, LIMITS)
    store.append([large], TIME_MS)
    store.close()
    fill(path, settings.topic_prefix, [*events[5:], exchange_event()])
    run(path, settings)
    records = records_of(settings, "incidents.v1", until=lambda found: len(found) >= 10)
    assert [orjson.loads(record.value)["id"] for record in records] == [event.id for event in events]
    notices = records_of(settings, "incidents.v1.dlq", until=lambda found: len(found) >= 1)
    told: dict[str, Any] = orjson.loads(notices[0].value)
    assert (told["id"], told["dlq_reason"], told["bytes"]) == (event_id(99), "too_large", len(large.value))
    store = Store(path, LIMITS)
    assert [(letter.entry, letter.reason) for letter in store.dead_letters()] == [(large, "too_large")]
    store.close()


def test_a_second_publisher_stands_by(tmp_path: Path) -> None:
    lease = Lease(tmp_path)
    assert lease.take()
    fill(tmp_path / "outbox.db", "t", [incident_event()])
    states: list[str] = []
    stop = threading.Event()

    def say(state: str, _why: str) -> None:
        states.append(state)
        stop.set()

    from events.publisher.settings import KafkaSettings  # noqa: PLC0415

    publish(tmp_path / "outbox.db", LIMITS, KafkaSettings(servers=("127.0.0.1:9",)), stop, on_state=say)
    assert states == ["standby"]
    lease.close()
