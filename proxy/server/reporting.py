"""Sets up where events go: the outbox in the state folder, its thread, and what its metrics are read from."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import structlog

from events.audit.feeder import SUBSCRIBER
from events.fingerprints import Fingerprinter
from events.outbox.database import FILE_NAME
from events.outbox.store import Store
from events.outbox.writer import OutboxWriter
from monitor.service.settings import MONITOR_SUBSCRIBER
from proxy.server.audit_texts import Sealer
from proxy.server.drafts import Drafter
from proxy.server.outbox_metrics import OutboxCollector
from proxy.server.outbox_sink import OutboxSink

if TYPE_CHECKING:
    import contextlib
    from pathlib import Path

    from proxy.server.config import ServerConfig
    from proxy.server.metrics import Metrics

KAFKA_SUBSCRIBER = "kafka"
DEFAULT_PREFIX = "sluicegate"

_log = structlog.get_logger("sluicegate.events")


def outbox_path(config: ServerConfig) -> Path:
    """Return where the outbox is."""
    return config.state_dir / FILE_NAME


def prepare_outbox(config: ServerConfig) -> None:
    """Make the outbox, or open what an earlier run left, and say for whom it keeps events from now on.

    Raises `OutboxError` and OSError: no port is open yet.
    """
    config.state_dir.mkdir(parents=True, exist_ok=True)
    store = Store(outbox_path(config), config.outbox)
    try:
        named = {KAFKA_SUBSCRIBER: config.kafka, SUBSCRIBER: config.audit}
        wanted = [name for name, settings in named.items() if settings is not None]
        if config.monitor is not None and wanted:
            wanted.append(MONITOR_SUBSCRIBER)  # alone, it reads what is kept to be looked at, and fills no outbox
        store.subscribe(wanted)
        totals = store.totals()
    finally:
        store.close()
    _log.debug("outbox_opened", path=str(outbox_path(config)), events=totals.rows, bytes=totals.bytes)


def event_source(config: ServerConfig) -> str:
    """Return the attribute `source` of events."""
    return config.event_source or f"/sluicegate/{socket.gethostname()}"


def topic_prefix(config: ServerConfig) -> str:
    """Return what the names of topics begin with."""
    return DEFAULT_PREFIX if config.kafka is None else config.kafka.topic_prefix


async def start_sink(
    config: ServerConfig, metrics: Metrics, hash_key: bytes, stack: contextlib.AsyncExitStack
) -> OutboxSink:
    """Start the outbox's thread; it commits what waits and ends with `stack`. Raises `OutboxError`."""
    writer = OutboxWriter(
        outbox_path(config),
        config.outbox,
        now_ms=lambda: time.time_ns() // 1_000_000,
        on_dropped=metrics.count_dropped,
        on_dead=metrics.count_buried,
    )
    await asyncio.to_thread(writer.start)
    stack.push_async_callback(asyncio.to_thread, writer.close)
    sealer = None if config.audit is None else Sealer(config.audit)
    drafter = Drafter(event_source(config), topic_prefix(config), Fingerprinter(hash_key), sealer=sealer)
    return OutboxSink(writer, drafter, config.outbox, metrics)


def watch_outbox(config: ServerConfig, stack: contextlib.AsyncExitStack) -> OutboxCollector:
    """Return what reads the outbox's metrics, for as long as `stack` lasts."""
    collector = OutboxCollector(outbox_path(config))
    stack.callback(collector.close)
    return collector
