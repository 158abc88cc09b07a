"""A real broker crashes, refuses and comes back under a publisher: nothing is lost, each key keeps its order."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)

from events.codec import encode
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.client import admin, producer
from events.publisher.failures import NoConnectionError
from events.publisher.run import publish
from events.publisher.topics import ensure_topics
from tests.support.broker import Broker, free_ports, start_kafka, stop, why_no_apache_kafka
from tests.support.events import TIME_MS, event_id, exchange_event, incident_event
from tests.support.kafka import library_leaves_sockets, records_of, settings_for
from tests.support.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from events.publisher.settings import KafkaSettings

pytestmark = pytest.mark.skipif(why_no_apache_kafka() is not None, reason=str(why_no_apache_kafka()))
KEYS = 4
CRASHES = scaled(1, 5)
AUTHORISER = (
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found=true",
)


class Place:
    """A broker that can be started again where it was."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder, free_ports(2)
        self.broker: Broker = start_kafka(folder, self.ports, AUTHORISER)

    def restart(self) -> None:
        self.broker = start_kafka(self.folder, self.ports, AUTHORISER)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("faults") / "kafka")
    yield made
    stop(made.broker)


class Source:
    """An outbox that a test appends to while it is published."""

    def __init__(self, folder: Path, settings: KafkaSettings) -> None:
        self.path, self.settings = folder / "outbox.db", settings
        self.ids: dict[str, list[str]] = defaultdict(list)
        self.store = Store(self.path, OutboxSettings())
        self.store.subscribe(["kafka"])
        self.states: list[str] = []
        self.count = 0

    def put(self, count: int) -> None:
        entries = []
        for _ in range(count):
            self.count += 1
            key = f"req_{self.count % KEYS}"
            event = incident_event(self.count, key)
            self.ids[key].append(event.id)
            entries.append(Entry(event.id, self.topic("incidents.v1"), key, TIME_MS, encode(event)))
        self.store.append(entries, TIME_MS)

    def topic(self, name: str) -> str:
        return f"{self.settings.topic_prefix}.{name}"

    def wait(self, true: Callable[[Source], object], limit_s: float = 60.0) -> None:
        end_s = time.monotonic() + limit_s
        while not true(self):
            assert time.monotonic() < end_s, (self.store.subscribers(), self.states)
            time.sleep(0.02)  # the publisher is a thread of its own and tells nobody

    def wait_empty(self) -> None:
        self.wait(lambda source: source.store.waiting("kafka") == 0)

    def check_arrived(self, until: int) -> list[Any]:
        """Each id once or again with the same content; the first of each in the order of its key."""
        records = records_of(self.settings, "incidents.v1", until=lambda found: len(ids_of(found)) >= until)
        contents: dict[str, set[bytes]] = defaultdict(set)
        for record in records:
            contents[orjson.loads(record.value)["id"]].add(record.value)
        assert [identity for identity, values in contents.items() if len(values) > 1] == []
        for key, ids in self.ids.items():
            arrived = [record for record in records if record.key.decode() == key]
            assert list(dict.fromkeys(orjson.loads(record.value)["id"] for record in arrived)) == ids
        return records


def ids_of(records: list[Any]) -> set[str]:
    return {orjson.loads(record.value)["id"] for record in records}


@contextmanager
def publishing(folder: Path, settings: KafkaSettings) -> Iterator[Source]:
    source = Source(folder, settings)
    stopping = threading.Event()
    thread = threading.Thread(
        target=publish,
        args=(source.path, OutboxSettings(), source.settings, stopping),
        kwargs={"on_state": lambda state, _why: source.states.append(state)},
    )
    thread.start()
    with library_leaves_sockets():
        try:
            yield source
        finally:
            stopping.set()
            thread.join(30)
            source.store.close()
            assert not thread.is_alive()


@contextmanager
def client_of(settings: KafkaSettings) -> Iterator[Any]:
    client = admin(settings)
    try:
        yield client
    finally:
        client.close()


def test_a_broker_that_crashes_and_comes_back(tmp_path: Path, place: Place) -> None:
    with publishing(tmp_path, settings_for(place.broker)) as source:
        for _ in range(CRASHES):
            source.put(300)
            source.wait(lambda now: now.store.subscribers()[0].delivered > 0)
            source.put(300)
            place.broker.kill()
            source.put(300)
            place.restart()
        source.wait_empty()
        source.check_arrived(900 * CRASHES)


def test_a_topic_that_is_deleted_is_made_again(
    tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would try for two minutes; what arrived before went with the topic."""
    monkeypatch.setattr("events.publisher.publisher.STUCK_MS", 1500)
    with publishing(tmp_path, settings_for(place.broker)) as source:
        source.put(20)
        source.wait_empty()
        with client_of(source.settings) as client:
            client.delete_topics([source.topic("incidents.v1")])
            source.wait(lambda now: now.topic("incidents.v1") not in client.list_topics())
        source.ids.clear()
        source.put(20)
        source.wait_empty()
        assert source.store.dead_count() == 0
        source.check_arrived(20)


def test_a_topic_that_we_may_not_write_to(tmp_path: Path, place: Place) -> None:
    """Its events are dead letters with their reason, others flow, and a retry brings them once we may."""
    settings = settings_for(place.broker)
    topic = f"{settings.topic_prefix}.incidents.v1"
    rights = [
        ACL(user, "*", what, ACLPermissionType.ALLOW, ResourcePattern(ResourceType.TOPIC, topic))
        for user, what in (("User:else", ACLOperation.WRITE), ("User:*", ACLOperation.DESCRIBE))
    ]
    with client_of(settings) as client:
        client.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
        client.create_acls(rights)
    with publishing(tmp_path, settings) as source:
        source.put(5)
        other = Entry(event_id(999), source.topic("exchanges.v1"), "k", TIME_MS, encode(exchange_event(999)))
        source.store.append([other], TIME_MS)
        source.wait(lambda now: now.store.dead_count() == 5)
        source.wait_empty()
        assert {letter.reason for letter in source.store.dead_letters()} == {"not_authorised"}
        records_of(settings, "exchanges.v1", until=lambda found: len(found) == 1)
    with client_of(settings) as client:
        client.delete_acls(rights)
    with publishing(tmp_path, settings) as again:
        again.ids = source.ids
        assert again.store.retry() == 5
        again.wait_empty()
        again.check_arrived(5)


def test_a_producer_is_let_go_of_while_its_broker_stands_still(place: Place) -> None:
    """The library's own `close` raises then, and leaves a thread that sends on for ever: one each half minute."""
    settings = settings_for(place.broker)
    ensure_topics(settings, create=True)
    topic = f"{settings.topic_prefix}.incidents.v1"
    before = set(threading.enumerate())
    sender = producer(settings)
    sender.send(topic, value=b"{}", key=b"k", headers=[]).get(timeout=30)
    place.broker.freeze()
    try:
        future = sender.send(topic, value=b"{}", key=b"k", headers=[])
        (thread,) = set(threading.enumerate()) - before
        sender.close(0.1)
        thread.join(10)
        assert not thread.is_alive()
        assert future.is_done
        assert not future.succeeded()
        with library_leaves_sockets(), pytest.raises(NoConnectionError, match="nothing answers there in time"):
            producer(settings)
    finally:
        place.broker.thaw()
