"""Every name under which a scrape of proxy or monitor has a value."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

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


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    return frozenset(
        f"{metric.name}{suffix}" for metric in all_metrics() for suffix in _SUFFIXES.get(metric.type, ("",))
    )
