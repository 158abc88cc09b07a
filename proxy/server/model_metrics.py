"""The metrics of models: `sluicegate_model_*`. Counted where models are asked, in whichever thread that is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class ModelMetrics:
    """What `proxy.server.model_lane.ModelWatch` asks for, in a registry. Labels are fixed words."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._texts = Counter(
            "sluicegate_model_texts",
            "Texts that were scored, by the model or the cache.",
            ("source",),
            registry=registry,
        )
        self._restarts = Counter(
            "sluicegate_model_restarts",
            "Processes of models that were lost, by reason.",
            ("reason",),
            registry=registry,
        )
        self._waiting = Gauge(
            "sluicegate_model_waiting",
            "Windows that wait for a model.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def count_texts(self, source: str, texts: int) -> None:
        """Count texts that were answered by the `model` or from the `cache`."""
        self._texts.labels(source).inc(texts)

    def count_restart(self, reason: str) -> None:
        """Count the loss of a model's process: died, hung, load or config."""
        self._restarts.labels(reason).inc()

    def add_waiting(self, change: int) -> None:
        """Count windows that wait."""
        self._waiting.inc(change)
