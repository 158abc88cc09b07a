"""How much counts vary is learned, a change is not taken for it, and a likelihood ratio is worth what it should."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models.dispersion import LAG, Dispersion, HitWindows, power


def visits(windows: HitWindows, chance: random.Random, rate: float, size: int, minutes: range) -> None:
    """Give windows hits that come `size` at a time, `rate` a second in the mean, an answer a second."""
    time_s, end_s = 60.0 * minutes.start, 60.0 * minutes.stop
    while (gap_s := chance.expovariate(rate / size)) and time_s + gap_s < end_s:
        windows.add(0.0, gap_s)
        time_s += gap_s
        for _ in range(size):
            windows.turn(time_s, rate * time_s, time_s)
            windows.add(1.0, 0.0)


@pytest.mark.parametrize(("size", "low", "high"), [(1, 1.0, 1.25), (2, 1.6, 2.4), (4, 3.0, 5.0)])
def test_hits_that_come_in_groups_vary_as_many_times_as_much(size: int, low: float, high: float) -> None:
    windows = HitWindows()
    visits(windows, random.Random(1), 0.05, size, range(10_000))
    assert low <= windows.dispersion <= high


def test_windows_that_a_change_shows_in_do_not_count() -> None:
    windows, chance = HitWindows(), random.Random(2)
    visits(windows, chance, 0.05, 1, range(2000))
    before = windows.dispersion
    for minute in range(2000, 2000 + 10 * LAG):  # the rate is three times as high, and the baseline what it was
        windows.add(0.0, 60.0)
        for _ in range(9):
            windows.turn(60.0 * minute, 0.05 * 120_000 + windows._hits, 120_000.0 + windows._exposure)
            windows.add(1.0, 0.0)
    windows.forget()
    assert windows.dispersion == pytest.approx(before, abs=0.2)
    visits(windows, chance, 0.05, 1, range(3000, 3060))
    assert windows.dispersion == pytest.approx(before, abs=0.2)


def test_nothing_is_compared_before_the_rate_is_known() -> None:
    windows = HitWindows()
    for hit in range(20):
        assert not windows.turn(1000.0 * hit, float(hit), 1000.0 * hit)
        windows.add(1.0, 1000.0)
    assert windows.dispersion == 1.0


def test_one_comparison_says_no_more_than_its_cap() -> None:
    dispersion = Dispersion(5.0)
    dispersion.learn(1e9, 1.0)
    assert dispersion.value == pytest.approx(25.0 / 21.0)


@given(st.floats(1.01, 20.0), st.sampled_from([1.6, 2.5, 5.0, 12.0, 1 / 1.6, 1 / 2.5, 1 / 6.0]))
def test_a_likelihood_ratio_has_a_mean_of_one(dispersion: float, ratio: float) -> None:
    """Summed over the negative binomial of mean 3, written down another way."""
    mean, worth = 3.0, power(ratio, dispersion)
    assert 0.0 < worth < 1.0
    size, log_stop = mean / (dispersion - 1.0), math.log1p(-1.0 / dispersion)
    total = 0.0
    for hits in range(6000):
        log_chance = math.lgamma(hits + size) - math.lgamma(size) - math.lgamma(hits + 1.0)
        log_chance += hits * log_stop - size * math.log(dispersion)
        total += math.exp(log_chance + worth * (hits * math.log(ratio) - (ratio - 1.0) * mean))
    assert total == pytest.approx(1.0, abs=2e-3)


def test_where_hits_are_independent_a_likelihood_ratio_is_worth_itself() -> None:
    assert power(5.0, 1.0) == 1.0
    assert power(5.0, 1.0 + 1e-6) == pytest.approx(1.0, abs=1e-4)
