"""Metrics are what the engine says, and their labels stay few."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from monitor.service.metrics import MAX_VALUES, MonitorCollector
from monitor.service.reading import Reader
from monitor.service.runner import Runner
from monitor.service.shares import Shares
from tests.support.monitor import START_S, caught
from tests.support.served_monitor import fed


def collector_of(shares: Shares) -> MonitorCollector:
    return MonitorCollector(Reader(shares), Runner(shares, lambda: None, 30.0), shares)  # type: ignore[arg-type, return-value]


def test_every_metric_is_described_and_has_values(tmp_path: Path) -> None:
    shares = fed(tmp_path)
    shares.by_name["share-0"].engine.refuse("no_data")
    shares.checkpoint()
    collector = collector_of(shares)
    found = list(collector.collect())
    assert [one.name for one in collector.describe()] == [one.name for one in found]
    assert all(one.samples for one in found)
    registry = CollectorRegistry()
    registry.register(collector)
    place = {"dimension": "global", "value": "", "window": "1h"}
    assert registry.get_sample_value("sluicegate_monitor_events", {"signal": "incidents", **place}) == 20
    assert registry.get_sample_value("sluicegate_monitor_responses", place) == 200
    assert registry.get_sample_value("sluicegate_monitor_shares") == 2
    assert registry.get_sample_value("sluicegate_monitor_refused_total", {"reason": "no_data"}) == 1
    shares.close()


def test_labels_stay_few_with_any_number_of_models_and_tenants(tmp_path: Path) -> None:
    shares = fed(tmp_path, 10)
    engine = shares.by_name["share-0"].engine
    for number in range(400):
        engine.receive(caught(START_S + 1, model=f"m{number}", tenant=f"tenant{number}"), START_S + 1)
    values: dict[str, set[str]] = {}
    for metric in collector_of(shares).collect():
        for sample in metric.samples:
            for name, value in sample.labels.items():
                values.setdefault(name, set()).add(value)
    assert max(len(found) for found in values.values()) <= 4 * MAX_VALUES
    assert not any(value.startswith("tenant") for found in values.values() for value in found)
    shares.close()
