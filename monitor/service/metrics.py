"""The monitor's metrics, read from the engines when they are asked for.

Labels are of closed or bounded sets: signals, windows, and the values of dimensions that stay few. Tenants are not
among them: they are in the JSON API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitor.types import AlarmState, Dimension, Level, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

    from monitor.service.reading import Reader
    from monitor.service.runner import Runner
    from monitor.service.shares import Shares
    from monitor.types import Alarm, Rate

DIMENSIONS: Final = (Dimension.GLOBAL, Dimension.MODEL, Dimension.POLICY, Dimension.CATEGORY)
WINDOWS: Final = ("5m", "1h")
MAX_VALUES: Final = 50
"""Values of one dimension that get labels: those with most answers."""
STATES: Final = ("starting", "reading", "standby", "caught_up", "failed", "stopped")
_P: Final = "sluicegate_monitor_"


class MonitorCollector(Collector):
    """Reads the engines at every scrape."""

    def __init__(self, reader: Reader, runner: Runner, shares: Shares) -> None:
        self._reader = reader
        self._runner = runner
        self._shares = shares

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without values."""
        return [*_rate_families(), _alarm_family(), *_record_families(), *_own_families()]

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        return [*self._rates(), self._alarms(), *self._records(), *self._own()]

    def _rates(self) -> list[Metric]:
        events, responses = _rate_families()
        for dimension in DIMENSIONS:
            rates = [rate for rate in self._reader.rates(dimension, None) if rate.window in WINDOWS]
            for rate in _largest(rates):
                labels = [dimension.value, rate.slice.value, rate.window]
                events.add_metric([rate.signal.value, *labels], rate.count)
                if rate.signal is Signal.INCIDENTS:
                    responses.add_metric(labels, rate.responses)
        return [events, responses]

    def _alarms(self) -> Metric:
        family = _alarm_family()
        open_states = frozenset({AlarmState.OPEN, AlarmState.ACKNOWLEDGED})
        counts: dict[tuple[str, str, str], int] = {}
        for alarm in self._reader.alarms(open_states):
            key = (_level_of(alarm), alarm.state.value, alarm.signal.value)
            counts[key] = counts.get(key, 0) + 1
        for level in Level:
            counts.setdefault((level.value, AlarmState.OPEN.value, Signal.INCIDENTS.value), 0)
        for labels, count in sorted(counts.items()):
            family.add_metric(list(labels), count)
        return family

    def _records(self) -> list[Metric]:
        outcomes, refused = _record_families()
        totals = self._reader.totals()
        for outcome in ("counted", "duplicates", "late", "future", "behind"):
            outcomes.add_metric([outcome], getattr(totals, outcome))
        with self._shares.lock:
            here = list(self._shares.by_name.values())
        outcomes.add_metric(["ahead"], sum(share.numbers.ahead for share in here))
        for reason, count in sorted(totals.refused.items()):
            refused.add_metric([reason], count)
        return [outcomes, refused]

    def _own(self) -> list[Metric]:
        state, lag, failures, slices, shares, told, kept = _own_families()
        runner = self._runner
        for name in STATES:
            state.add_metric([name], name == runner.state)
        lag.add_metric([], runner.lag)
        failures.add_metric([], runner.failures)
        slices.add_metric([], len(self._reader.slices()))
        with self._shares.lock:
            here = list(self._shares.by_name.values())
            shares.add_metric([], len(here))
            told.add_metric([], sum(share.numbers.told for share in here))
            for share in here:
                kept.add_metric([share.name], share.numbers.checkpointed_s)
        return [state, lag, failures, slices, shares, told, kept]


def _level_of(alarm: Alarm) -> str:
    """Return an alarm's level; one that another explains asks nobody for attention."""
    return alarm.level.value if alarm.explained_by is None else Level.INFO.value


def _largest(rates: list[Rate]) -> list[Rate]:
    """Return the rates of the slices with most answers."""
    sizes: dict[str, int] = {}
    for rate in rates:
        sizes[rate.slice.value] = max(rate.responses, sizes.get(rate.slice.value, 0))
    kept = set(sorted(sizes, key=lambda value: (-sizes[value], value))[:MAX_VALUES])
    return [rate for rate in rates if rate.slice.value in kept]


def _rate_families() -> list[GaugeMetricFamily]:
    place = ["dimension", "value", "window"]
    return [
        GaugeMetricFamily(
            f"{_P}events", "Answers with a signal, in a window of event time.", labels=["signal", *place]
        ),
        GaugeMetricFamily(f"{_P}responses", "Answers in a window of time.", labels=place),
    ]


def _alarm_family() -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_P}alarms", "Alarms that are not closed.", labels=["level", "state", "signal"])


def _record_families() -> list[CounterMetricFamily]:
    return [
        CounterMetricFamily(f"{_P}records", "Records, by what became of them.", labels=["outcome"]),
        CounterMetricFamily(f"{_P}refused", "Events that were no records.", labels=["reason"]),
    ]


def _own_families() -> list[GaugeMetricFamily | CounterMetricFamily]:
    return [
        GaugeMetricFamily(f"{_P}state", "1 for the state that the monitor is in.", labels=["state"]),
        GaugeMetricFamily(f"{_P}lag_records", "Records that wait in the topics."),
        CounterMetricFamily(f"{_P}failures", "Times that it had to begin anew from its checkpoint."),
        GaugeMetricFamily(f"{_P}slices", "Live slices."),
        GaugeMetricFamily(f"{_P}shares", "Shares of the topics that are read here."),
        CounterMetricFamily(f"{_P}told", "Changes of alarms that were told."),
        GaugeMetricFamily(
            f"{_P}checkpoint_timestamp_seconds", "Time of the engine at its checkpoint.", labels=["share"]
        ),
    ]
