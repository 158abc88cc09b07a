"""Every name under which a scrape of proxy or monitor has a value."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prometheus_client.metrics import MetricWrapperBase

from monitor.service.metrics import MonitorCollector
from proxy.server.metrics import Metrics
from proxy.server.outbox_metrics import OutboxCollector

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def all_metrics() -> list[Metric]:
    registry = Metrics().registry
    registry.register(OutboxCollector(Path("nowhere/outbox.db")))
    monitors = MonitorCollector(cast("Any", None), cast("Any", None), cast("Any", None)).describe()
    return [*registry.collect(), *monitors]


_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


def samples_of(metric: Metric) -> set[str]:
    """The names of a metric's samples."""
    return {f"{metric.name}{suffix}" for suffix in _SUFFIXES.get(metric.type, ("",))}


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    return frozenset(name for metric in all_metrics() for name in samples_of(metric))


@lru_cache(maxsize=1)
def labels_of() -> dict[str, set[str]]:
    """By the name of a sample: the labels that it has."""
    own = {"instance", "job"}
    by_metric: dict[str, set[str]] = {}
    for collector in Metrics().registry._collector_to_names:
        if isinstance(collector, MetricWrapperBase):
            by_metric[collector._name] = set(collector._labelnames)
    for metric in all_metrics():
        by_metric.setdefault(metric.name, set(getattr(metric, "_labelnames", ())))
    return {
        name: by_metric[metric.name] | own | ({"le"} if name.endswith("_bucket") else set())
        for metric in all_metrics()
        for name in samples_of(metric)
    }
