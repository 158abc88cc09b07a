"""The outbox's state as metrics, read from its file when they are asked for: the same from any process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from prometheus_client.core import Metric

STATES: Final = ("publishing", "no_broker", "topics_missing", "auth_failed", "tls_failed", "standby", "stopped",
          "storing", "no_store", "watching")  # fmt: skip
"""What a publisher, or what feeds the audit store, can say of itself."""
MAX_SILENCE_S: Final = 15.0
"""A publisher that has said nothing for so long is not there."""


class OutboxCollector(Collector):
    """Reads the outbox at every scrape; without values while its file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: Store | None = None

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without values: registering reads no file."""
        return list(_families())

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        families = _families()
        depth, size, oldest, published, dead, state = families
        try:
            if self._store is None:
                self._store = Store(self._path, OutboxSettings())
            totals, subscribers = self._store.totals(), self._store.subscribers()
            dead.add_metric([], self._store.dead_count())
        except (OutboxError, OSError):
            return list(families)
        now_s = time.time()
        waits = any(one.active for one in subscribers)
        depth.add_metric([], totals.rows if waits else 0)
        size.add_metric([], totals.bytes)
        oldest_s = now_s if totals.oldest_ms is None or not waits else totals.oldest_ms / 1000
        oldest.add_metric([], max(0.0, now_s - oldest_s))
        for one in subscribers:
            published.add_metric([one.name], one.delivered)
            said = one.state if now_s - one.beat_ms / 1000 < MAX_SILENCE_S else "stopped"
            if one.active:
                for name in STATES:
                    state.add_metric([one.name, name], float(said == name))
        return list(families)

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            self._store.close()
            self._store = None


def _families() -> tuple[
    GaugeMetricFamily,
    GaugeMetricFamily,
    GaugeMetricFamily,
    CounterMetricFamily,
    GaugeMetricFamily,
    GaugeMetricFamily,
]:
    return (
        GaugeMetricFamily("sluicegate_outbox_depth", "Events that a subscriber waits for."),
        GaugeMetricFamily("sluicegate_outbox_bytes", "Bytes of events in the outbox, kept ones too."),
        GaugeMetricFamily(
            "sluicegate_outbox_oldest_seconds", "Age of the oldest event that a subscriber waits for."
        ),
        CounterMetricFamily(
            "sluicegate_events_published", "Events that reached a subscriber of the outbox.", labels=["subscriber"]
        ),
        GaugeMetricFamily("sluicegate_outbox_dead_letters", "Events that could not be delivered."),
        GaugeMetricFamily(
            "sluicegate_publisher_state", "1 for the state that a publisher is in.", labels=["subscriber", "state"]
        ),
    )
