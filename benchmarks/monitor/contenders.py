"""What is compared: our rate mixture, what the monitor makes of it, and each of River's detectors alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM, EDDM, FHDDM, HDDMA, HDDMW

from monitor.models.changes import ShareWatch
from monitor.settings import DriftSettings
from monitor.types import WHOLE, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS_PER_FALSE_ALARM: Final = 10_000_000.0


class Contender(Protocol):
    """Takes answers one by one, and says when it fires."""

    def take(self, is_hit: bool) -> bool:
        """Return whether it fires at this answer."""


class Alone:
    """One of River's detectors, with nothing beside it."""

    def __init__(self, detector: Any) -> None:  # noqa: ANN401 - River has no one base for all of them
        self._detector = detector

    def take(self, is_hit: bool) -> bool:
        """Return whether it fires at this answer."""
        self._detector.update(is_hit)
        return bool(self._detector.drift_detected)


class Monitor:
    """What the monitor has for a rate: the mixture and both ADWINs, and the least change that counts."""

    def __init__(self) -> None:
        self._watch = ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings())
        self._time_s = 0.0

    def take(self, is_hit: bool) -> bool:
        """Return whether one of its tests fires at this answer."""
        self._time_s += 1.0
        return bool(self._watch.observe(is_hit, self._time_s))


ALONE: Final[dict[str, Callable[[], Contender]]] = {
    "ADWIN, delta 0.002": lambda: Alone(ADWIN(delta=0.002)),
    "ADWIN, delta 0.0001": lambda: Alone(ADWIN(delta=0.0001)),
    "PageHinkley": lambda: Alone(PageHinkley()),
    "DDM": lambda: Alone(DDM()),
    "EDDM": lambda: Alone(EDDM()),
    "HDDMA": lambda: Alone(HDDMA()),
    "HDDMW": lambda: Alone(HDDMW()),
    "FHDDM": lambda: Alone(FHDDM()),
    "KSWIN": lambda: Alone(KSWIN(seed=1)),
}
"""River's detectors as they come."""

SLOW: Final = {"HDDMA": 10, "HDDMW": 10, "KSWIN": 200}
"""How many times as long one update takes, about: these get that many times fewer answers."""
