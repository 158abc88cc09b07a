"""A rate has a share and an interval, whatever was counted."""

from __future__ import annotations

import math

from monitor.models.rating import rate_of
from monitor.types import WHOLE, Signal


def test_nothing_has_no_share() -> None:
    rate = rate_of(WHOLE, Signal.INCIDENTS, "1m", 0, 0)
    assert math.isnan(rate.share)
    assert (rate.low, rate.high) == (0.0, 1.0)
