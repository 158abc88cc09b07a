"""The optimum's threshold is exact, and nothing of it is learned from the streams it is tried on."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.monitor.optimum import Optimum, height_for, mean_time_to_alarm, steps
from benchmarks.monitor.streams import gaps, generator


@pytest.mark.parametrize(("rate", "up", "height"), [(0.01, 20, 60), (0.05, 7, 30), (0.2, 3, 12)])
def test_the_mean_time_to_an_alarm_is_the_solution_of_the_linear_system(rate: float, up: int, height: int) -> None:
    size = height + 1
    matrix = np.eye(size)
    for level in range(size):
        matrix[level, max(0, level - 1)] -= 1 - rate
        if level + up <= height:
            matrix[level, level + up] -= rate
    expected = np.linalg.solve(matrix, np.ones(size))[0]
    assert mean_time_to_alarm(rate, up, height) == pytest.approx(expected, rel=1e-6)


def test_the_height_is_the_lowest_that_is_quiet_enough() -> None:
    up, _ = steps(0.01, 0.03)
    height = height_for(0.01, 0.03, 1e5)
    assert mean_time_to_alarm(0.01, up, height) >= 1e5 > mean_time_to_alarm(0.01, up, height - 1)


def test_false_alarms_are_as_frequent_as_computed() -> None:
    best, alarms, answers = Optimum(0.05, 0.15, 2000), 0, 400_000
    left, run = answers, 0
    while left > 0:
        run += 1
        best.restart()
        seen = best.feed(gaps(generator(run), 0.05, left))
        if seen is None:
            break
        alarms, left = alarms + 1, left - seen
    assert answers / alarms == pytest.approx(2000, rel=0.25)


def test_idling_brings_it_down() -> None:
    best = Optimum(0.01, 0.1, 1e7)
    best.feed([1, 1])
    best.idle(10_000)
    assert best.feed([1, 1]) is None
