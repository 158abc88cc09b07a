"""Intervals and tests against known values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitor.models.intervals import (
    beta_interval,
    chi_square_tail,
    discoveries,
    poisson_at_least,
    poisson_at_most,
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
    assert chi_square_tail(5.0, 0) == 1.0
    assert discoveries({}, 0.05) == []


def test_tails_are_scipys() -> None:
    assert poisson_at_most(2, 10.0) == pytest.approx(stats.poisson.cdf(2, 10.0))
    assert poisson_at_least(3, 1.5) == pytest.approx(stats.poisson.sf(2, 1.5))
    assert chi_square_tail(9.2, 3) == pytest.approx(stats.chi2.sf(9.2, 3))
    assert beta_interval(8, 2) == pytest.approx(stats.beta.interval(0.9, 9, 3))


def test_benjamini_and_hochbergs_own_example() -> None:
    """Their paper of 1995, section 3.1: 15 p-values, at 0.05 the four smallest."""
    values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
              0.6528, 0.7590, 1.0]  # fmt: skip
    assert discoveries(dict(enumerate(values)), 0.05) == [0, 1, 2, 3]
