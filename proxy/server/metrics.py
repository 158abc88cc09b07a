"""Every metric of the proxy (docs/contract: names begin with `sluicegate_`), and how an exchange fills them.

Labels come from closed sets: dialects, modes, decisions, detectors and rules of the policy. Nothing a peer sends
becomes a label.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from proxy.server.logs import SafeLogger
from proxy.server.model_metrics import ModelMetrics
from proxy.server.tallies import CounterTally, FlushFirst, HistogramTally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from events.schema import Bypass, Failure, Incident
    from proxy.guard.api import GuardStats

LAG_SAMPLE_S: Final = 0.25
_LATENCY_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SCAN_BUCKETS: Final = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)
_CHAR_BUCKETS: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)


class Metrics:
    """The metrics of one process, in their own registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self.registry.register(FlushFirst(self.flush))
        self._exchanges = self._counter(
            "exchanges", "Exchanges by dialect, mode (stream, whole) and decision.", ("dialect", "mode", "decision")
        )
        self._routes = self._counter(
            "route_exchanges", "Exchanges by route, tenant and decision.", ("route", "tenant", "decision")
        )
        self._incidents = self._counter(
            "incidents", "Findings that a rule acted on.", ("rule", "category", "action")
        )
        self._bypasses = self._counter(
            "bypasses", "Texts that went on unjudged because on_error allows it.", ("detector", "reason")
        )
        self._failures = self._counter(
            "detector_failures", "Texts stopped because a detector could not judge.", ("detector", "reason")
        )
        self._added = self._histogram(
            "added_latency_seconds",
            "Time the proxy itself added: to the first byte, and after the last byte.",
            _LATENCY_BUCKETS,
            ("part",),
        )
        self._held = self._histogram("held_chars", "Mean characters held after each frame.", _CHAR_BUCKETS)
        self._scan = self._histogram(
            "scan_seconds", "Time a detector worked for one exchange.", _SCAN_BUCKETS, ("detector",)
        )
        self._scanned = self._counter(
            "scanned_chars", "Characters shown to a detector, context not counted.", ("detector",)
        )
        self._response_chars = self._counter("response_chars", "Characters of text received from the upstream.")
        self._reloads = self._counter("config_reloads", "Policy reloads by result.", ("result",))
        self._upstream_faults = self._counter("upstream_faults", "Upstream faults by code.", ("code",))
        self._active = self._gauge("active_exchanges", "Exchanges under way.")
        self._lag = self._gauge("loop_lag_seconds", "How late the event loop ran its last timer.", "livemax")
        self._threads_lost = self._gauge("scan_threads_lost", "Scan threads hanging past their deadline.")
        self._log_lines_lost = self._counter("log_lines_lost", "Lines of the log that could not be written.")
        self._start_parts()
        self._start_tallies()

    def _start_parts(self) -> None:
        self.models = ModelMetrics(self.registry)
        self._policy_warnings = self._gauge(
            "policy_warnings", "What had better be changed in the policies in force.", "livemax"
        )
        self._restored = self._counter(
            "restored", "Values of requests and placeholders in answers, by what became of them.", ("outcome",)
        )
        self._dropped = self._counter("outbox_dropped", "Events that were not kept, by reason.", ("reason",))
        self._buried = self._counter(
            "outbox_buried", "Events that could not be built, kept as dead letters, by reason.", ("reason",)
        )

    def _start_tallies(self) -> None:
        """Prepare to count aside what every exchange counts."""
        self.active = 0
        """Exchanges under way."""
        self._tallies: list[CounterTally | HistogramTally] = []
        self._counters: dict[tuple[str, ...], CounterTally] = {}
        self._scanned_by: dict[str, CounterTally] = {}
        self._scans: dict[str, HistogramTally] = {}
        self._added_first = self._tally(self._added.labels("first_byte"), _LATENCY_BUCKETS)
        self._added_whole = self._tally(self._added.labels("whole"), _LATENCY_BUCKETS)
        self._held_chars = self._tally(self._held, _CHAR_BUCKETS)
        self._chars = self._counted(self._response_chars)

    def count_exchange(self, dialect: str, mode: str, decision: str) -> None:
        """Count a finished exchange."""
        self._count(self._exchanges, dialect, mode, decision)

    def count_route(self, route: str, tenant: str, decision: str) -> None:
        """Count a finished exchange by its way. Both names are the configuration's."""
        self._count(self._routes, route, tenant, decision)

    def count_events(self, events: Sequence[Incident | Bypass | Failure]) -> None:
        """Count what a guard reported."""
        for event in events:
            match type(event).__name__:
                case "Incident":
                    self._count(self._incidents, event.rule, event.category, event.action)  # type: ignore[union-attr]
                case "Bypass":
                    self._count(self._bypasses, event.detector, event.reason)  # type: ignore[union-attr]
                case _:
                    self._count(self._failures, event.detector, event.reason)  # type: ignore[union-attr]

    def count_restored(self, stats: GuardStats) -> None:
        """Count what became of the values and placeholders of a message."""
        self._count(self._restored, "restored", count=stats.restored)
        self._count(self._restored, "unknown", count=stats.unknown_placeholders)
        self._count(self._restored, "no_way_back", count=stats.not_restorable)

    def count_reload(self, result: str) -> None:
        """Count a reload: `changed`, `unchanged` or `failed`."""
        self._count(self._reloads, result)

    def set_policy_warnings(self, count: int) -> None:
        """Note how many warnings there are of the policies in force."""
        self._policy_warnings.set(count)

    def count_dropped(self, reason: str, events: int) -> None:
        """Count events that the outbox did not keep, whatever came of their exchange. From any thread."""
        self._dropped.labels(reason).inc(events)

    def count_buried(self, reason: str, events: int) -> None:
        """Count events that became dead letters before they were in the outbox. From any thread."""
        self._buried.labels(reason).inc(events)

    def count_upstream_fault(self, code: str) -> None:
        """Count a fault of the upstream."""
        self._count(self._upstream_faults, code)

    def observe_scans(self, seconds: Mapping[str, float], chars: Mapping[str, int]) -> None:
        """Record the detectors' work for one exchange."""
        for detector, spent_s in seconds.items():
            tally = self._scans.get(detector)
            if tally is None:
                tally = self._scans[detector] = self._tally(self._scan.labels(detector), _SCAN_BUCKETS)
            tally.observe(spent_s)
        known = self._scanned_by
        for detector, count in chars.items():
            if detector not in known:
                known[detector] = self._counted(self._scanned, detector)
            known[detector].pending += count

    def observe_response(self, text_chars: int, held_chars_mean: float) -> None:
        """Record a guarded response."""
        self._chars.pending += text_chars
        self._held_chars.observe(held_chars_mean)

    def observe_latency(self, first_byte_s: float | None, whole_s: float | None) -> None:
        """Record the time that the proxy added; None where there was no such byte."""
        if first_byte_s is not None:
            self._added_first.observe(first_byte_s)
        if whole_s is not None:
            self._added_whole.observe(whole_s)

    def set_threads_lost(self, count: int) -> None:
        """Record how many scan threads hang."""
        self._threads_lost.set(count)

    async def sample_loop_lag(self) -> None:
        """Measure the event loop's lag until cancelled, and let others read what was counted."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                due = loop.time() + LAG_SAMPLE_S
                await asyncio.sleep(LAG_SAMPLE_S)
                self._lag.set(max(0.0, loop.time() - due))
                self.flush()
        finally:
            self.flush()

    def flush(self) -> None:
        """Add what was counted since the last time. Every look at the registry does it first."""
        self._active.set(self.active)
        self._count(self._log_lines_lost, count=SafeLogger.take_lost())
        for tally in self._tallies:
            tally.flush()

    def _count(self, metric: Counter, *labels: str, count: int = 1) -> None:
        key = (metric._name, *labels)  # noqa: SLF001 - the library offers no public name
        tally = self._counters.get(key)
        if tally is None:
            tally = self._counters[key] = self._counted(metric, *labels)
        tally.pending += count

    def _counted(self, metric: Counter, *labels: str) -> CounterTally:
        tally = CounterTally(metric.labels(*labels) if labels else metric)
        self._tallies.append(tally)
        return tally

    def _tally(self, histogram: Histogram, bounds: tuple[float, ...]) -> HistogramTally:
        tally = HistogramTally(histogram, bounds)
        self._tallies.append(tally)
        return tally

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"sluicegate_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, mode: str = "livesum") -> Gauge:
        return Gauge(f"sluicegate_{name}", text, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()
    ) -> Histogram:
        return Histogram(f"sluicegate_{name}", text, labels, registry=self.registry, buckets=buckets)
