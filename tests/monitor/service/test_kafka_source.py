"""Several monitors of one group: each share at one of them, and one that dies has its share taken up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.run import publish
from monitor.service.kafka_source import KafkaSource
from monitor.service.runner import Runner
from monitor.service.shares import Shares
from monitor.settings import MonitorSettings
from tests.support.broker import needs_apache_kafka
from tests.support.gateway import until
from tests.support.kafka import settings_for
from tests.support.watching import answer, now_ms

if TYPE_CHECKING:
    import pytest

    from events.publisher.settings import KafkaSettings
    from tests.support.broker import Broker

SHARES = 2


class Member:
    """One monitor without an address."""

    def __init__(self, folder: Path, kafka: KafkaSettings) -> None:
        folder.mkdir(exist_ok=True)
        self.shares = Shares(folder, MonitorSettings(), bytes(32), lambda _alarm: None)
        self.runner = Runner(self.shares, lambda: KafkaSource(kafka, SHARES, self.shares), 30.0)
        self.runner.start()

    def counted(self) -> dict[str, int]:
        with self.shares.lock:
            return {name: share.engine.totals().counted for name, share in self.shares.by_name.items()}


def send(folder: Path, kafka: KafkaSettings, first: int, count: int) -> None:
    store = Store(folder / FILE_NAME, OutboxSettings())
    store.subscribe(["kafka"])
    events = [answer(number, time_s=now_ms() / 1000) for number in range(first, first + count)]
    topic = f"{kafka.topic_prefix}.exchanges.v1"
    store.append([Entry(one.id, topic, one.subject, one.time_ms, encode(one)) for one in events], now_ms())
    store.close()
    publish(folder / FILE_NAME, OutboxSettings(), kafka, threading.Event(), until_empty=True)


@needs_apache_kafka("a consumer group hands out partitions")
async def test_shares_are_handed_out_and_over(tmp_path: Path, broker: Broker) -> None:
    kafka = settings_for(broker, partitions=4)
    send(tmp_path, kafka, 0, 200)
    one = Member(tmp_path / "one", kafka)
    await until(lambda: sum(one.counted().values()) == 200, timeout_s=30)
    before = one.counted()
    assert set(before) == {"share-0", "share-1"}
    assert min(before.values()) > 50
    two = Member(tmp_path / "two", kafka)
    await until(lambda: (len(one.counted()), len(two.counted())) == (1, 1), timeout_s=30)
    send(tmp_path, kafka, 200, 100)

    def together() -> dict[str, int]:
        return {**one.counted(), **two.counted()}

    await until(lambda: sum(together().values()) == 300, timeout_s=30)
    assert set(one.counted()) | set(two.counted()) == {"share-0", "share-1"}
    one.runner.stop()  # two has the share of one without its state, and reads its past again
    send(tmp_path, kafka, 300, 50)
    await until(lambda: sum(two.counted().values()) == 350, timeout_s=30)
    assert set(two.counted()) == {"share-0", "share-1"}
    two.runner.stop()


@needs_apache_kafka("a consumer group hands out partitions")
async def test_a_partition_that_nobody_wants_waits(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = settings_for(broker, partitions=4)
    send(tmp_path, kafka, 0, 200)
    is_full = threading.Event()
    is_full.set()
    monkeypatch.setattr(
        Shares, "wants", lambda _self, _share, stream: stream != "exchanges.v1/1" or not is_full.is_set()
    )
    one = Member(tmp_path / "one", kafka)
    await until(lambda: one.runner.lag > 0 and one.runner.lag + sum(one.counted().values()) == 200, timeout_s=30)
    assert not one.runner.is_ready
    is_full.clear()
    await until(lambda: sum(one.counted().values()) == 200, timeout_s=30)
    one.runner.stop()
