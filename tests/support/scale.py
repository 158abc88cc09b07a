"""How large a test is: small in every run, in full behind `make soak`."""

from __future__ import annotations

import os
from typing import TypeVar

_T = TypeVar("_T", int, float)

SOAK = bool(os.environ.get("SLUICEGATE_SOAK"))
"""Whether the figures of the promises are wanted, which take minutes and a quiet machine."""


def scaled(small: _T, full: _T) -> _T:
    """Return the size for this run."""
    return full if SOAK else small
