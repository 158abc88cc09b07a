"""Which slice is part of which: when the whole changed, its parts changed with it and need no alarm of their own.

A part that changed much more than the whole is not explained by it: it is the cause.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from monitor.types import Alarm, Dimension, Slice

if TYPE_CHECKING:
    from monitor.models.firing import Firing

MOST: Final = 0.5
"""Share of a part's answers that must be in the whole."""
MORE: Final = 1.5
"""A part whose ratio is this many times the whole's is a cause."""

RANKS: Final = {
    Dimension.GLOBAL: 0,
    Dimension.POLICY: 1,
    Dimension.MODEL: 1,
    Dimension.ROUTE: 1,
    Dimension.CATEGORY: 2,
    Dimension.TENANT: 2,
}

Kinship = Callable[[Slice, Slice], float]
"""Gives the share of the first one's answers that are in the second one too."""


def explains(parent: Alarm, child: Alarm | Firing, kinship: Kinship) -> bool:
    """Whether an alarm of one slice explains another's."""
    if RANKS[parent.slice.dimension] >= RANKS[child.slice.dimension] or parent.about != child.about:
        return False
    if (_ratio(parent) >= 1) != (_ratio(child) >= 1):
        return False
    high, low = max(_ratio(child), 1 / _ratio(child)), max(_ratio(parent), 1 / _ratio(parent))
    if high > MORE * low:
        return False
    return parent.slice.dimension is Dimension.GLOBAL or kinship(child.slice, parent.slice) >= MOST


def _ratio(one: Alarm | Firing) -> float:
    if not one.expected:
        return 1.0
    return max(1e-6, one.observed / one.expected)
