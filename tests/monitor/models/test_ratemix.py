"""The rate mixture: quiet for as long as it says, quick at a change, and a run of nothing is a run of nothings."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models.ratemix import RateMixture
from monitor.snapshots import dump, load

FALSE_ALARM = 1e7


def feed(
    mixture: RateMixture, rate: float, answers: int, chance: random.Random, start_s: float = 0.0
) -> int | None:
    """Return after how many answers it fired; one answer comes a second."""
    number = 0
    while True:
        gap = 1 + int(math.log(1.0 - chance.random()) / math.log(1.0 - rate))
        if number + gap > answers:
            mixture.skip(answers - number)
            return None
        number += gap
        mixture.skip(gap - 1)
        mixture.observe(is_hit=True, time_s=start_s + number)
        if mixture.drift_detected:
            return number


@pytest.mark.parametrize(
    ("before", "after", "limit"), [(0.01, 0.03, 1200), (0.01, 0.1, 200), (0.01, 0.02, 3000), (0.002, 0.01, 2600)]
)
def test_f2_a_rise_is_seen_soon(before: float, after: float, limit: int) -> None:
    """The median of 41 changes, each after 100,000 answers; none is missed. The sizes of the promise."""
    delays = []
    for seed in range(41):
        chance, mixture = random.Random(seed), RateMixture(FALSE_ALARM)
        assert feed(mixture, before, 100_000, chance) is None
        delays.append(feed(mixture, after, 20_000, chance, 1e5) or 20_000)
    assert sorted(delays)[20] <= limit
    assert max(delays) < 20_000


def test_f1_nothing_is_said_where_nothing_changes() -> None:
    """A small part of the promise: 200 slices from 0.2 to 20 %; `make bench-monitor` has the twenty millions."""
    chance, alarms = random.Random(1), 0
    for place in range(200):
        rate = 0.002 * 100 ** (place / 199)
        alarms += feed(RateMixture(FALSE_ALARM), rate, 4000, chance) is not None
    assert alarms == 0


def test_a_fall_is_seen_while_nothing_comes() -> None:
    mixture = RateMixture(FALSE_ALARM, falls=True)
    assert feed(mixture, 0.02, 30_000, random.Random(1)) is None
    silent = 0
    while not mixture.drift_detected:
        mixture.skip(50)
        mixture.settle(0.0)
        silent += 50
    assert 500 < silent < 2500
    hits, answers, _, ratio = mixture.leading()
    assert hits / answers < 0.01
    assert ratio < 1


@given(st.lists(st.integers(0, 300), max_size=60), st.booleans())
def test_skipping_is_the_same_as_answer_by_answer(gaps: list[int], falls: bool) -> None:
    one, other = RateMixture(1e4, falls=falls), RateMixture(1e4, falls=falls)
    for gap in gaps:
        one.skip(gap)
        one.observe(is_hit=True, time_s=1.0)
        for _ in range(gap):
            other.observe(is_hit=False, time_s=1.0)
        other.observe(is_hit=True, time_s=1.0)
    assert one.statistic == pytest.approx(other.statistic)
    assert one.baseline == pytest.approx(other.baseline, nan_ok=True)


def test_as_a_river_detector_it_takes_bits() -> None:
    chance, mixture = random.Random(3), RateMixture(FALSE_ALARM)
    fired = []
    for number in range(30_000):
        mixture.update(chance.random() < (0.01 if number < 25_000 else 0.1))
        if mixture.drift_detected:
            fired.append(number)
    assert fired
    assert fired[0] >= 25_000


def test_nothing_is_said_before_the_rate_is_known() -> None:
    mixture = RateMixture(10.0)
    for _ in range(19):
        mixture.skip(10)
        mixture.observe(is_hit=True, time_s=0.0)
        assert not mixture.drift_detected
        assert not mixture.is_ready
    assert mixture.statistic == 0.0


def test_a_change_that_is_too_small_is_no_alarm_however_sure() -> None:
    mixture = RateMixture(1e5, min_ratio=3.0)
    chance = random.Random(4)
    assert feed(mixture, 0.05, 20_000, chance) is None
    assert feed(mixture, 0.08, 20_000, chance, 2e4) is None
    assert mixture.statistic > mixture.limit


def test_it_starts_over_after_an_alarm() -> None:
    mixture = RateMixture(FALSE_ALARM)
    chance = random.Random(5)
    feed(mixture, 0.01, 20_000, chance)
    assert feed(mixture, 0.1, 2000, chance, 2e4)
    mixture.restart()
    assert feed(mixture, 0.1, 20_000, chance, 3e4) is None
    assert mixture.baseline == pytest.approx(0.1, rel=0.1)


def test_old_answers_fade() -> None:
    mixture = RateMixture(FALSE_ALARM, memory=1000.0, min_ratio=100.0)
    feed(mixture, 0.5, 5000, random.Random(6))
    feed(mixture, 0.05, 10_000, random.Random(7), 5e3)
    assert mixture.baseline == pytest.approx(0.05, rel=0.5)


def test_a_restored_one_goes_on_bit_for_bit() -> None:
    one = RateMixture(FALSE_ALARM)
    feed(one, 0.02, 3000, random.Random(8))
    other = load(dump(one))
    feed(one, 0.02, 3000, random.Random(9), 3e3)
    feed(other, 0.02, 3000, random.Random(9), 3e3)
    assert dump(one) == dump(other)


def conversations(chance: random.Random, rate: float, answers: int) -> list[bool]:
    """Draw answers of which a tenth, ten at a time, have nearly all of the hits."""
    hits: list[bool] = []
    while len(hits) < answers:
        risk = 9.1 * rate if chance.random() < 0.1 else 0.1 * rate
        hits += [chance.random() < risk for _ in range(10)]
    return hits[:answers]


def alarms_of(mixture: RateMixture, hits: list[bool], start: int) -> list[int]:
    """Return the places at which it fired, an answer in ten seconds; it starts over each time."""
    found = []
    for place, is_hit in enumerate(hits, start):
        mixture.observe(is_hit, 10.0 * place)
        if mixture.drift_detected:
            found.append(place)
            mixture.restart()
    return found


def test_hits_that_come_together_are_no_change() -> None:
    """A limit of 20,000 answers lets 7 to 22 alarms pass in 280,000; conversations may not make more of them."""
    chance = random.Random(6)
    together, alone = RateMixture(20_000.0), RateMixture(20_000.0)
    alarms_of(together, conversations(chance, 0.05, 40_000), 0)  # how much they vary is not known yet
    found = alarms_of(together, conversations(chance, 0.05, 280_000), 40_000)
    assert len(found) <= 22
    assert together.dispersion > 1.5
    alarms_of(alone, [chance.random() < 0.05 for _ in range(320_000)], 0)
    assert alone.dispersion < 1.3


def test_a_rise_is_seen_where_hits_come_together() -> None:
    delays = []
    for seed in range(9):
        chance, mixture = random.Random(seed), RateMixture(FALSE_ALARM)
        alarms_of(mixture, conversations(chance, 0.03, 60_000), 0)
        delays.append(next(iter(alarms_of(mixture, conversations(chance, 0.1, 10_000), 60_000)), 70_000) - 60_000)
    assert sorted(delays)[4] <= 1500
    assert max(delays) < 10_000
