"""B4: more than the proxy may hold is shed with 503 and Retry-After, and harms nobody inside or afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import pytest

from benchmarks.stats import quantile
from tests.support.gateway import Answer, parse_answer
from tests.support.process import product
from tests.support.scale import SOAK, scaled
from tests.support.upstream import Call, completion, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.process import Process

CAPACITY = 8
WORK_S = 0.05
SECONDS = scaled(0.6, 60.0)
MAX_RSS_MB = 400

BODY = b'{"model":"m","messages":[]}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


@dataclass(slots=True)
class Model:
    """A model that works for a while on each answer, and counts how many it works on at a time."""

    busy: int = 0
    most: int = 0

    async def script(self, call: Call) -> None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(WORK_S)
        self.busy -= 1
        await call.whole(completion("ok"))


@dataclass(slots=True)
class Seen:
    """What clients saw. Times in seconds."""

    accepted_s: list[float] = field(default_factory=list)
    shed: list[Answer] = field(default_factory=list)
    other: list[Answer] = field(default_factory=list)


async def _ask(port: int, seen: Seen) -> bool:
    began_s = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    answer = parse_answer(await reader.read())
    writer.close()
    if answer.status == 200:
        seen.accepted_s.append(time.monotonic() - began_s)
    elif answer.status == 503:
        seen.shed.append(answer)
    else:
        seen.other.append(answer)
    return answer.status == 200


async def _load(running: Process, clients: int, seconds: float) -> Seen:
    """Have clients ask again as soon as they were answered; one that was shed waits a little, not as told."""
    seen, end_s = Seen(), time.monotonic() + seconds

    async def client() -> None:
        while time.monotonic() < end_s:
            if not await _ask(running.port, seen):
                await asyncio.sleep(WORK_S / 2)

    await asyncio.gather(*(client() for _ in range(clients)))
    return seen


@pytest.mark.parametrize("times", [2, 5])
async def test_overload_is_shed(times: int, tmp_path: Path) -> None:
    """At two and five times the capacity, what is taken is answered and the rest is told to come back."""
    model = Model()
    async with (
        scripted(model.script) as upstream,
        product(tmp_path, upstream.url, max_connections=CAPACITY) as running,
    ):
        normal = await _load(running, CAPACITY, min(SECONDS, 5.0))
        assert not normal.shed
        loaded = await _load(running, times * CAPACITY, SECONDS)
        rss_mb = psutil.Process(running.process.pid).memory_info().rss / 1e6
        began_s = time.monotonic()
        afterwards = Seen()
        for _ in range(CAPACITY):
            assert await _ask(running.port, afterwards)
        recovered_s = time.monotonic() - began_s
    assert normal.other + loaded.other == []
    assert model.most <= CAPACITY
    assert len(loaded.accepted_s) >= CAPACITY
    assert {(one.code, one.headers["retry-after"], one.headers["connection"]) for one in loaded.shed} == {
        ("overloaded", "1", "close")
    }
    assert rss_mb <= MAX_RSS_MB
    if SOAK:  # times say something of the machine, too
        assert quantile(loaded.accepted_s, 0.99) <= 2 * quantile(normal.accepted_s, 0.99)
        assert recovered_s <= 5
