"""The outbox's metrics, from any process that can read its file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from events.outbox.rows import DeadLetter
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from proxy.server.outbox_metrics import STATES, OutboxCollector
from tests.events.outbox.test_store import entry

if TYPE_CHECKING:
    from pathlib import Path


def test_a_filled_outbox_is_told(tmp_path: Path) -> None:
    now_ms = int(time.time() * 1000)
    store = Store(tmp_path / "outbox.db", OutboxSettings())
    store.subscribe(["kafka"])
    old = entry(1)._replace(created_ms=now_ms - 60_000)
    store.append([old, entry(2)], now_ms)
    store.bury([DeadLetter(entry(9), now_ms, 1, "too_large")])
    registry = CollectorRegistry()
    collector = OutboxCollector(tmp_path / "outbox.db")
    registry.register(collector)
    sample = registry.get_sample_value
    assert sample("sluicegate_outbox_depth") == 2
    assert 59 < (sample("sluicegate_outbox_oldest_seconds") or 0) < 90
    assert sample("sluicegate_outbox_dead_letters") == 1
    state = {name: sample("sluicegate_publisher_state", {"subscriber": "kafka", "state": name}) for name in STATES}
    assert state == {name: float(name == "stopped") for name in STATES}
    store.beat("kafka", "publishing", now_ms)
    store.ack("kafka", 1, 1)
    assert sample("sluicegate_publisher_state", {"subscriber": "kafka", "state": "publishing"}) == 1
    assert sample("sluicegate_events_published_total", {"subscriber": "kafka"}) == 1
    assert sample("sluicegate_outbox_depth") == 1
    collector.close()
    store.close()


def test_a_file_that_cannot_be_read_has_no_values(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database" * 100)
    registry = CollectorRegistry()
    registry.register(OutboxCollector(tmp_path / "outbox.db"))
    assert registry.get_sample_value("sluicegate_outbox_depth") is None
    assert {metric.name for metric in registry.collect()} >= {"sluicegate_outbox_depth"}
