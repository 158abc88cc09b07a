"""Silence: answers that stop are told once; a quiet night is not."""

from __future__ import annotations

import math
import random

import pytest

from monitor.models.silence import SilenceWatch
from monitor.types import WHOLE, Level


def test_answers_that_stop_page_once() -> None:
    watch = SilenceWatch(WHOLE)
    assert [watch.minute(60, 60.0 * n) for n in range(40)] == [[]] * 40
    found = [firing for n in range(40, 80) for firing in watch.minute(0, 60.0 * n)]
    assert len(found) == 1
    assert found[0].level is Level.PAGE
    assert found[0].chance < 1e-4
    assert found[0].expected == pytest.approx(60.0, rel=0.1)
    assert watch.is_silent
    for n in range(80, 90):
        watch.minute(60, 60.0 * n)
    assert not watch.is_silent


def test_a_day_and_a_night_are_no_silence() -> None:
    chance, watch = random.Random(1), SilenceWatch(WHOLE)
    for n in range(5 * 1440):
        mean = 30 * (1 + 0.5 * math.sin(2 * math.pi * n / 1440))
        assert watch.minute(round(chance.gauss(mean, math.sqrt(mean))), 60.0 * n) == []


def test_nothing_is_said_of_next_to_nothing() -> None:
    watch = SilenceWatch(WHOLE)
    for n in range(500):
        assert watch.minute(1 if n % 20 == 0 else 0, 60.0 * n) == []
