"""Streams of zeros and ones at a known rate, seeded, and intervals for what is measured on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray


def generator(*seed: int) -> Generator:
    """Return the source of chance of one run."""
    return np.random.default_rng(seed)


def gaps(chance: Generator, rate: float, answers: int) -> Iterator[int]:
    """Yield the distances between hits among `answers` answers, the first from the beginning.

    What is left at the end has no hit and is not yielded: `answers` minus the sum of the gaps.
    """
    left = answers
    while True:
        for gap in chance.geometric(rate, max(16, int(left * rate))).tolist():
            if gap > left:
                return
            left -= gap
            yield gap


def steady(chance: Generator, rate: float, answers: int) -> NDArray[np.bool_]:
    """Return answers at one rate."""
    return chance.random(answers) < rate


def poisson_interval(count: int, events: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson rate, per million events."""
    from scipy import special  # noqa: PLC0415 - half a second that tests of other parts need not wait

    low = float(special.gammaincinv(count, 0.025)) if count else 0.0
    high = float(special.gammaincinv(count + 1, 0.975))
    return 1e6 * low / events, 1e6 * high / events


def median_interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median and its 95 % interval from order statistics."""
    ordered = sorted(values)
    size = len(ordered)
    reach = 0.98 * size**0.5
    low = ordered[max(0, int(size / 2 - reach))]
    high = ordered[min(size - 1, int(size / 2 + reach))]
    middle = (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
    return middle, low, high
