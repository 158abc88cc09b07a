"""A minute adds up what came in it, and begins anew."""

from __future__ import annotations

from monitor.models.answer import answer_of
from monitor.models.minutes import Minutes
from monitor.types import WHOLE, Dimension, Signal, Slice
from tests.support.monitor import exchange


def test_a_minute_is_judged_and_begins_anew() -> None:
    minutes = Minutes(WHOLE)
    for number in range(50):
        for _ in range(60):
            minutes.add([answer_of(exchange(), [])])
        assert minutes.judge(60.0 * number) == []
    found = [firing for number in range(50, 60) for firing in minutes.judge(60.0 * number)]
    assert [firing.signal for firing in found] == [Signal.SILENCE]


def test_oddity_is_for_the_whole_and_for_models() -> None:
    assert Minutes(Slice(Dimension.MODEL, "m"))._oddity is not None
    assert Minutes(Slice(Dimension.ROUTE, "/r"))._oddity is None
