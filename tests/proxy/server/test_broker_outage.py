"""C2 in small: a broker that stands still is not felt by traffic, and everything arrives once it goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest

from proxy.server.app import running_server
from tests.support.broker import own_kafka, why_no_apache_kafka
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, until
from tests.support.kafka import records_of, settings_for
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = 20


@pytest.mark.skipif(why_no_apache_kafka() is not None, reason=str(why_no_apache_kafka()))
async def test_a_frozen_broker_is_not_felt_and_nothing_is_lost(tmp_path: Path) -> None:
    policy = tmp_path / "test.yaml"
    policy.write_text(POLICY)
    with own_kafka(tmp_path / "kafka") as broker:
        settings = settings_for(broker)
        async with scripted(says(f"a {SECRET} b")) as upstream:
            config = config_for(upstream.url, state_dir=tmp_path, kafka=settings, policy_source=str(policy))
            async with running_server(config) as server:
                proxy = Proxy(server, upstream, ListSink(), server.services.policies.current.policy)
                published = lambda: proxy.metric("sluicegate_events_published_total", subscriber="kafka")  # noqa: E731
                await until(lambda: published() >= 1, timeout_s=60)
                broker.freeze()
                answers = [await proxy.chat(stream=bool(n % 2)) for n in range(ANSWERS)]
                assert {answer.status for answer in answers} == {200}
                await until(lambda: proxy.metric("sluicegate_outbox_depth") == 2 * ANSWERS)
                broker.thaw()
                await until(lambda: published() >= 1 + 2 * ANSWERS, timeout_s=60)
        records = await asyncio.to_thread(
            records_of, settings, "incidents.v1", "exchanges.v1", until=lambda found: len(found) >= 2 * ANSWERS
        )
    ids = {answer.headers["x-sluicegate-request-id"] for answer in answers}
    assert {record.key.decode() for record in records} == ids
    assert len({orjson.loads(record.value)["id"] for record in records}) == 2 * ANSWERS
