"""The publisher beside the server: to a real broker, through its death, and to an end with the server."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from typing import TYPE_CHECKING

import orjson

from proxy.server.app import running_server
from proxy.server.publishing import PublisherProcess
from tests.proxy.server.test_outbox_sink import wires
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, until
from tests.support.kafka import records_of, settings_for
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.broker import Broker


async def test_what_the_proxy_decides_reaches_kafka_and_outlives_its_publisher(
    tmp_path: Path, broker: Broker
) -> None:
    """`serve --kafka`: topics are made, events arrive, a killed publisher is replaced, metrics say so."""
    settings = settings_for(broker)
    policy = tmp_path / "test.yaml"
    policy.write_text(POLICY)
    async with scripted(says(f"a {SECRET} b")) as upstream:
        config = config_for(upstream.url, state_dir=tmp_path, kafka=settings, policy_source=str(policy))
        async with running_server(config) as server:
            proxy = Proxy(server, upstream, ListSink(), server.services.policies.current.policy)
            await proxy.chat(stream=True)
            await until(
                lambda: proxy.metric("sluicegate_events_published_total", subscriber="kafka") >= 3, timeout_s=60
            )
            (publisher,) = server.aside
            first = publisher.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await proxy.chat(stream=True)
            await until(
                lambda: proxy.metric("sluicegate_events_published_total", subscriber="kafka") >= 5, timeout_s=60
            )
            assert publisher.pid not in {None, first}
            assert proxy.metric("sluicegate_outbox_depth") == 0
            state = {"subscriber": "kafka", "state": "publishing"}
            await until(lambda: proxy.metric("sluicegate_publisher_state", **state) == 1)
    records = await asyncio.to_thread(
        records_of, settings, "incidents.v1", "exchanges.v1", until=lambda found: len(found) >= 4
    )
    found = [orjson.loads(record.value) for record in records]
    assert len({wire["id"] for wire in found}) == 4
    assert SECRET not in str(records)
    assert wires(tmp_path) == []


async def test_without_a_broker_traffic_goes_on_and_everything_waits(tmp_path: Path) -> None:
    """C2, absent at start: the answer comes, and its events are in the outbox afterwards."""
    async with scripted(says(f"a {SECRET} b")) as upstream:
        config = config_for(upstream.url, state_dir=tmp_path)
        kafka = dataclasses.replace(settings_for(_Nowhere()))  # type: ignore[arg-type]
        async with running_server(dataclasses.replace(config, kafka=kafka)) as server:
            proxy = Proxy(server, upstream, ListSink(), server.services.policies.current.policy)
            answer = await proxy.chat(stream=False)
            assert answer.status == 200
            await until(lambda: proxy.metric("sluicegate_outbox_depth") >= 2)
    assert len(wires(tmp_path)) >= 2


async def test_a_publisher_that_was_never_started_is_ended_all_the_same(tmp_path: Path) -> None:
    publisher = PublisherProcess(config_for("http://127.0.0.1:9", state_dir=tmp_path))
    await publisher.stop()
    assert publisher.pid is None


class _Nowhere:
    address = "127.0.0.1:9"
