"""Intervals and tests for counts, from SciPy's distributions. Pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Mapping

_K = TypeVar("_K")

Z95: Final = 1.959963984540054


def wilson(count: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson interval of a share, 95 % unless said otherwise; (0, 1) for nothing.

    A count above the total, as of two rings that do not reach equally far back, is taken for all of it.
    """
    if total <= 0:
        return 0.0, 1.0
    count = min(count, total)
    share, square = count / total, z * z
    middle = share + square / (2 * total)
    reach = z * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    low = 0.0 if count == 0 else max(0.0, (middle - reach) / scale)
    high = 1.0 if count == total else min(1.0, (middle + reach) / scale)
    return low, high


def beta_interval(right: float, wrong: float, level: float = 0.9) -> tuple[float, float]:
    """Return the interval of a share under Beta(1 + right, 1 + wrong)."""
    side = (1 - level) / 2
    return (
        float(special.betaincinv(1 + right, 1 + wrong, side)),
        float(special.betaincinv(1 + right, 1 + wrong, 1 - side)),
    )


def poisson_at_most(count: int, expected: float) -> float:
    """Return the chance of `count` or fewer where `expected` are expected."""
    return float(special.pdtr(count, expected)) if expected > 0 else 1.0


def counts_at_most(count: int, expected: float, dispersion: float) -> float:
    """Return the chance of `count` or fewer where the variance is `dispersion` times what is expected.

    It is the negative binomial of that mean and variance; with a dispersion of 1 or less, Poisson's.
    """
    if dispersion <= 1.0 or expected <= 0.0:
        return poisson_at_most(count, expected)
    return float(special.betainc(expected / (dispersion - 1.0), count + 1.0, 1.0 / dispersion))


def poisson_at_least(count: int, expected: float) -> float:
    """Return the chance of `count` or more where `expected` are expected."""
    if count <= 0:
        return 1.0
    return float(special.pdtrc(count - 1, expected)) if expected > 0 else 0.0


def log_shares_differ(count: float, total: float, other: float, other_total: float) -> float:
    """Return the logarithm of the chance that two shares of one size differ so much, either way.

    It is Fisher's exact test, one-sided times two, so that no count is too small for it. Its tail is that of the
    beta-binomial under Beta(other + 1, rest), as Altham found (Journal of the Royal Statistical Society B 31,
    1969, 261-269), which also takes an `other` that faded and is no whole number.
    """
    if count * other_total < other * total:
        count, other = total - count, other_total - other
    rest = other_total - other
    if rest <= 0.0 or count <= 0.0:
        return 0.0
    k = np.arange(count, total + 0.5)
    terms = (
        special.gammaln(total + 1.0) - special.gammaln(k + 1.0) - special.gammaln(total - k + 1.0)
        + special.betaln(k + other + 1.0, total - k + rest) - special.betaln(other + 1.0, rest)
    )  # fmt: skip
    return min(0.0, float(special.logsumexp(terms)) + math.log(2.0))


def log_widened(log_chance: float, dispersion: float) -> float:
    """Return the logarithm of a two-sided chance where the variance is `dispersion` times what the test takes.

    Quasi-likelihood: standard errors are wider by its root (McCullagh and Nelder, Generalized Linear Models, 1989,
    section 4.5).
    """
    if dispersion <= 1.0:
        return log_chance
    z = float(special.ndtri_exp(log_chance - math.log(2.0))) / math.sqrt(dispersion)
    return min(0.0, float(special.log_ndtr(z)) + math.log(2.0))


def two_sample_chi_square(counts: Mapping[str, float], others: Mapping[str, float]) -> tuple[float, int]:
    """Return Pearson's statistic of two samples over the same kinds, and its degrees of freedom."""
    total, other_total = sum(counts.values()), sum(others.values())
    kinds = [name for name in sorted({*counts, *others}) if counts.get(name, 0) + others.get(name, 0) > 0]
    if total <= 0 or other_total <= 0:
        return 0.0, 0
    scale = math.sqrt(other_total / total)
    statistic = sum(
        (scale * counts.get(name, 0) - others.get(name, 0) / scale) ** 2
        / (counts.get(name, 0) + others.get(name, 0))
        for name in kinds
    )
    return statistic, len(kinds) - 1


def discoveries(chances: Mapping[_K, float], rate: float) -> list[_K]:
    """Return what Benjamini and Hochberg call discoveries among p-values, so that `rate` of them are false."""
    ordered = sorted(chances, key=lambda name: chances[name])
    last = 0
    for place, name in enumerate(ordered, start=1):
        if chances[name] <= rate * place / len(ordered):
            last = place
    return ordered[:last]
