"""Which alarm explains which: when the whole changed, its parts changed with it and need no alarm of their own.

A part that changed much more than the whole is not explained by it: it is the cause. And within one slice, more
incidents make more of what incidents are counted in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.types import COUNTED, Alarm, Dimension, Level, Signal, Slice

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

CONSEQUENCES: Final = {
    Signal.INCIDENTS: frozenset({Signal.INCIDENTS, Signal.HARMFUL_COMPLIANCE, Signal.BLOCKS, Signal.SCORES}),
    Signal.REFUSALS: frozenset({Signal.REFUSALS, Signal.OVER_REFUSALS}),
}
"""What moves when a signal does; every other signal is a consequence of itself alone."""


@dataclass(frozen=True, slots=True)
class Kinship:
    """What the desk has to know of slices."""

    share_in: Callable[[Slice, Slice], float]
    """Share of the first one's answers that are in the second one too."""
    share_now: Callable[[Slice, Signal], float | None]
    """Share of a slice's last answers that show a signal; None where there are too few. A change that grows is
    judged by what it is now, not by what it was when its alarm opened."""


def explains(parent: Alarm, child: Alarm | Firing, kinship: Kinship) -> bool:
    """Whether an alarm explains another."""
    if child.signal not in CONSEQUENCES.get(parent.signal, {parent.signal}):
        return False
    if parent.level is Level.INFO or parent.about != child.about or (_ratio(parent) >= 1) != (_ratio(child) >= 1):
        return False
    if parent.slice == child.slice:
        return parent.signal is not child.signal
    if RANKS[parent.slice.dimension] >= RANKS[child.slice.dimension] or _is_cause(parent, child, kinship):
        return False
    return parent.slice.dimension is Dimension.GLOBAL or kinship.share_in(child.slice, parent.slice) >= MOST


def _is_cause(parent: Alarm, child: Alarm | Firing, kinship: Kinship) -> bool:
    """Whether a part changed much more than the whole did."""
    if child.signal not in COUNTED:
        return False
    whole = _size(_ratio(parent))
    now = kinship.share_now(parent.slice, parent.signal)
    if now is not None and parent.expected:
        whole = max(whole, _size(max(1e-6, now / parent.expected)))
    return _size(_ratio(child)) > MORE * whole


def _size(ratio: float) -> float:
    """Return how large a change is, whichever way it went."""
    return max(ratio, 1 / ratio)


def _ratio(one: Alarm | Firing) -> float:
    if not one.expected:
        return 1.0
    return max(1e-6, one.observed / one.expected)
