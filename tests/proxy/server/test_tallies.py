"""Counting aside and adding later gives what counting at once gives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from proxy.server.tallies import CounterTally, FlushFirst, HistogramTally
from tests.support.scale import examples

BOUNDS = (0.0, 0.5, 1.0, 2.0)


def samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


@settings(max_examples=examples(200), deadline=None)
@given(
    values=st.lists(st.sampled_from([*BOUNDS, 0.1, 0.75, 3.0, -1.0]) | st.floats(-5, 5), max_size=30),
    flush_after=st.sets(st.integers(0, 30)),
)
def test_a_histogram_is_the_same(values: list[float], flush_after: set[int]) -> None:
    """Bounds included, however often it is flushed; a second flush adds nothing."""
    aside, once = CollectorRegistry(), CollectorRegistry()
    tally = HistogramTally(Histogram("h", "h", buckets=BOUNDS, registry=aside), BOUNDS)
    direct = Histogram("h", "h", buckets=BOUNDS, registry=once)
    for number, value in enumerate(values):
        tally.observe(value)
        direct.observe(value)
        if number in flush_after:
            tally.flush()
    tally.flush()
    tally.flush()
    got, expected = samples(aside), samples(once)
    total = ("h_sum", "")
    assert abs(got.pop(total) - expected.pop(total)) < 1e-9
    assert got == expected


def test_a_counter_is_told_once() -> None:
    """A look at the registry flushes first, and only what is new."""
    registry = CollectorRegistry()
    tallies: list[CounterTally] = []
    registry.register(FlushFirst(lambda: [tally.flush() for tally in tallies] and None))
    tally = CounterTally(Counter("c", "c", registry=registry))
    tallies.append(tally)
    tally.pending += 1
    tally.pending += 4
    assert registry.get_sample_value("c_total") == 5
    tally.pending += 2
    assert registry.get_sample_value("c_total") == 7
    assert registry.get_sample_value("c_total") == 7
