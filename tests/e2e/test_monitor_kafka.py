"""The whole way: a model gets worse behind a proxy, its events go through Kafka, and the monitor raises its alarm.

The monitor is killed while the model gets worse, and begins again: the alarm is raised, and raised once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from events.schema.envelope import EVENT_TYPES
from tests.support.broker import free_ports, needs_apache_kafka
from tests.support.gateway import POLICY, SECRET, parse_answer
from tests.support.kafka import records_of, settings_for
from tests.support.product import served
from tests.support.served_monitor import call
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from tests.support.broker import Broker
    from tests.support.upstream import Call

CALM, WORSE = 300, 600
CALM_EVERY, WORSE_EVERY = 100, 3
AT_ONCE = 8
BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'
HEAD = "POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nConnection: close\r\n"
CONFIG = """
version: 1
upstream: UPSTREAM
policy: policy.yaml
events: {kafka: {servers: [BROKER], topic_prefix: PREFIX, partitions: 4, replication: 1}}
monitor: {listen: '127.0.0.1:PORT', checkpoint: 5s}
"""


class Model:
    """Says something to take out in one of so many answers."""

    def __init__(self) -> None:
        self.answers = 0
        self.worse_s = 0.0

    async def script(self, call: Call) -> None:
        number = self.answers
        self.answers += 1
        if number == CALM:
            self.worse_s = time.time()
        every = CALM_EVERY if number < CALM else WORSE_EVERY
        await says(f"a {SECRET} b" if number % every == every // 2 else "all is well")(call)


class Watcher:
    """`sluicegate monitor`, as a process that may die."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        program = str(Path(sys.executable).with_name("sluicegate"))
        config = str(self._folder / "sluicegate.yaml")
        command = [program, "monitor", "--config", config, "--state-dir", str(self._folder / "watch")]
        with (self._folder / "monitor.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def die_and_begin_again(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = self._start()

    def answers(self) -> int:
        """How many answers it has counted; -1 while it does not answer."""
        try:
            _, slices = call(f"{self.url}/api/slices")
        except OSError:
            return -1
        return sum(one["responses"] for one in slices if one["dimension"] == "global")

    async def has_counted(self, count: int) -> None:
        end_s = time.monotonic() + 60
        while (got := await asyncio.to_thread(self.answers)) < count:
            assert self.process.poll() is None, (self._folder / "monitor.log").read_text()
            assert time.monotonic() < end_s, (got, (self._folder / "monitor.log").read_text())
            await asyncio.sleep(0.05)

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(20) == 0, (self._folder / "monitor.log").read_text()


async def ask(port: int) -> float:
    """Ask once; return when the answer was there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
    assert parse_answer(await asyncio.wait_for(reader.read(), 30)).status == 200
    writer.close()
    return time.time()


async def load(port: int, count: int) -> list[float]:
    """Ask so often, some at a time."""
    found: list[float] = []
    for start in range(0, count, AT_ONCE):
        found += await asyncio.gather(*(ask(port) for _ in range(start, min(count, start + AT_ONCE))))
    return found


@needs_apache_kafka("a consumer group hands out partitions, and offsets are kept")
async def test_an_alarm_is_raised_once_whoever_dies(tmp_path: Path, broker: Broker) -> None:
    kafka = settings_for(broker)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (proxy_folder := tmp_path / "proxy").mkdir()
    (watch_port,) = free_ports(1)
    model = Model()
    async with scripted(model.script) as upstream:
        config = CONFIG.replace("UPSTREAM", upstream.url).replace("BROKER", broker.address)
        config = config.replace("PREFIX", kafka.topic_prefix)
        (tmp_path / "sluicegate.yaml").write_text(config.replace("PORT", str(watch_port)))
        (tmp_path / "proxy.yaml").write_text(config.partition("monitor:")[0])
        with served(["--config", str(tmp_path / "proxy.yaml")], proxy_folder) as (port, _):
            watcher = Watcher(tmp_path, watch_port)
            await load(port, CALM)
            await watcher.has_counted(CALM)
            worse = await load(port, 30)
            await watcher.has_counted(CALM + 1)
            watcher.die_and_begin_again()
            worse += await load(port, WORSE - 30)
            await watcher.has_counted(CALM + WORSE)
    watcher.end()
    alarms = await asyncio.to_thread(records_of, kafka, "alarms.v1", until=has_rise)
    told = [orjson.loads(record.value) for record in alarms]
    assert [identity for identity, count in Counter(one["id"] for one in told).items() if count > 1] == []
    created = Counter(one["data"]["alarm_id"] for one in told if one["data"]["activity"] == "create")
    assert set(created.values()) == {1}
    first = next(one for one in told if is_rise(one))
    assert first["type"] == EVENT_TYPES["alarm"].type
    raised_s = time_of(first["time"])
    last_s = time_of(first["data"]["window_end"])
    assert raised_s >= last_s >= model.worse_s
    delay = sum(at_s <= last_s for at_s in worse)
    arrived_s = min(one.timestamp for one in alarms if is_rise(orjson.loads(one.value))) / 1000 - model.worse_s
    sys.stdout.write(
        f"alarm by {first['data']['detector']} after {delay} answers and {raised_s - model.worse_s:.2f} s;"
        f" in its topic after {arrived_s:.2f} s\n"
    )
    assert delay < WORSE - 100


def time_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def is_rise(event: dict[str, Any]) -> bool:
    data = event["data"]
    is_new = data["activity"] == "create" and data["signal"] == "incidents"
    return is_new and data["slice"] == {} and data["observed"] > data["expected"]


def has_rise(found: list[Any]) -> bool:
    return any(is_rise(orjson.loads(record.value)) for record in found)
