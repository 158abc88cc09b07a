"""Burn rates: how fast a budget of bad answers is being spent, over a long window and a short one together.

The long window says that it matters, the short one that it still goes on; so an alarm ends within minutes of its
cause. From the Site Reliability Workbook, chapter 5: https://sre.google/workbook/alerting-on-slos/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.models.firing import Firing
from monitor.models.intervals import poisson_at_most
from monitor.types import WINDOWS_S, Level

if TYPE_CHECKING:
    from monitor.models.buckets import Buckets
    from monitor.settings import Budget, BurnSettings
    from monitor.types import Signal, Slice


LATEST: Final = "5m"
"""The window that says whether it still goes on."""
SURE: Final = 0.001
"""Chance of so few bad answers in it, did it go on, at which it is over."""


@dataclass(frozen=True, slots=True)
class Burn:
    """One budget as it is being spent in one slice."""

    signal: Signal
    firing: Firing | None
    """The most severe rule that fires; None where the budget holds."""


def budgets_of(place: Slice, budgets: tuple[Budget, ...]) -> list[Budget]:
    """Return the budgets of a slice, one a signal: the one that names it before the one of its dimension."""
    found: dict[Signal, Budget] = {}
    for budget in budgets:
        if budget.dimension != place.dimension or budget.value not in {None, place.value}:
            continue
        if budget.signal not in found or budget.value is not None:
            found[budget.signal] = budget
    return list(found.values())


def burns(
    place: Slice, buckets: Buckets, budgets: list[Budget], settings: BurnSettings, now_s: float
) -> list[Burn]:
    """Return how each budget is being spent."""
    sums = {name: buckets.window(now_s, seconds) for name, seconds in WINDOWS_S.items()} if budgets else {}
    counted = {
        name: (int(row[RESPONSES]), {signal: int(row[column]) for signal, column in COLUMNS.items()})
        for name, row in sums.items()
    }
    return [Burn(one.signal, _worst(place, one, counted, settings, now_s)) for one in budgets]


def _is_over(latest: tuple[int, dict[Signal, int]], signal: Signal, short_share: float, limit: float) -> bool:
    """Whether the last minutes show, beyond chance, that it has stopped, though longer windows remember it."""
    responses, counts = latest
    count = counts[signal]
    is_low = bool(responses) and count < limit * responses
    return is_low and poisson_at_most(count, short_share * responses) < SURE


def _worst(
    place: Slice,
    budget: Budget,
    counted: dict[str, tuple[int, dict[Signal, int]]],
    settings: BurnSettings,
    now_s: float,
) -> Firing | None:
    for factor, long, short, level in settings.rules:
        responses, counts = counted[long]
        short_responses, short_counts = counted[short]
        count, short_count = counts[budget.signal], short_counts[budget.signal]
        if responses < settings.min_responses or count < settings.min_events or not short_responses:
            continue
        share, short_share = count / responses, short_count / short_responses
        limit = min(1.0, factor * budget.share)
        if min(share, short_share) < limit or _is_over(counted[LATEST], budget.signal, short_share, limit):
            continue
        return Firing(
            slice=place,
            signal=budget.signal,
            detector="burn_rate",
            level=Level(level),
            chance=0.0,
            observed=share,
            expected=budget.share,
            evidence={
                "factor": factor,
                "burn_long": share / budget.share,
                "burn_short": short_share / budget.share,
                "long_s": float(WINDOWS_S[long]),
                "short_s": float(WINDOWS_S[short]),
                "count": float(count),
                "responses": float(responses),
            },
            start_s=now_s - WINDOWS_S[long],
            end_s=now_s,
            events=responses,
        )
    return None
