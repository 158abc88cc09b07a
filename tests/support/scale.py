"""How large a test is: small in every run, in full behind `make soak`, with many more examples in `make fuzz`."""

from __future__ import annotations

import os
from typing import TypeVar

_T = TypeVar("_T", int, float)

SOAK = bool(os.environ.get("SLUICEGATE_SOAK"))
"""Whether the figures of the promises are wanted, which take minutes and a quiet machine."""

FUZZ = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 1
"""How many times as many examples a property gets. A number of its own overrides that of Hypothesis' profile."""


def examples(count: int) -> int:
    """Return how many examples a property that must have so many in every run gets in this one."""
    return count * FUZZ


def scaled(small: _T, full: _T) -> _T:
    """Return the size for this run."""
    return full if SOAK else small
