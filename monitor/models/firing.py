"""What a model says when it fires. Whether anybody hears of it, the desk decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.types import Level, Signal, Slice


@dataclass(frozen=True, slots=True)
class Firing:
    """One test that fired."""

    slice: Slice
    signal: Signal
    detector: str
    level: Level
    chance: float
    """How likely it would fire by chance, as a p-value; 0 where it is no test but a limit that was passed."""
    observed: float
    expected: float | None
    evidence: dict[str, float]
    start_s: float
    """Event time of the first answer in the window that fired."""
    end_s: float
    events: int
    about: dict[str, str] = field(default_factory=dict)

    @property
    def is_rise(self) -> bool:
        """Whether the value is higher than it was."""
        return self.expected is None or self.observed >= self.expected
