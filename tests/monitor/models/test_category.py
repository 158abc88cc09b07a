"""A category costs nothing where it is not, and its rate is among all answers."""

from __future__ import annotations

from monitor.models.buckets import RESPONSES, Buckets
from monitor.models.category import CategoryWatch
from monitor.settings import MonitorSettings
from monitor.types import Dimension, Signal, Slice
from tests.support.monitor import START_S

CARD = Slice(Dimension.CATEGORY, "CARD")


def test_rates_are_among_all_answers() -> None:
    whole, watch = Buckets(), CategoryWatch(CARD, START_S, 0, MonitorSettings())
    for number in range(1, 101):
        whole.add(START_S, [RESPONSES])
        if number % 10 == 0:
            watch.learn([Signal.INCIDENTS], START_S, number, is_echo=False)
    rate = next(one for one in watch.rates(START_S, whole) if one.signal is Signal.INCIDENTS)
    assert (rate.count, rate.responses) == (10, 100)
    assert watch.info().responses == 10
    assert sum(point.count for point in watch.series(START_S, 300, Signal.INCIDENTS)) == 10


def test_a_rise_is_seen_and_echoes_are_not_counted() -> None:
    watch = CategoryWatch(CARD, START_S, 0, MonitorSettings())
    for number in range(100, 10_100, 100):
        assert watch.learn([], START_S + number, number, is_echo=False) == []
    for number in range(10_101, 10_201):
        assert watch.learn([], START_S + number, number, is_echo=True) == []
    rise = range(10_205, 10_305, 5)
    found = [one for number in rise for one in watch.learn([], START_S + number, number, is_echo=False)]
    assert [one.detector for one in found][:1] == ["rate_rise"]
