"""Intervals and tests for counts, from SciPy's distributions. Pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

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


def poisson_at_least(count: int, expected: float) -> float:
    """Return the chance of `count` or more where `expected` are expected."""
    if count <= 0:
        return 1.0
    return float(special.pdtrc(count - 1, expected)) if expected > 0 else 0.0


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Return the chance of a chi-square statistic at least as large."""
    return float(special.chdtrc(freedom, statistic)) if freedom > 0 else 1.0


def discoveries(chances: Mapping[_K, float], rate: float) -> list[_K]:
    """Return what Benjamini and Hochberg call discoveries among p-values, so that `rate` of them are false."""
    ordered = sorted(chances, key=lambda name: chances[name])
    last = 0
    for place, name in enumerate(ordered, start=1):
        if chances[name] <= rate * place / len(ordered):
            last = place
    return ordered[:last]
