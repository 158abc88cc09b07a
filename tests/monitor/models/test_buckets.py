"""Windows of buckets are what a plain count of the events in them is, in any order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.models.buckets import COLUMNS, RESPONSES, Buckets
from monitor.types import WINDOWS_S, Signal
from tests.support.monitor import START_S

INCIDENTS = COLUMNS[Signal.INCIDENTS]
_times = st.lists(st.floats(-86_000, 60).map(lambda offset: START_S + offset), max_size=40)


@given(_times, st.randoms(use_true_random=False))
def test_windows_are_plain_counts_in_any_order(times: list[float], chance: object) -> None:
    buckets = Buckets()
    chance.shuffle(times)  # type: ignore[attr-defined]
    for time_s in times:
        buckets.add(time_s, (RESPONSES, INCIDENTS))
    for seconds in WINDOWS_S.values():
        size = 10 if seconds <= 3600 else 300
        last = START_S // size
        expected = sum(last - seconds // size < time_s // size <= last for time_s in times)
        sums = buckets.window(START_S, seconds)
        assert sums[RESPONSES] == sums[INCIDENTS] == expected


def test_what_is_older_than_the_buckets_is_gone() -> None:
    buckets = Buckets()
    buckets.add(START_S, (RESPONSES,))
    buckets.add(START_S + 4 * 86_400, (RESPONSES,))
    assert [buckets.window(START_S + 4 * 86_400, seconds)[RESPONSES] for seconds in WINDOWS_S.values()] == [1] * 6


def test_a_series_starts_at_its_window() -> None:
    buckets = Buckets()
    for offset in (0, 10, 20, 25):
        buckets.add(START_S + offset, (RESPONSES,))
    points = buckets.series(START_S + 29, 300, Signal.INCIDENTS)
    assert [point[3] for point in points][-3:] == [1, 1, 2]
    assert points[-1][:2] == (START_S + 20, 10.0)


@given(_times, st.lists(st.integers(0, 40), max_size=5))
def test_a_look_in_between_changes_nothing(times: list[float], looks: list[int]) -> None:
    one, other = Buckets(), Buckets()
    for number, time_s in enumerate(times):
        one.add(time_s, (RESPONSES,))
        other.add(time_s, (RESPONSES,))
        if number in looks:
            other.window(time_s, 60)
    assert one.state() == other.state()
