"""The engines of all shares, read together under their lock. For any thread."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from monitor.models.rating import balanced
from monitor.service.merging import merged_points, merged_rates, merged_slices, merged_totals
from monitor.service.picking import check_names, has_names
from monitor.service.views import labels_view, oddity_view, quantiles_view
from monitor.types import AlarmState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.engine import Engine
    from monitor.models.labels import Waiting
    from monitor.service.shares import Shares
    from monitor.types import Alarm, Dimension, Point, Rate, Signal, Slice, SliceInfo, Totals


class Reader:
    """What may be asked."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares

    def _engines(self) -> list[Engine]:
        return [share.engine for share in self._shares.by_name.values()]

    def rates(self, dimension: Dimension | None, window: str | None) -> list[Rate]:
        """Return the rates of the slices of a dimension, or of all, over one window or all."""
        with self._shares.lock:
            found = [rate for engine in self._engines() for rate in engine.rates(dimension)]
        return merged_rates(rate for rate in found if window in {None, rate.window})

    def balance(self, dimension: Dimension | None, window: str | None) -> list[tuple[Rate, Rate]]:
        """Return over-refusals beside harmful compliance, for the same as `rates`."""
        return balanced(self.rates(dimension, window))

    def series(self, place: Slice, signal: Signal, window: str) -> list[Point]:
        """Return the buckets of a window. Raises KeyError where no share has them."""
        found: list[Point] = []
        is_known = False
        with self._shares.lock:
            for engine in self._engines():
                if any(info.slice == place for info in engine.slices()):
                    found += engine.series(place, signal, window)
                    is_known = True
        if not is_known:
            raise KeyError(place)
        return merged_points(found)

    def slices(self) -> list[SliceInfo]:
        """Return the live slices."""
        with self._shares.lock:
            return merged_slices(info for engine in self._engines() for info in engine.slices())

    def alarms(self, states: frozenset[AlarmState] = frozenset(AlarmState)) -> list[Alarm]:
        """Return alarms in these states, the newest first."""
        with self._shares.lock:
            found = [one for engine in self._engines() for one in engine.alarms() if one.state in states]
        return sorted(found, key=lambda one: (-one.changed_s, one.alarm_id))

    def labels(self) -> dict[str, dict[str, Any]]:
        """Return by share what verdicts say: a verdict is known where its incident is."""
        with self._shares.lock:
            return {name: labels_view(share.engine) for name, share in self._shares.by_name.items()}

    def waiting(
        self, *, is_allowed: bool | None, names: Mapping[str, str], limit: int
    ) -> tuple[list[Waiting], int]:
        """Return what has no verdict, the oldest first, and how much there is. None: either kind.

        `names`: of which policy, rule or the like (`picking.NAMES`). Raises `UnknownNameError`.
        """
        with self._shares.lock:
            found = [
                one
                for engine in self._engines()
                for one in engine.waiting()
                if is_allowed in {None, one.is_allowed} and has_names(one, names)
            ]
            if not found:
                check_names(names, self._engines())
        return nsmallest(limit, found, key=lambda one: (one.time_s, one.about)), len(found)

    def knows(self, about: str) -> bool:
        """Whether a verdict on this incident or request counts in a share that is here."""
        with self._shares.lock:
            return any(engine.knows(about) for engine in self._engines())

    def oddities(self) -> dict[str, list[dict[str, Any]]]:
        """Return by share the last minute of the whole and of each model: each share has minutes of its own."""
        with self._shares.lock:
            return {
                name: [oddity_view(one) for one in share.engine.oddities()]
                for name, share in self._shares.by_name.items()
            }

    def quantiles(self) -> dict[str, dict[str, Any]]:
        """Return by share the quantiles of all traffic: they cannot be added up."""
        with self._shares.lock:
            return {
                name: quantiles_view(share.engine.quantiles())
                for name, share in self._shares.by_name.items()
                if share.engine.slices()
            }

    def digest(self) -> list[Alarm]:
        """Return the alarms of the last week for which no channel had room."""
        with self._shares.lock:
            found = [one for engine in self._engines() for one in engine.weekly_digest()]
        return sorted(found, key=lambda one: (-one.changed_s, one.alarm_id))

    def totals(self) -> Totals:
        """Return what became of the records."""
        with self._shares.lock:
            return merged_totals(engine.totals() for engine in self._engines())

    def keep_reference(self, name: str) -> bool:
        """Keep the shape of scores under a name. See `Shares.keep_reference`."""
        return self._shares.keep_reference(name)

    def say(self, what: str, alarm_id: str, now_s: float) -> None:
        """Acknowledge or close an alarm. Raises KeyError for one that is not open, and OSError."""
        self._shares.say(what, alarm_id, now_s)
