"""Measures what the durable commit adds to a blocked HTTP answer: the proxy with its outbox beside one without.

Both run in this process on one loop, in turn, at the same steady rate of answers that a policy blocks. Between them
SQLite alone commits rows of the same size at that rate: below this, no durable commit can be on this disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.stats import quantile
from proxy.server.app import running_server
from proxy.server.config import ServerConfig
from proxy.server.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.schema import Bypass, Failure, Incident
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.reload import PolicyChange

POLICY = """
version: 1
name: commits
detectors: {stops: {type: keywords, words: [halt the presses]}}
rules: [{id: stops, detector: stops, action: block, message: stopped}]
"""
_ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"please halt the presses"},"finish_reason":"stop"}]}'
)
_ROW = b"x" * 1300
"""As long as an event."""
_REQUEST = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


class NoSink:
    """Records nothing: what is compared with."""

    async def record(
        self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[Incident | Bypass | Failure]
    ) -> None:
        """See `EventSink.record`."""

    def record_end(self, exchange: ExchangeFacts) -> None:
        """See `EventSink.record_end`."""

    def record_policy(self, change: PolicyChange) -> None:
        """See `EventSink.record_policy`."""


async def measure_blocked(
    rate: float, seconds: float, rounds: int = 3, place: Path | None = None
) -> dict[str, list[float]]:
    """Return the times in milliseconds of blocked answers with the `outbox` and with `none`, and of `sqlite`.

    `place`: where the outbox is.
    """
    configure_logging("json", "error")
    times: dict[str, list[float]] = {"none": [], "outbox": [], "sqlite": []}
    model = await asyncio.start_server(_answer, "127.0.0.1", 0)
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-", dir=place) as name:
        policy = Path(name) / "policy.yaml"
        policy.write_text(POLICY)
        config = ServerConfig(
            upstream_url=f"http://127.0.0.1:{model.sockets[0].getsockname()[1]}", listen_port=0, admin_port=0,
            policy_source=str(policy), state_dir=Path(name) / "state", drain_timeout_s=1.0,
        )  # fmt: skip
        async with running_server(config, sink=NoSink()) as without, running_server(config) as durable:
            for _ in range(rounds):
                for key, server in (("none", without), ("outbox", durable)):
                    times[key] += await _load(int(server.url.rpartition(":")[2]), rate, seconds / rounds)
                times["sqlite"] += await asyncio.to_thread(_commits, Path(name), rate, seconds / rounds)
    model.close()
    await model.wait_closed()
    return times


def added_ms(times: dict[str, list[float]], at: float) -> float:
    """Return how much later that quantile of answers comes with the outbox."""
    return quantile(times["outbox"], at) - quantile(times["none"], at)


async def _load(port: int, rate: float, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def one() -> None:
        began_s = time.perf_counter()  # the loop's own clock goes in whole milliseconds
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_head(b"POST /v1/chat/completions HTTP/1.1", b"Connection: close", _REQUEST))
        raw = await reader.read()
        writer.close()
        if b"content_filter" not in raw:
            raise RuntimeError("an answer was not blocked")
        times.append(1000 * (time.perf_counter() - began_s))

    began_s = loop.time()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began_s + number / rate - loop.time()))
        tasks.append(asyncio.ensure_future(one()))
    await asyncio.gather(*tasks)
    return times


def _commits(folder: Path, rate: float, seconds: float) -> list[float]:
    """Commit two rows of an event's size at that rate, in this thread, and nothing else.

    What is due while a commit lasts goes into the next one, and times count from when it was due, as for answers.
    """
    times: list[float] = []
    with closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as db:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 0",
                          "CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, value BLOB)"):  # fmt: skip
            db.execute(statement).fetchall()
        start_s = time.perf_counter()
        due_s = deque(start_s + number / rate for number in range(int(rate * seconds)))
        while due_s:
            time.sleep(max(0.0, due_s[0] - time.perf_counter()))
            now_s = time.perf_counter()
            taken = [due_s.popleft() for _ in range(sum(1 for one in due_s if one <= now_s))]
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO event (value) VALUES (?)", [(_ROW,)] * (2 * len(taken)))
            db.execute("COMMIT")
            end_s = time.perf_counter()
            times += [1000 * (end_s - one) for one in taken]
    return times


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give every request the same answer."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            )
            await reader.readexactly(length)
            writer.write(_head(b"HTTP/1.1 200 OK", b"Server: model", _ANSWER))
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass  # a cancelled one would be reported by asyncio
    finally:
        writer.close()


def _head(line: bytes, more: bytes, body: bytes) -> bytes:
    fields = b"Host: p\r\nContent-Type: application/json\r\nContent-Length: %d" % len(body)
    return b"\r\n".join((line, fields, more, b"", body))
