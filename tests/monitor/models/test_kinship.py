"""A whole explains its parts, but not the part that is the cause."""

from __future__ import annotations

import pytest

from monitor.models.kinship import explains
from monitor.types import WHOLE, Activity, Alarm, AlarmState, Dimension, Level, Signal, Slice

MODEL, TENANT = Slice(Dimension.MODEL, "m"), Slice(Dimension.TENANT, "t")


def alarm(place: Slice, ratio: float, **more: object) -> Alarm:
    values = {"about": {}, "opened_s": 0.0, "changed_s": 0.0} | more
    return Alarm(
        str(place), Activity.CREATE, AlarmState.OPEN, Level.PAGE, Signal.INCIDENTS, place, "adwin", 0.01 * ratio,
        0.01, {}, 0.0, 0.0, 1, **values,  # type: ignore[arg-type]
    )  # fmt: skip


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
        (alarm(WHOLE, 3), alarm(TENANT, 3, about={"rule": "r"}), 1.0, False),
    ],
)
def test_what_explains_what(parent: Alarm, child: Alarm, share: float, expected: bool) -> None:
    assert explains(parent, child, lambda _child, _parent: share) is expected
