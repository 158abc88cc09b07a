"""What the engine says, as JSON for people and programs. Pure."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from events.schema.envelope import rfc3339

if TYPE_CHECKING:
    from monitor.engine import Engine
    from monitor.models.labels import Waiting
    from monitor.types import Alarm, Oddity, Point, Rate, Signal, SliceInfo, Totals


def rate_view(rate: Rate) -> dict[str, Any]:
    """Return a rate; a share of nothing is null."""
    return {
        "dimension": rate.slice.dimension.value,
        "value": rate.slice.value,
        "signal": rate.signal.value,
        "window": rate.window,
        "count": rate.count,
        "responses": rate.responses,
        "share": _finite(rate.share),
        "low": rate.low,
        "high": rate.high,
    }


def pair_view(pair: tuple[Rate, Rate]) -> dict[str, Any]:
    """Return over-refusals and harmful compliance of a slice; a share of nothing is null."""
    first = pair[0]
    place = {"dimension": first.slice.dimension.value, "value": first.slice.value}
    rates = {
        rate.signal.value: {"count": rate.count, "share": _finite(rate.share), "low": rate.low, "high": rate.high}
        for rate in pair
    }
    return place | {"window": first.window, "responses": first.responses} | rates


def oddity_view(oddity: Oddity) -> dict[str, Any]:
    """Return a minute, as odd as it was; score and limit are null while that is learned."""
    return {
        "dimension": oddity.slice.dimension.value,
        "value": oddity.slice.value,
        "minute_end": rfc3339(int(1000 * oddity.end_s)),
        "score": _or_none(oddity.score),
        "limit": _or_none(oddity.limit),
        "is_odd": oddity.is_odd,
        "minutes": oddity.minutes,
        "warm_up": oddity.warm_up,
        "answers": oddity.answers,
        "numbers": {name: _finite(value) for name, value in oddity.numbers.items()},
    }


def point_view(point: Point) -> dict[str, Any]:
    """Return a point of a series."""
    return {
        "time": rfc3339(int(1000 * point.start_s)),
        "seconds": point.seconds,
        "count": point.count,
        "responses": point.responses,
    }


def slice_view(info: SliceInfo) -> dict[str, Any]:
    """Return a slice."""
    return {
        "dimension": info.slice.dimension.value,
        "value": info.slice.value,
        "responses": info.responses,
        "since": rfc3339(int(1000 * info.since_s)),
        "seen": rfc3339(int(1000 * info.seen_s)),
    }


def alarm_view(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm with the numbers that raised it."""
    return {
        "id": alarm.alarm_id,
        "state": alarm.state.value,
        "level": alarm.level.value,
        "signal": alarm.signal.value,
        "dimension": alarm.slice.dimension.value,
        "value": alarm.slice.value,
        "about": alarm.about,
        "detector": alarm.detector,
        "observed": _finite(alarm.observed),
        "expected": None if alarm.expected is None else _finite(alarm.expected),
        "evidence": {name: _finite(value) for name, value in alarm.evidence.items()},
        "window_start": rfc3339(int(1000 * alarm.window_start_s)),
        "window_end": rfc3339(int(1000 * alarm.window_end_s)),
        "events": alarm.events,
        "opened": rfc3339(int(1000 * alarm.opened_s)),
        "changed": rfc3339(int(1000 * alarm.changed_s)),
        "explained_by": alarm.explained_by,
    }


def labels_view(engine: Engine) -> dict[str, Any]:
    """Return what reviewers' verdicts say: realised precision beside the estimated one, recall, delay, proposals.

    A proposal is for a person to put into the policy; nothing applies it.
    """
    estimated = engine.estimated_precisions()
    recall = engine.recall()
    return {
        "precision": [
            {
                **asdict(one),
                "share": _finite(one.share),
                "estimated": _or_none(estimated.get((one.policy, one.rule))),
            }
            for one in engine.precisions()
        ],
        "recall": None if recall is None else asdict(recall),
        "delay_s": {str(quantile): _finite(value) for quantile, value in engine.label_delays_s().items()},
        "proposals": [asdict(one) for one in engine.proposals()],
    }


def waiting_view(one: Waiting) -> dict[str, Any]:
    """Return what waits for a verdict; its id is what the verdict names as `incident_id`."""
    return {
        "id": one.about,
        "kind": "allowed" if one.is_allowed else "incident",
        "time": rfc3339(int(1000 * one.time_s)),
        "policy": one.policy,
        "rule": one.rule,
        "category": one.category,
        "score": _or_none(one.score),
        "tenant": one.tenant,
        "model": one.model,
        "route": one.route,
    }


def quantiles_view(quantiles: dict[Signal, dict[float, float]]) -> dict[str, Any]:
    """Return quantiles of latency and held characters."""
    return {
        signal.value: {str(quantile): _finite(value) for quantile, value in found.items()}
        for signal, found in quantiles.items()
    }


def totals_view(totals: Totals) -> dict[str, Any]:
    """Return what became of the records."""
    return asdict(totals)


def _or_none(value: float | None) -> float | None:
    return None if value is None else _finite(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
