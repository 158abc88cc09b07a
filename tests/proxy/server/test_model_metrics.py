"""What models do, as Prometheus sees it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from proxy.server.model_metrics import ModelMetrics


def test_texts_losses_and_what_waits_are_counted() -> None:
    """Each under its name, by fixed words."""
    registry = CollectorRegistry()
    metrics = ModelMetrics(registry)
    metrics.count_texts("model", 3)
    metrics.count_texts("cache", 2)
    metrics.count_restart("died")
    metrics.add_waiting(5)
    metrics.add_waiting(-1)
    wanted = [
        ("texts_total", {"source": "model"}, 3),
        ("texts_total", {"source": "cache"}, 2),
        ("restarts_total", {"reason": "died"}, 1),
        ("waiting", {}, 4),
    ]
    for name, labels, value in wanted:
        assert registry.get_sample_value(f"sluicegate_model_{name}", labels) == value
