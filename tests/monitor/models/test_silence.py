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


def test_conversations_that_begin_and_end_are_no_silence_and_a_busy_stop_is() -> None:
    """Four answers a minute, twelve to a conversation of a minute: five minutes without one happen every day."""
    chance, watch, found = random.Random(1), SilenceWatch(WHOLE), []
    for n in range(3 * 1440):
        begun = sum(chance.random() < 1 / 30 for _ in range(10))
        found += watch.minute(12 * begun, 60.0 * n)
    assert found == []
    busy = SilenceWatch(WHOLE)
    for n in range(600):
        assert busy.minute(12 * sum(chance.random() < 0.5 for _ in range(20)), 60.0 * n) == []
    assert any(busy.minute(0, 60.0 * n) for n in range(600, 607))


def test_an_office_that_goes_home_is_silent_once_and_then_usual() -> None:
    """Nine to five, from Monday to Friday: the first evening and weekend are news, the second ones are not."""
    watch, news = SilenceWatch(WHOLE), []
    for n in range(15 * 1440):
        day, hour = n // 1440, n // 60 % 24
        open_now = day % 7 < 5 and 9 <= hour < 17
        if watch.minute(60 if open_now else 0, 60.0 * (n + 1)):
            news.append((day, hour))
    assert news
    assert max(day for day, _ in news) <= 7
    assert len(news) <= 3


def test_in_a_week_that_is_known_silence_is_still_seen() -> None:
    watch = SilenceWatch(WHOLE)
    for n in range(9 * 1440):
        assert watch.minute(30, 60.0 * (n + 1)) == []
    found = [firing for n in range(9 * 1440, 9 * 1440 + 20) for firing in watch.minute(0, 60.0 * (n + 1))]
    assert len(found) == 1


def test_nothing_is_said_of_next_to_nothing() -> None:
    watch = SilenceWatch(WHOLE)
    for n in range(500):
        assert watch.minute(1 if n % 20 == 0 else 0, 60.0 * n) == []
