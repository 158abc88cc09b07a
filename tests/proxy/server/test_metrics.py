"""Every metric, its labels, and what fills it."""

from __future__ import annotations

import asyncio

import pytest

from events.schema import Bypass, Failure, Incident
from proxy.guard.api import GuardStats
from proxy.server import metrics as module
from proxy.server.metrics import Metrics
from tests.support.gateway import until

LABELS = {
    "exchanges": ("dialect", "mode", "decision"),
    "route_exchanges": ("route", "tenant", "decision"),
    "incidents": ("rule", "category", "action"),
    "bypasses": ("detector", "reason"),
    "detector_failures": ("detector", "reason"),
    "added_latency_seconds": ("part",),
    "held_chars": (),
    "scan_seconds": ("detector",),
    "scanned_chars": ("detector",),
    "response_chars": (),
    "config_reloads": ("result",),
    "policy_warnings": (),
    "outbox_dropped": ("reason",),
    "outbox_buried": ("reason",),
    "upstream_faults": ("code",),
    "active_exchanges": (),
    "loop_lag_seconds": (),
    "scan_threads_lost": (),
    "log_lines_lost": (),
    "model_texts": ("source",),
    "model_restarts": ("reason",),
    "model_waiting": (),
    "restored": ("outcome",),
}


def filled() -> Metrics:
    """Metrics after one of everything."""
    metrics = Metrics()
    where = ("response", "text[0]", 0, 3)
    metrics.count_exchange("openai-chat", "stream", "block")
    metrics.count_route("claude", "none", "block")
    metrics.count_events([Incident("r", "d", "c", 1.0, "block", *where)])
    metrics.count_events([Bypass("d", "deadline", *where), Failure("d", "error", *where)])
    metrics.count_restored(GuardStats(restored=3, unknown_placeholders=2, not_restorable=1))
    metrics.count_reload("failed")
    metrics.set_policy_warnings(2)
    metrics.count_dropped("full", 2)
    metrics.count_buried("too_large", 1)
    metrics.count_upstream_fault("upstream_timeout")
    metrics.observe_scans({"d": 0.25}, {"d": 40})
    metrics.observe_response(20, 3.5)
    metrics.observe_latency(0.5, 0.25)
    metrics.active += 1
    metrics.set_threads_lost(2)
    metrics.models.count_texts("model", 2)
    metrics.models.count_restart("died")
    metrics.models.add_waiting(1)
    return metrics


def test_names_and_labels() -> None:
    """The table is complete: each metric has exactly these labels once it is filled."""
    found = {}
    for metric in filled().registry.collect():
        labels = {tuple(name for name in sample.labels if name != "le") for sample in metric.samples}
        assert len(labels) == 1, metric.name
        found[metric.name] = labels.pop()
    assert found == {f"sluicegate_{name}": labels for name, labels in LABELS.items()}


SAMPLES = [
    ("exchanges_total", {"dialect": "openai-chat", "mode": "stream", "decision": "block"}, 1),
    ("route_exchanges_total", {"route": "claude", "tenant": "none", "decision": "block"}, 1),
    ("incidents_total", {"rule": "r", "category": "c", "action": "block"}, 1),
    ("bypasses_total", {"detector": "d", "reason": "deadline"}, 1),
    ("detector_failures_total", {"detector": "d", "reason": "error"}, 1),
    ("restored_total", {"outcome": "restored"}, 3),
    ("restored_total", {"outcome": "unknown"}, 2),
    ("restored_total", {"outcome": "no_way_back"}, 1),
    ("config_reloads_total", {"result": "failed"}, 1),
    ("policy_warnings", {}, 2),
    ("upstream_faults_total", {"code": "upstream_timeout"}, 1),
    ("scan_seconds_sum", {"detector": "d"}, 0.25),
    ("scanned_chars_total", {"detector": "d"}, 40),
    ("response_chars_total", {}, 20),
    ("held_chars_sum", {}, 3.5),
    ("added_latency_seconds_sum", {"part": "first_byte"}, 0.5),
    ("added_latency_seconds_sum", {"part": "whole"}, 0.25),
    ("active_exchanges", {}, 1),
    ("scan_threads_lost", {}, 2),
]


@pytest.mark.parametrize(("name", "labels", "value"), SAMPLES)
def test_values(name: str, labels: dict[str, str], value: float) -> None:
    """Each call reaches its own metric."""
    assert filled().registry.get_sample_value(f"sluicegate_{name}", labels) == value


def test_latency_of_a_byte_that_never_was() -> None:
    """None is not observed as zero."""
    metrics = Metrics()
    metrics.observe_latency(None, None)
    for part in ("first_byte", "whole"):
        assert metrics.registry.get_sample_value("sluicegate_added_latency_seconds_count", {"part": part}) == 0


def test_each_has_its_own_registry() -> None:
    """Two servers in a process do not share their counts."""
    filled()
    assert Metrics().registry.get_sample_value("sluicegate_response_chars_total") == 0


async def test_loop_lag_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that stood still shows as lag."""
    monkeypatch.setattr(module, "LAG_SAMPLE_S", 0.0)
    metrics = Metrics()
    task = asyncio.ensure_future(metrics.sample_loop_lag())
    await until(lambda: metrics.registry.get_sample_value("sluicegate_loop_lag_seconds"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
