"""Measures the way of events: into the outbox, out to Kafka beside kafka-python alone, and the wait for a commit.

python -m benchmarks.events --kafka HOST:PORT      (without it: the outbox alone)
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import uvloop
from rich.console import Console

from benchmarks.commits import added_ms, measure_blocked
from benchmarks.report import Table, targets_table
from benchmarks.stats import Target, quantile
from events.codec import encode, read_wire
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.outbox.writer import Draft, OutboxWriter
from events.publisher.client import producer
from events.publisher.run import publish
from events.publisher.settings import KafkaSettings
from events.publisher.topics import ensure_topics
from events.schema import incident
from events.schema.blocks import ModelBlock, RequestBlock
from events.schema.envelope import Event, kafka_headers
from events.schema.ids import RANDOM_BYTES, incident_id, ulid

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = OutboxSettings()
MEMORY = Path("/dev/shm")
RATE = 200.0
"""Events and answers each second while waits are measured."""
_WAITS_NOTE = (
    "The proxy with and without its outbox in turn in one process, which the model and the load share: read the "
    "difference. SQLite alone commits as many rows of that size between the two, in one thread that does nothing "
    "else: what it takes, the disk and the machine take."
)
_RATES_NOTE = "Incidents of some 1.3 KB; to Kafka with gzip, acks=all, idempotent, the records made on the way."


class Figures(NamedTuple):
    """What was measured: events/s, and times in milliseconds."""

    outbox: float
    floor: list[float]
    waits: list[float]
    blocked: dict[str, list[float]]
    in_memory: dict[str, list[float]] | None
    """The same with an outbox that needs no disk; None where there is no such place."""
    published: tuple[float, float] | None
    """Of the publisher, and of kafka-python alone."""


def event(number: int) -> Event:
    """Return an incident as the proxy makes them: about 1.3 KB."""
    now_ms = time.time_ns() // 1_000_000
    identity = ulid(now_ms, os.urandom(RANDOM_BYTES))
    data = incident.IncidentData(
        schema_version=incident.VERSION,
        incident_id=incident_id(identity),
        activity="create",
        request=RequestBlock(f"req_{number:024x}", None, None, "/v1/chat/completions", "openai-chat", stream=True),
        model=ModelBlock("api.example", "m"),
        policy=incident.IncidentRule("bench", "sha256:" + "0" * 64, "hide", "words", None, "enforce"),
        finding=incident.FindingBlock("WORD", "medium", 1.0, 0.0, "high"),
        location=incident.LocationBlock("response", "text[0]", 3, 8),
        verdict="violation",
        action=incident.ActionBlock(
            "block", 2, enforced=True, bytes_delivered_before=0, violating_bytes_delivered=0
        ),
        evidence=incident.EvidenceBlock("hmac256:00000000:" + "0" * 32),
        timing=incident.IncidentTiming(12.5, 0.1),
        counts=incident.CountsBlock(1),
    )
    return Event(identity, "/sluicegate/bench", data.request.id, now_ms, data)


def draft(number: int, topic: str) -> Draft:
    """Return the draft of an incident."""
    made = event(number)
    return Draft(made.id, topic, made.subject, made.time_ms, lambda: encode(made))


def measure_outbox(folder: Path, topic: str, seconds: float) -> float:
    """Return events/s that nobody waits for, into the outbox."""
    writer = _writer(folder)
    count, began_s = 0, time.perf_counter()
    while time.perf_counter() - began_s < seconds:
        done = threading.Event()
        for _ in range(255):
            writer.submit([draft(count, topic)])
            count += 1
        writer.submit([draft(count, topic)], _setter(done))
        count += 1
        done.wait()
    rate = count / (time.perf_counter() - began_s)
    writer.close()
    return rate


async def measure_waits(folder: Path, topic: str, rate: float, seconds: float) -> list[float]:
    """Return the waits for a durable commit in milliseconds, at a steady rate of events."""
    writer = _writer(folder)
    loop = asyncio.get_running_loop()
    waits: list[float] = []

    async def one(number: int) -> None:
        done: asyncio.Future[None] = loop.create_future()
        began_s = time.perf_counter()

        def tell(_reason: str | None) -> None:
            loop.call_soon_threadsafe(done.set_result, None)

        writer.submit([draft(number, topic)], tell)
        await done
        waits.append(1000 * (time.perf_counter() - began_s))

    began_s = loop.time()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began_s + number / rate - loop.time()))
        tasks.append(asyncio.ensure_future(one(number)))
    await asyncio.gather(*tasks)
    await asyncio.to_thread(writer.close)
    return waits


def measure_floor(folder: Path, count: int = 200) -> list[float]:
    """Return the times of a write of 4 KB with fdatasync in milliseconds: what the disk itself takes."""
    times = []
    with (folder / "floor").open("wb", buffering=0) as file:
        for _ in range(count):
            began_s = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append(1000 * (time.perf_counter() - began_s))
    return times


def measure_kafka(folder: Path, settings: KafkaSettings, count: int) -> tuple[float, float]:
    """Return events/s of the publisher from a full outbox, and of kafka-python alone with the same records."""
    topic = f"{settings.topic_prefix}.incidents.v1"
    ensure_topics(settings, create=True)
    entries = [Entry(e.id, topic, e.subject, e.time_ms, encode(e)) for e in map(event, range(count))]
    store = Store(folder / FILE_NAME, LIMITS)
    store.subscribe(["kafka"])
    store.append(entries, entries[0].created_ms)
    store.close()
    began_s = time.perf_counter()
    publish(folder / FILE_NAME, LIMITS, settings, threading.Event(), until_empty=True)
    ours = count / (time.perf_counter() - began_s)
    alone: Any = producer(settings)
    began_s = time.perf_counter()
    for entry in entries:
        headers = kafka_headers(read_wire(entry.value))
        alone.send(topic, value=entry.value, key=entry.key.encode(), headers=headers)
    alone.flush()
    theirs = count / (time.perf_counter() - began_s)
    alone.close()
    return ours, theirs


def _setter(done: threading.Event) -> Callable[[str | None], None]:
    return lambda _reason: done.set()


def _writer(folder: Path) -> OutboxWriter:
    writer = OutboxWriter(
        folder / FILE_NAME,
        LIMITS,
        now_ms=lambda: time.time_ns() // 1_000_000,
        on_dropped=lambda reason, count: print(f"{count} dropped: {reason}"),
        on_dead=lambda reason, count: print(f"{count} buried: {reason}"),
    )
    writer.start()
    return writer


def measure(seconds: float, events: int, kafka: str | None) -> Figures:
    """Measure everything; what goes to Kafka only where there is one."""
    topic = "sluicegate.incidents.v1"
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as name:
        folder = Path(name)
        for part in ("outbox", "waits", "kafka"):
            (folder / part).mkdir()
        outbox = measure_outbox(folder / "outbox", topic, seconds)
        floor = measure_floor(folder)
        waits = asyncio.run(measure_waits(folder / "waits", topic, RATE, seconds))
        blocked = uvloop.run(measure_blocked(RATE, 2 * seconds))
        in_memory = uvloop.run(measure_blocked(RATE, 2 * seconds, place=MEMORY)) if MEMORY.is_dir() else None
        published = None
        if kafka:
            settings = KafkaSettings(servers=(kafka,), topic_prefix=f"bench{os.getpid()}", replication=1)
            published = measure_kafka(folder / "kafka", settings, events)
    return Figures(outbox, floor, waits, blocked, in_memory, published)


def tables(found: Figures) -> tuple[list[Table], list[Target]]:
    """Return the figures as tables, and the promised ones."""
    rows = [
        ("a write of 4 KB with fdatasync", *_two(found.floor)),
        (f"the wait for a commit, {RATE:.0f} events/s", *_two(found.waits)),
        (f"a blocked answer without an outbox, {RATE:.0f}/s", *_two(found.blocked["none"])),
        (f"a blocked answer with the outbox, {RATE:.0f}/s", *_two(found.blocked["outbox"])),
        (f"a commit by SQLite alone, {RATE:.0f}/s", *_two(found.blocked["sqlite"])),
        ("added by the outbox", *(f"{added_ms(found.blocked, at):.2f}" for at in (0.5, 0.99))),
    ]
    if found.in_memory is not None:
        times = [f"{added_ms(found.in_memory, at):.2f}" for at in (0.5, 0.99)]
        rows.append(("added by an outbox in memory, which waits for no disk", *times))
    waits = Table("What the durable commit costs, ms", ("what", "p50", "p99"), rows, _WAITS_NOTE)
    rates = [("into the outbox, nobody waits", f"{found.outbox:,.0f}", "")]
    if found.published is not None:
        ours, theirs = found.published
        rates += [
            ("from a full outbox to Kafka", f"{ours:,.0f}", f"{ours / theirs:.2f}x"),
            ("kafka-python alone, same records", f"{theirs:,.0f}", "1.00x"),
        ]
    flow = Table("Events", ("way", "events/s", "to kafka-python alone"), rates, _RATES_NOTE)
    added = added_ms(found.blocked, 0.99)
    return [waits, flow], [Target("added to a blocked answer by the durable commit, p99", 5.0, added, unit=" ms")]


def _two(times: list[float]) -> tuple[str, str]:
    return f"{quantile(times, 0.5):.2f}", f"{quantile(times, 0.99):.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", metavar="HOST:PORT")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--events", type=int, default=20_000, help="how many go to Kafka")
    options = parser.parse_args()
    made, targets = tables(measure(options.seconds, options.events, options.kafka))
    console = Console()
    for table in (targets_table(targets), *made):
        table.show(console)


if __name__ == "__main__":
    main()
