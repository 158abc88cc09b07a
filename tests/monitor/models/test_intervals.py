"""Intervals and tests against known values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitor.models.intervals import (
    beta_interval,
    counts_at_most,
    discoveries,
    log_shares_differ,
    log_widened,
    poisson_at_least,
    poisson_at_most,
    two_sample_chi_square,
    wilson,
)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_is_scipys(count: int, extra: int) -> None:
    total = count + extra
    theirs = stats.binomtest(count, total).proportion_ci(method="wilson")
    assert wilson(count, total) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert poisson_at_most(0, 0.0) == poisson_at_least(0, 3.0) == 1.0
    assert poisson_at_least(1, 0.0) == 0.0
    assert discoveries({}, 0.05) == []


def test_tails_are_scipys() -> None:
    assert poisson_at_most(2, 10.0) == pytest.approx(stats.poisson.cdf(2, 10.0))
    assert poisson_at_least(3, 1.5) == pytest.approx(stats.poisson.sf(2, 1.5))
    assert beta_interval(8, 2) == pytest.approx(stats.beta.interval(0.9, 9, 3))


def test_counts_that_vary_more_are_negative_binomial() -> None:
    """Of mean 12 and variance 36, as SciPy's has it; a dispersion of 1 is Poisson's."""
    assert counts_at_most(4, 12.0, 3.0) == pytest.approx(stats.nbinom.cdf(4, 6, 1 / 3))
    assert counts_at_most(4, 12.0, 1.0) == poisson_at_most(4, 12.0)


def test_benjamini_and_hochbergs_own_example() -> None:
    """Their paper of 1995, section 3.1: 15 p-values, at 0.05 the four smallest."""
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
              0.6528, 0.7590, 1.0]  # fmt: skip
    assert discoveries(dict(enumerate(values)), 0.05) == [0, 1, 2, 3]


@given(st.integers(0, 80), st.integers(1, 80), st.integers(0, 400), st.integers(1, 400))
def test_shares_differ_as_fishers_exact_test_says(count: int, rest: int, other: int, other_rest: int) -> None:
    total, other_total = count + rest, other + other_rest
    table = stats.hypergeom(total + other_total, count + other, total)
    is_more = count * other_total >= other * total
    tail = table.sf(count - 1) if is_more else table.cdf(count)
    assert math.exp(log_shares_differ(count, total, other, other_total)) == pytest.approx(
        min(1.0, 2 * tail), rel=1e-6
    )


def test_a_share_of_all_or_nothing_differs_from_the_same_by_chance() -> None:
    assert log_shares_differ(5, 5, 9, 9) == log_shares_differ(0, 5, 0, 9) == 0.0


def test_a_chance_where_the_variance_is_larger_is_that_of_a_smaller_z() -> None:
    for z, dispersion in ((4.0, 4.0), (30.0, 9.0), (3.0, 1.0)):
        wide = log_widened(float(stats.norm.logsf(z)) + math.log(2.0), dispersion)
        assert wide == pytest.approx(float(stats.norm.logsf(z / dispersion**0.5)) + math.log(2.0), rel=1e-9)


def test_two_samples_over_kinds_are_scipys() -> None:
    statistic, freedom = two_sample_chi_square({"a": 12, "b": 5, "c": 0}, {"a": 40.0, "b": 30.0, "d": 9.0})
    theirs = stats.chi2_contingency([[12, 5, 0], [40, 30, 9]])
    assert (statistic, freedom) == (pytest.approx(theirs.statistic), theirs.dof)
    assert two_sample_chi_square({"a": 3}, {}) == (0.0, 0)
