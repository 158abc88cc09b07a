"""A broker that is absent, stopped or frozen while traffic goes on, and what that costs: time, memory, events.

A proxy loses its broker again and again; beside it a control keeps its own, and answers are asked of the two in
turn, so that whatever else the machine does meets both alike. Nothing is asserted here: it returns what was seen.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from tests.support.broker import free_ports, start_kafka, stop
from tests.support.gateway import POLICY, SECRET, parse_answer
from tests.support.product import wait_ready
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.support.broker import Broker

EVENTS_EACH = 3
"""Of an answer: two incidents and the record of the exchange."""
PAUSE_S = 3.0
"""Before the first outage, and between one that is over and the next."""
SAMPLE_S = 0.5
DRAIN_LIMIT_S = 180.0
BLOCK = 50
"""Answers in a row that are drawn together: a second or two."""
_BODY = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
_REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


@dataclass(slots=True)
class Side:
    """A proxy, and what its clients saw."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    answers: list[tuple[float, float, str]] = field(default_factory=list)
    """When it was asked, how many milliseconds it took, and the id that the client was told."""

    def memory_mb(self) -> float:
        """Memory of the server and its publisher."""
        root = psutil.Process(self.process.pid)
        total = 0
        for one in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
        return total / (1 << 20)

    def ids(self) -> set[str]:
        """Ids of all exchanges."""
        return {identity for _, _, identity in self.answers}

    def times_ms(self, spans: Sequence[tuple[float, float]]) -> list[float]:
        """Times of the answers that were asked for within these spans."""
        return [ms for at, ms, _ in self.answers if any(first <= at < last for first, last in spans)]


@dataclass(slots=True)
class Outage:
    """One time without a broker."""

    what: str
    began_s: float
    before_mb: float
    ended_s: float = 0.0
    most_mb: float = 0.0
    waited: int = 0
    """Events that waited when the broker was back."""
    drained_s: float = 0.0
    """From then on, until these had arrived."""


@dataclass(slots=True)
class Seen:
    """What a run saw."""

    struck: Side
    control: Side | None
    outages: list[Outage]
    kafka: str
    """Where the events of the struck one are, in the end."""

    def spans(self) -> list[tuple[float, float]]:
        """When the broker was away."""
        return [(one.began_s, one.ended_s) for one in self.outages]


@asynccontextmanager
async def suffered(
    folder: Path, outage_s: float, events_per_s: float, control_kafka: str | None
) -> AsyncIterator[Seen]:
    """Run a proxy through three outages of its broker, under load. In the body all has arrived."""
    pause_s = min(PAUSE_S, outage_s)
    ports = free_ports(2)
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(scripted(says(f"a {SECRET} b {SECRET} c")))
        struck = await stack.enter_async_context(_side(folder / "struck", model.url, f"127.0.0.1:{ports[0]}"))
        seen = Seen(struck, None, [], "")
        if control_kafka is not None:
            seen.control = await stack.enter_async_context(_side(folder / "control", model.url, control_kafka))
        load = asyncio.ensure_future(_load(seen, events_per_s / EVENTS_EACH))
        stack.callback(load.cancel)

        async def started() -> Broker:
            broker = await asyncio.to_thread(start_kafka, folder / "kafka", ports)
            stack.callback(stop, broker)
            return broker

        await asyncio.sleep(pause_s)
        await _wait(seen, "absent at start", outage_s)
        broker = await started()
        await _drained(seen, pause_s)
        await asyncio.to_thread(broker.kill)
        await _wait(seen, "stopped", outage_s)
        broker = await started()
        await _drained(seen, pause_s)
        broker.freeze()
        await _wait(seen, "frozen", outage_s)
        broker.thaw()
        await _drained(seen, 0.0)
        load.cancel()
        with suppress(asyncio.CancelledError):
            await load
        for side in (struck, seen.control):
            if side is not None:
                await _arrived(side, _last_seq(side))
        seen.kafka = broker.address
        yield seen


@asynccontextmanager
async def _side(folder: Path, upstream: str, kafka: str) -> AsyncIterator[Side]:
    """A proxy with its publisher, as a user starts it."""
    port, admin = free_ports(2)
    command = [str(Path(sys.executable).with_name("sluicegate")), "serve", "--upstream", upstream, "--policy",
               str(folder / "policy.yaml"), "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}",
               "--state-dir", str(folder), "--kafka", kafka]  # fmt: skip
    process = _start(command, folder)
    try:
        await asyncio.to_thread(wait_ready, process, admin, folder / "log")
        yield Side(folder, port, process)
    finally:
        process.terminate()
        code = await asyncio.to_thread(process.wait, 30)
    assert code == 0, f"the proxy ended with {code}"


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


