"""Round numbers for axes: never below what they must hold, never far above it, and few marks for any time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.service.axes import MAX_MARKS, round_top, time_marks

MINUTE = 29_927_940  # 2026-11-26 07:00


@given(st.floats(1e-6, 1e9))
def test_the_top_is_little_above_the_value(value: float) -> None:
    assert value * (1 - 1e-8) <= round_top(value) <= 1.61 * value


@given(st.integers(0, 60_000_000), st.integers(0, 20_000_000))
def test_marks_are_few_and_within(first: int, span: int) -> None:
    marks = time_marks(first, first + span)
    assert len(marks) <= MAX_MARKS + 1
    assert all(first <= minute <= first + span for minute, _ in marks)
    assert len({label for _, label in marks}) == len(marks) or span < 43_200


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (3, ["07:00", "07:01", "07:02", "07:03"]),
        (1080, ["08:00", "10:00", "12:00", "14:00", "16:00", "18:00", "20:00", "22:00", "11-27"]),
        (4 * 1440, ["12:00", "11-27", "12:00", "11-28", "12:00", "11-29"]),
        (9 * 1440, ["11-27", "11-28", "11-29"]),
        (200 * 1440, ["2026-12-03", "2027-01-02"]),
        (900 * 1440, ["2026-12-03", "2027-03-03"]),
    ],
)
def test_marks_are_round_times(span: int, labels: list[str]) -> None:
    found = [label for _, label in time_marks(MINUTE, MINUTE + span)]
    assert found[: len(labels)] == labels
