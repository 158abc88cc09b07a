"""A whole monitor, from an outbox and from a broker: its address tells what went in, and alarms come out."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.run import publish
from monitor.service import share as share_module
from monitor.service.run import FolderTakenError, Monitor, Plan, running_monitor
from monitor.service.settings import ServiceSettings
from tests.support.broker import needs_apache_kafka
from tests.support.events import incident_event
from tests.support.gateway import until
from tests.support.kafka import records_of, settings_for
from tests.support.served_monitor import call
from tests.support.watching import AlarmingEngine, answer, now_ms

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings
    from tests.support.broker import Broker


@pytest.fixture(autouse=True)
def _alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)


def fill(path: Path, first: int, count: int, prefix: str = "sluicegate") -> None:
    """Put answers into an outbox, as they would have come now."""
    base_s = now_ms() / 1000 - 60
    store = Store(path, OutboxSettings())
    store.subscribe(["kafka"] if prefix != "sluicegate" else [])
    events = [answer(number, caught=number % 10 == 0, time_s=base_s) for number in range(first, first + count)]
    entries = [Entry(one.id, f"{prefix}.exchanges.v1", one.subject, one.time_ms, encode(one)) for one in events]
    store.append(entries, now_ms())
    store.close()


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answered:
        return json.load(answered)


def counted(url: str) -> int:
    count: int = asked(f"{url}/api/status")["totals"]["counted"]
    return count


async def test_a_verdict_that_is_given_counts(tmp_path: Path) -> None:
    """Beside an outbox there is no topic: a verdict goes in at the address, and comes back with the records."""
    fill(tmp_path / FILE_NAME, 0, 20)
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    seen = incident_event(5)
    event = dataclasses.replace(seen, time_ms=now_ms())
    store.append(
        [Entry(event.id, "sluicegate.incidents.v1", event.subject, event.time_ms, encode(event))], now_ms()
    )
    store.close()
    plan = Plan(settings=ServiceSettings(listen_port=0), state_dir=tmp_path, source="/sluicegate/t")
    async with running_monitor(plan) as (monitor, url):
        await until(lambda: monitor.runner.is_ready)
        given = {"incident_id": event.data.incident_id, "label": "true_positive", "reviewer": "jane"}
        body = json.dumps(given).encode()
        assert (await asyncio.to_thread(call, f"{url}/api/verdicts", "POST", None, body))[0] == 202
        await until(lambda: [one.right for one in monitor.shares.by_name["share-0"].engine.precisions()] == [1])


async def test_a_monitor_beside_an_outbox(tmp_path: Path) -> None:
    """It reads what is there and what comes, puts alarms into the same outbox, and goes on where it was."""
    fill(tmp_path / FILE_NAME, 0, 250)
    plan = Plan(settings=ServiceSettings(listen_port=0), state_dir=tmp_path, source="/sluicegate/t")
    async with running_monitor(plan) as (monitor, url):
        await until(lambda: monitor.runner.is_ready)
        assert await asyncio.to_thread(counted, url) == 250
        with pytest.raises(FolderTakenError):
            Monitor(plan)
        assert (plan.folder / "address").read_text() == f"{url}\n"
    fill(tmp_path / FILE_NAME, 250, 100)
    async with running_monitor(plan) as (monitor, url):
        await until(lambda: monitor.runner.is_ready)
        assert await asyncio.to_thread(counted, url) == 350
        (rate,) = [
            one
            for one in await asyncio.to_thread(asked, f"{url}/api/rates?dimension=global&window=1h")
            if one["signal"] == "incidents"
        ]
        assert (rate["count"], rate["responses"]) == (35, 350)
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    rows = [row.entry for row in store.read(0, 1000, 1 << 30)]
    store.close()
    alarms = [row for row in rows if row.topic == "sluicegate.alarms.v1"]
    assert [row.key for row in alarms] == ["alm_100", "alm_200", "alm_300"]
    assert len(rows) == 353


@needs_apache_kafka("a consumer group hands out partitions, and offsets are kept")
async def test_a_monitor_of_a_broker_and_its_successor(tmp_path: Path, broker: Broker) -> None:
    """Alarms reach their topic; one that takes over in another folder counts all of it and tells nothing twice."""
    kafka = settings_for(broker)
    publish_now(tmp_path, 0, 250, kafka)
    settings = ServiceSettings(listen_port=0, checkpoint_s=0.2)
    for number, folder in enumerate(("one", "two")):
        plan = Plan(
            settings=settings,
            state_dir=tmp_path / folder,
            source="/sluicegate/t",
            kafka=kafka,
            topic_prefix=kafka.topic_prefix,
        )
        async with running_monitor(plan) as (monitor, url):
            await until(lambda: monitor.runner.is_ready, timeout_s=30)
            assert await asyncio.to_thread(counted, url) == 250 + 100 * number
            await asyncio.to_thread(publish_now, tmp_path, 250 + 100 * number, 100, kafka)
            expected = 350 + 100 * number
            await until(lambda: sum(e.engine.totals().counted for e in monitor.shares.by_name.values()) >= expected)  # noqa: B023
            if number == 1:  # a verdict goes to its topic, and comes from there
                body = b'{"incident_id": "inc_1", "label": "unsure", "reviewer": "jane"}'
                assert (await asyncio.to_thread(call, f"{url}/api/verdicts", "POST", None, body))[0] == 202
                await until(lambda: monitor.reader.totals().counted == 451, timeout_s=30)
    alarms = await asyncio.to_thread(records_of, kafka, "alarms.v1", until=lambda found: len(found) >= 4)
    assert sorted(orjson.loads(one.value)["subject"] for one in alarms) == [f"alm_{n}00" for n in range(1, 5)]


def publish_now(tmp_path: Path, first: int, count: int, kafka: KafkaSettings) -> None:
    path = tmp_path / f"{first}.db"
    fill(path, first, count, kafka.topic_prefix)
    publish(path, OutboxSettings(), kafka, threading.Event(), until_empty=True)
    time.sleep(0)
