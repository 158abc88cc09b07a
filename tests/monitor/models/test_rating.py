"""Rates of several monitors add up to the rates of one."""

from __future__ import annotations

import math

from monitor.engine import Engine
from monitor.models.rating import merged, rate_of
from monitor.types import WHOLE, Signal
from tests.support.monitor import START_S, caught, exchange


def test_slices_merge_on_read() -> None:
    records = [caught(START_S + n) if n % 3 == 0 else exchange(START_S + n) for n in range(60)]
    one, halves = Engine(), (Engine(), Engine())
    for number, record in enumerate(records):
        one.receive(record, record.time_s)
        halves[number % 2].receive(record, record.time_s)
    for engine in halves:
        engine.advance(one.now_s)
    assert set(merged(engine.rates() for engine in halves)) == set(one.rates())


def test_nothing_has_no_share() -> None:
    rate = rate_of(WHOLE, Signal.INCIDENTS, "1m", 0, 0)
    assert math.isnan(rate.share)
    assert (rate.low, rate.high) == (0.0, 1.0)
