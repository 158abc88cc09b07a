"""The rhythm of the day: what returns daily has a factor, what does not has none."""

from __future__ import annotations

import math
import random

import pytest

from monitor.models.changes import ShareWatch
from monitor.models.rhythm import FADE, PRIOR, SLOT_S, Rhythm
from monitor.settings import DriftSettings
from monitor.types import WHOLE, Signal

DAY_S, HOUR_S = 86_400, 3600


def lived(days: int, swing: float, per_hour: int = 400, rate: float = 0.1) -> Rhythm:
    chance, rhythm = random.Random(1), Rhythm()
    for hour in range(24 * days):
        now = rate * (1 + swing * math.sin(2 * math.pi * (hour + 0.5) / 24))
        for number in range(per_hour):
            time_s = HOUR_S * (hour + number / per_hour)
            if rhythm.is_news(time_s):
                rhythm.turn(time_s)
            rhythm.add(chance.random() < now)
    return rhythm


@pytest.mark.parametrize("days", [1, 4])
def test_a_swing_is_known_from_the_second_day_on(days: int) -> None:
    rhythm = lived(days, 0.5)
    usual = 40 * sum(FADE**day for day in range(days))
    for hour, factor in ((6, 1.5), (12, 1.0), (18, 0.5)):
        rhythm.turn(days * DAY_S + hour * HOUR_S)
        assert rhythm.factor == pytest.approx((factor * usual + PRIOR) / (usual + PRIOR), abs=0.12)


def test_on_the_first_day_and_without_a_swing_there_is_no_factor() -> None:
    first = lived(0, 0.0)
    for slot in range(23 * HOUR_S // SLOT_S):
        first.turn(slot * SLOT_S)
        first.add(is_hit=slot > 60)
        assert first.factor == 1.0
    assert lived(4, 0.0).factor == pytest.approx(1.0, abs=0.2)


def test_what_rises_does_not_explain_itself() -> None:
    rhythm = lived(2, 0.0)
    for slot in range(6 * HOUR_S // SLOT_S):
        rhythm.turn(2 * DAY_S + slot * SLOT_S)
        for _ in range(33):
            rhythm.add(is_hit=True)
        assert rhythm.factor < 1.2


def test_an_hour_with_few_hits_has_no_say() -> None:
    assert lived(4, 0.5, per_hour=10, rate=0.02).factor == pytest.approx(1.0, abs=0.1)


def test_after_a_change_it_learns_nothing_for_a_day() -> None:
    rhythm = lived(4, 0.0)
    rhythm.pause(4 * DAY_S)
    for slot in range(DAY_S // SLOT_S):
        rhythm.turn(4 * DAY_S + slot * SLOT_S)
        rhythm.add(is_hit=True)
    for hour in range(2, 22):
        rhythm.turn(5 * DAY_S + hour * HOUR_S)
        assert rhythm.factor == pytest.approx(1.0, abs=0.3)


def test_before_a_whole_day_was_seen_a_change_stops_no_learning() -> None:
    rhythm = Rhythm()
    for hour in range(24):
        rhythm.turn(hour * HOUR_S)
        if hour == 3:
            rhythm.pause(hour * HOUR_S)
        for number in range(400):
            rhythm.add(is_hit=number < (80 if hour < 12 else 20))
    rhythm.turn(DAY_S + 6 * HOUR_S)
    assert rhythm.factor == pytest.approx(
        110 / 80, abs=0.1
    )  # 80 hits where 50 were expected, and 30 for a factor of 1


def test_a_daily_swing_raises_no_alarm_and_a_rise_still_does() -> None:
    chance, watch, found = random.Random(2), ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings(), adwin=False), []
    for number in range(60_000):
        time_s = number * DAY_S / 10_000
        rate = 0.02 * (1 + 0.5 * math.sin(2 * math.pi * time_s / DAY_S)) * (3 if number >= 58_000 else 1)
        found += [(number, firing) for firing in watch.observe(chance.random() < rate, time_s)]
    assert [number >= 58_000 for number, _ in found][:1] == [True]
