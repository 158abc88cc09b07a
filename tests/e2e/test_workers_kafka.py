"""`--workers N` with Kafka: one publisher for all of them; workers and publishers that are killed lose nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import psutil
import pytest

from tests.support.gateway import POLICY, SECRET, parse_answer, until
from tests.support.kafka import records_of, settings_for
from tests.support.product import served
from tests.support.scale import scaled
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from tests.support.broker import Broker

DEATHS = scaled(1, 5)
LOCKS = Path("/proc/locks")
CONFIG = """
version: 1
upstream: UPSTREAM
policy: policy.yaml
workers: 2
events: {kafka: {servers: [BROKER], topic_prefix: PREFIX, partitions: 2, replication: 1}}
"""
BODY = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'


def publisher_pid(folder: Path) -> int:
    """The process that holds the lock of the publisher; 0 for none."""
    lock = folder / "publisher.lock"
    inode = f":{lock.stat().st_ino}" if lock.exists() else None
    holders = [line.split() for line in LOCKS.read_text().splitlines()]
    found = {int(fields[4]) for fields in holders if fields[1] == "FLOCK" and inode and fields[5].endswith(inode)}
    assert len(found) <= 1
    return found.pop() if found else 0


async def ask(port: int, redacted: set[str]) -> None:
    """Ask once. Keeps the id when the client has seen what the policy did."""
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    with suppress(ConnectionError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        raw = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        if b"[hidden]" in raw:
            redacted.add(parse_answer(raw).headers["x-sluicegate-request-id"])


@pytest.mark.skipif(not LOCKS.exists(), reason="holders of locks are read from /proc")
async def test_one_publisher_for_all_workers_and_deaths_lose_nothing(tmp_path: Path, broker: Broker) -> None:
    kafka = settings_for(broker)
    (tmp_path / "policy.yaml").write_text(POLICY)
    redacted: set[str] = set()
    async with scripted(says(f"a {SECRET} b")) as upstream:
        config = CONFIG.replace("UPSTREAM", upstream.url).replace("BROKER", broker.address)
        (tmp_path / "sluicegate.yaml").write_text(config.replace("PREFIX", kafka.topic_prefix))
        with served(["--config", str(tmp_path / "sluicegate.yaml")], tmp_path) as (port, _):
            await until(lambda: publisher_pid(tmp_path), timeout_s=30)
            for turn in range(DEATHS):
                asking = [asyncio.ensure_future(ask(port, redacted)) for _ in range(40)]
                await until(lambda count=40 * turn + 5: len(redacted) >= count)  # type: ignore[misc]
                publisher = publisher_pid(tmp_path)
                server = psutil.Process(publisher).parent()
                assert server is not None
                workers = [one.pid for one in server.children() if one.pid != publisher and holds(one, port)]
                dead = {publisher, workers[0]}
                for pid in dead:
                    os.kill(pid, signal.SIGKILL)
                await asyncio.wait(asking, timeout=30)
                await until(lambda gone=dead: publisher_pid(tmp_path) not in {0, *gone}, timeout_s=30)  # type: ignore[misc]
                # One worker may have taken all of the connections with it.
                await asyncio.gather(*(ask(port, redacted) for _ in range(20)))
    assert len(redacted) >= 20 * DEATHS
    wanted = set(redacted)
    records = await asyncio.to_thread(
        records_of, kafka, "incidents.v1", until=lambda found: wanted <= {one.key.decode() for one in found}
    )
    contents = {(orjson.loads(record.value)["id"], record.value) for record in records}
    assert len({identity for identity, _ in contents}) == len(contents), "one id with different content"


def holds(process: psutil.Process, port: int) -> bool:
    """Whether a process serves the port."""
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in process.net_connections())
