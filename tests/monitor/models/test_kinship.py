"""A whole explains its parts, but not the part that is the cause; a signal explains what follows from it."""

from __future__ import annotations

import pytest

from monitor.models.kinship import Kinship, explains
from monitor.types import WHOLE, Activity, Alarm, AlarmState, Dimension, Level, Signal, Slice

MODEL, TENANT = Slice(Dimension.MODEL, "m"), Slice(Dimension.TENANT, "t")


def alarm(
    place: Slice, ratio: float, signal: Signal = Signal.INCIDENTS, level: Level = Level.PAGE, **about: str
) -> Alarm:
    return Alarm(
        alarm_id=f"{place} {signal}",
        activity=Activity.CREATE,
        state=AlarmState.OPEN,
        level=level,
        signal=signal,
        slice=place,
        detector="adwin",
        observed=0.01 * ratio,
        expected=0.01,
        evidence={},
        window_start_s=0.0,
        window_end_s=0.0,
        events=1,
        opened_s=0.0,
        changed_s=0.0,
        about=about,
    )


def kinship(share: float = 1.0, now: float | None = None) -> Kinship:
    return Kinship(lambda _child, _parent: share, lambda _slice, _signal: now)


@pytest.mark.parametrize(
    ("parent", "child", "share", "expected"),
    [
        (alarm(WHOLE, 3), alarm(TENANT, 3), 0.0, True),
        (alarm(WHOLE, 3), alarm(TENANT, 10), 0.0, False),
        (alarm(MODEL, 3), alarm(TENANT, 3), 0.9, True),
        (alarm(MODEL, 3), alarm(TENANT, 3), 0.1, False),
        (alarm(TENANT, 3), alarm(MODEL, 3), 1.0, False),
        (alarm(WHOLE, 3), alarm(TENANT, 0.3), 1.0, False),
        (alarm(WHOLE, 0.3), alarm(TENANT, 0.3), 1.0, True),
        (alarm(WHOLE, 3), alarm(TENANT, 3, rule="r"), 1.0, False),
    ],
)
def test_what_explains_what(parent: Alarm, child: Alarm, share: float, expected: bool) -> None:
    assert explains(parent, child, kinship(share)) is expected


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        (Signal.INCIDENTS, Signal.HARMFUL_COMPLIANCE, True),
        (Signal.INCIDENTS, Signal.SCORES, True),
        (Signal.REFUSALS, Signal.OVER_REFUSALS, True),
        (Signal.HARMFUL_COMPLIANCE, Signal.INCIDENTS, False),
        (Signal.INCIDENTS, Signal.REFUSALS, False),
        (Signal.INCIDENTS, Signal.INCIDENTS, False),
    ],
)
def test_within_a_slice_a_signal_explains_what_follows_from_it(
    parent: Signal, child: Signal, expected: bool
) -> None:
    assert explains(alarm(TENANT, 3, parent), alarm(TENANT, 3, child), kinship()) is expected


def test_a_change_that_grows_is_judged_by_what_it_is_now() -> None:
    part = alarm(TENANT, 10)
    assert not explains(alarm(WHOLE, 2), part, kinship())
    assert explains(alarm(WHOLE, 2), part, kinship(now=0.09))


def test_advice_explains_nothing() -> None:
    assert not explains(alarm(WHOLE, 3, level=Level.INFO), alarm(TENANT, 3), kinship())