async def _load(seen: Seen, answers_per_s: float) -> None:
    """Ask each side at that rate, in turn, for ever."""
    sides = [side for side in (seen.struck, seen.control) if side is not None]
    tasks: set[asyncio.Task[None]] = set()
    began_s = time.monotonic()
    number = 0
    try:
        while True:
            at_s = began_s + number / (answers_per_s * len(sides))
            await asyncio.sleep(max(0.0, at_s - time.monotonic()))
            task = asyncio.ensure_future(_ask(sides[number % len(sides)]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
    finally:
        await asyncio.gather(*tasks)


async def _ask(side: Side) -> None:
    began_s = time.monotonic()
    clock_s = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", side.port)
    writer.write(_REQUEST)
    raw = await reader.read()
    writer.close()
    took_ms = 1000 * (time.perf_counter() - clock_s)
    assert raw.count(b"[hidden]") == 2, raw
    side.answers.append((began_s, took_ms, parse_answer(raw).headers["x-sluicegate-request-id"]))


async def _wait(seen: Seen, what: str, outage_s: float) -> None:
    """Let an outage last, and look at the memory."""
    outage = Outage(what, time.monotonic(), seen.struck.memory_mb())
    seen.outages.append(outage)
    while (now_s := time.monotonic()) < outage.began_s + outage_s:
        outage.most_mb = max(outage.most_mb, seen.struck.memory_mb())
        await asyncio.sleep(min(SAMPLE_S, outage.began_s + outage_s - now_s))
    outage.ended_s = time.monotonic()


async def _drained(seen: Seen, pause_s: float) -> None:
    """Wait until all that the outage held up has arrived."""
    outage = seen.outages[-1]
    last, acked = _last_seq(seen.struck), _acked(seen.struck)
    began_s = time.monotonic()
    outage.waited = last - acked
    await _arrived(seen.struck, last)
    outage.drained_s = time.monotonic() - began_s
    await asyncio.sleep(pause_s)


async def _arrived(side: Side, seq: int) -> None:
    async with asyncio.timeout(DRAIN_LIMIT_S):
        while _acked(side) < seq:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.1)


def _acked(side: Side) -> int:
    store = Store(side.folder / FILE_NAME, OutboxSettings())
    try:
        return store.acked("kafka")
    finally:
        store.close()


def _last_seq(side: Side) -> int:
    """Return the number of the newest event."""
    with closing(sqlite3.connect(side.folder / FILE_NAME)) as db:
        found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(found[0]) if found else 0


def quantile(times: Sequence[float], at: float) -> float:
    """Return a quantile of times."""
    return sorted(times)[min(len(times) - 1, int(at * len(times)))]


def ratio_of_p99(struck: Sequence[float], control: Sequence[float], seed: int = 1) -> tuple[float, float, float]:
    """Return the ratio of the two, and the bounds within which it lies with 95 % (bootstrap, in blocks of time)."""
    chance = random.Random(seed)
    ratios = sorted(
        quantile(_resampled(struck, chance), 0.99) / quantile(_resampled(control, chance), 0.99) for _ in range(400)
    )
    return quantile(struck, 0.99) / quantile(control, 0.99), ratios[10], ratios[-11]


def _resampled(times: Sequence[float], chance: random.Random) -> list[float]:
    """Draw blocks with replacement: slow answers come together, so one by one would claim too much."""
    blocks = [times[at : at + BLOCK] for at in range(0, len(times), BLOCK)]
    return [ms for block in chance.choices(blocks, k=len(blocks)) for ms in block]


def table(seen: Seen) -> str:
    """Return what was seen, for people."""
    lines = [f"{'outage':16} {'lasted':>8} {'waited':>14} {'drained in':>12} {'memory before, most':>22}"]
    lines += [
        f"{one.what:16} {one.ended_s - one.began_s:6.0f} s {one.waited:7d} events {one.drained_s:10.1f} s"
        f" {one.before_mb:10.0f}, {one.most_mb:5.0f} MB"
        for one in seen.outages
    ]
    struck = seen.struck.times_ms(seen.spans())
    lines += [f"{'answers':24} {'number':>8} {'p50':>8} {'p99':>8} ms"]
    lines += [_line("broker away", struck)]
    if seen.control is not None:
        control = seen.control.times_ms(seen.spans())
        ratio, low, high = ratio_of_p99(struck, control)
        lines += [_line("beside it, broker there", control)]
        lines += [f"p99 to p99: {ratio:.2f} (95 %: {low:.2f} to {high:.2f})"]
    return "\n".join(lines)


def _line(name: str, times: Sequence[float]) -> str:
    return f"{name:24} {len(times):8d} {quantile(times, 0.5):8.2f} {quantile(times, 0.99):8.2f}"
