"""A cluster of three: topics that outlive a broker, and what happens when too few are left. For `make chaos`."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.client import admin
from events.publisher.run import publish
from events.publisher.settings import KafkaSettings
from proxy.cli.main import run
from tests.events.publisher.test_run import fill
from tests.support.broker import Broker, needs_apache_kafka, own_cluster
from tests.support.events import incident_event
from tests.support.kafka import library_leaves_sockets, records_of

if TYPE_CHECKING:
    from pathlib import Path

EACH = 400
LIMIT_S = 90.0

pytestmark = [
    needs_apache_kafka("a cluster of three"),
    pytest.mark.skipif("SLUICEGATE_CHAOS" not in os.environ, reason="starts three brokers: make chaos"),
]


def described(settings: KafkaSettings) -> tuple[set[int], set[str]]:
    """Copies of each partition of our topics, and the least that must be in sync."""
    client: Any = admin(settings)
    try:
        names = [name for name in client.list_topics() if name.startswith("sluicegate.")]
        copies = {len(part["replica_nodes"]) for one in client.describe_topics(names) for part in one["partitions"]}
        from kafka.admin import ConfigResource, ConfigResourceType  # noqa: PLC0415

        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        configs = client.describe_configs(asked)["topic"]
        return copies, {str(one["min.insync.replicas"]["value"]) for one in configs.values()}
    finally:
        client.close()


class Publishing:
    """A publisher in a thread, with what it says of itself."""

    def __init__(self, path: Path, settings: KafkaSettings) -> None:
        self.store = Store(path, OutboxSettings())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=publish, args=(path, OutboxSettings(), settings, self._stop))
        self._thread.start()

    def wait_for(self, count: int) -> None:
        """Wait until so many events have arrived in all."""
        end_s = time.monotonic() + LIMIT_S
        while self.delivered() < count:
            assert time.monotonic() < end_s, f"{self.delivered()} of {count}"
            time.sleep(0.05)

    def delivered(self) -> int:
        return sum(one.delivered for one in self.store.subscribers())

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.store.close()


def put(path: Path, first: int) -> set[str]:
    events = [incident_event(number) for number in range(first, first + EACH)]
    fill(path, "sluicegate", events)
    return {event.id for event in events}


def test_one_broker_may_be_lost_and_with_two_lost_events_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "outbox.db"
    with library_leaves_sockets(), own_cluster(tmp_path / "kafka") as brokers:
        settings = KafkaSettings(servers=tuple(broker.address for broker in brokers))
        assert run(["topics", "create", "--kafka", brokers[0].address]) == 0
        said = capsys.readouterr()
        assert (said.out.count("\n"), "only one copy" in said.err) == (12, False)
        assert described(settings) == ({3}, {"2"})
        ids = put(path, 1)
        publishing = Publishing(path, settings)
        try:
            publishing.wait_for(EACH // 4)
            brokers[0].kill()
            ids |= put(path, 1 + EACH)
            publishing.wait_for(2 * EACH)
            assert two_lost_stop_it(path, publishing, brokers, ids) == 2 * EACH
            brokers[1].thaw()
            publishing.wait_for(3 * EACH)
        finally:
            publishing.close()
        records = records_of(settings, "incidents.v1", until=lambda found: len(found) >= 3 * EACH)
        assert {orjson.loads(record.value)["id"] for record in records} == ids


def two_lost_stop_it(path: Path, publishing: Publishing, brokers: list[Broker], ids: set[str]) -> int:
    """With one killed and one frozen nothing counts as written: one broker alone must not be believed."""
    brokers[1].freeze()
    time.sleep(3)  # until the cluster has seen it: two sessions of a broker
    ids |= put(path, 1 + 2 * EACH)
    time.sleep(3)
    return publishing.delivered()
