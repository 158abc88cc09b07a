"""Streams are what they say, and the same for the same seed."""

from __future__ import annotations

import pytest

from benchmarks.monitor.streams import gaps, generator, median_interval, poisson_interval, steady


def test_gaps_have_the_rate_and_end_where_they_should() -> None:
    distances = list(gaps(generator(1), 0.02, 100_000))
    assert len(distances) == pytest.approx(2000, rel=0.1)
    assert 99_000 < sum(distances) <= 100_000
    assert distances == list(gaps(generator(1), 0.02, 100_000))


def test_steady_answers_have_their_rate() -> None:
    assert steady(generator(1), 0.1, 50_000).mean() == pytest.approx(0.1, rel=0.05)


def test_intervals() -> None:
    assert poisson_interval(0, 1e6) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(10, 1e6) == pytest.approx((4.795, 18.39), abs=1e-2)
    middle, low, high = median_interval([float(n) for n in range(101)])
    assert middle == 50.0
    assert 38 <= low < 50 < high <= 62
