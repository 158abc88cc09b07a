"""What rounds add up to."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import Round, Series, Target, quantile


def a_round(rate: float, first: float = 1.0, failed: int = 0, rss_mb: float = 10.0) -> Round:
    """Return a round that saw this."""
    return Round(rate, 1e6 / rate, 1.0, (first, 2 * first), (first, first), (20.0, 21.0), failed, rss_mb)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_quantile_lies_among_the_values(values: list[float], share: float) -> None:
    """A quantile is never outside the values, and its ends are theirs."""
    assert min(values) <= quantile(values, 0.0) <= quantile(values, 1.0) <= max(values)
    assert min(values) - 1e-6 <= quantile(values, share) <= max(values) + 1e-6


def test_quantile_between_neighbours() -> None:
    """Between two values it goes in proportion; of nothing it is not a number."""
    assert quantile([1.0, 2.0, 4.0], 0.75) == 3.0
    assert math.isnan(quantile([], 0.5))


def test_ratios_are_of_the_same_round() -> None:
    """A slow hour that meets both parties leaves the ratio as it is."""
    series = Series()
    for speed in (1.0, 0.1, 2.0):
        series.add("peer", a_round(1000 * speed, first=1.0, rss_mb=7.0))
        series.add("ours", a_round(600 * speed, first=1.5, failed=1))
    assert series.rate_ratio("ours", "peer") == pytest.approx(0.6)
    assert series.added_ms("first", "ours", "peer") == pytest.approx((0.5, 1.0))
    assert (series.failed("ours"), series.rss_mb("peer")) == (3, 7.0)


@pytest.mark.parametrize(
    ("target", "holds"),
    [
        (Target("a", 0.5, 0.5, at_least=True), True),
        (Target("a", 0.5, 0.49, at_least=True), False),
        (Target("a", 4.0, 4.0), True),
        (Target("a", 4.0, 4.1), False),
        (Target("a", 4.0, float("nan")), False),
        (Target("a", 0.5, float("nan"), at_least=True), False),
    ],
)
def test_targets(target: Target, holds: bool) -> None:
    """A promise holds at its limit, and not when nothing was measured."""
    assert target.holds is holds
