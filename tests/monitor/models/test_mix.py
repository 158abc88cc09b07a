"""The mix of categories, hour against hours."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import mix
from monitor.models.mix import REST, MixWatch
from monitor.settings import DriftSettings
from monitor.types import WHOLE
from tests.support.monitor import START_S

if TYPE_CHECKING:
    from monitor.models.firing import Firing

HOUR_S = 3600


def hours(
    watch: MixWatch, first: int, several: int, weights: dict[str, float], seed: int = 1, count: int = 200
) -> list[Firing]:
    chance = random.Random(seed)
    found = []
    for hour in range(first, first + several):
        for category in chance.choices(list(weights), list(weights.values()), k=count):
            found += watch.observe([category], START_S + hour * HOUR_S)
        found += watch.settle(START_S + (hour + 1) * HOUR_S)
    return found


def test_a_mix_that_stays_says_nothing() -> None:
    assert hours(MixWatch(WHOLE, DriftSettings()), 0, 200, {"A": 5, "B": 3, "C": 1}) == []


def test_a_category_that_takes_over_is_named() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    assert hours(watch, 0, 10, {"A": 5, "B": 4, "C": 1}) == []
    found = hours(watch, 10, 2, {"A": 5, "B": 1, "C": 4}, seed=2)
    assert {"B", "C"} <= {firing.about["category"] for firing in found}
    grown = next(firing for firing in found if firing.about["category"] == "C")
    assert grown.is_rise
    assert grown.chance < 1e-6
    assert grown.end_s - grown.start_s == HOUR_S


def test_many_slices_in_which_nothing_changes_say_nothing() -> None:
    """60 incidents an hour, of which chance moves a category by ten points in every tenth or so."""
    for place in range(10):
        assert hours(MixWatch(WHOLE, DriftSettings()), 0, 40, dict.fromkeys("ABCDE", 1.0), place, 60) == []


def test_a_change_too_small_for_one_hour_shows_in_several() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    assert hours(watch, 0, 20, {"A": 2, "B": 8}, count=30) == []
    (found, *_) = hours(watch, 20, 8, {"A": 5, "B": 5}, seed=2, count=30)
    assert found.evidence["hours"] in {2.0, 4.0, 8.0}
    assert found.end_s - found.start_s == found.evidence["hours"] * HOUR_S
    assert found.start_s >= START_S + 19 * HOUR_S
    assert found.expected == pytest.approx(0.2 if found.about["category"] == "A" else 0.8, abs=0.06)


def test_what_changed_is_what_is_normal_from_then_on() -> None:
    """A change that stays is said once, or twice where the hour of the change had some of both."""
    watch = MixWatch(WHOLE, DriftSettings())
    hours(watch, 0, 20, {"A": 5, "B": 5})
    found = hours(watch, 20, 60, {"A": 8, "B": 2}, seed=2)
    assert {one.end_s for one in found} == {START_S + 21 * HOUR_S}
    assert {one.about["category"] for one in hours(watch, 80, 1, {"A": 5, "B": 5}, seed=3)} == {"A", "B"}


def test_what_it_says_is_believed_though_every_slice_lives() -> None:
    """An hour with many answers has no say that the desk leaves out: the watch would forget a change untold."""
    settings, chances = DriftSettings(), []
    for seed in range(200):
        watch = MixWatch(WHOLE, settings)
        watch._answers = dict.fromkeys((int(START_S // HOUR_S) + hour for hour in range(4)), 10_000_000)
        hours(watch, 0, 3, {"A": 1, "B": 9}, seed, 100)
        chances += [one.chance for one in hours(watch, 3, 1, {"A": 28, "B": 72}, seed, 100)]
    assert len(chances) > 100
    assert max(chances) <= settings.false_discovery_rate * 2 / 200, "two categories move together"


def test_hours_that_differ_by_themselves_are_learned_to() -> None:
    """Incidents of conversations come six at a time: hours differ by six times the variance of single ones."""
    chance, watch, found = random.Random(1), MixWatch(WHOLE, DriftSettings()), []
    for hour in range(200):
        share = 0.3 if hour < 190 else 0.8
        for _ in range(20):
            category = "A" if chance.random() < share else "B"
            for _ in range(6):
                found += watch.observe([category], START_S + hour * HOUR_S)
        found += watch.settle(START_S + (hour + 1) * HOUR_S)
    said = sorted({int((one.end_s - START_S) / HOUR_S) for one in found})
    assert 3.0 < watch.dispersion < 6.0
    assert [hour for hour in said if 24 < hour <= 190] == []
    assert any(190 < hour <= 194 for hour in said)


def test_few_incidents_say_nothing() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    for hour in range(20):
        for _ in range(5):
            assert watch.observe(["A" if hour < 10 else "B"], START_S + hour * HOUR_S) == []


def test_an_hour_is_judged_when_the_watermark_has_passed_its_end() -> None:
    """And not before, were there later answers: late ones may still come."""
    watch = MixWatch(WHOLE, DriftSettings())
    hours(watch, 0, 10, {"A": 5, "B": 5})
    for _ in range(200):
        assert watch.observe(["C"], START_S + 10 * HOUR_S) == []
    end_s = START_S + 11 * HOUR_S
    assert watch.observe(["A"], end_s + 500) == []
    assert watch.settle(end_s - 1) == []
    late = watch.observe(["A"], end_s - 1)
    found = watch.settle(end_s)
    assert (late, {(one.start_s, one.end_s, one.events) for one in found}) == ([], {(end_s - HOUR_S, end_s, 201)})
    assert watch.settle(end_s + 600) == []


def test_an_answer_of_a_closed_hour_is_of_what_was_before() -> None:
    """As one that is later than the watermark is to the tests of rates: no hour that is judged has it."""
    watch = MixWatch(WHOLE, DriftSettings())
    hours(watch, 0, 10, {"A": 5, "B": 5})
    before = dict(watch._reference)
    for _ in range(200):
        assert watch.observe(["C"], START_S + 8 * HOUR_S) == []
    assert watch._reference == before | {"C": 200.0}
    assert watch._hours == {}


def test_no_more_than_two_hours_are_open() -> None:
    """Were there no look at the watermark between: a backlog comes in at one moment."""
    watch = MixWatch(WHOLE, DriftSettings())
    for hour in range(10):
        for _ in range(100):
            assert watch.observe(["A"], START_S + hour * HOUR_S) == []
    assert sorted(watch._hours) == [START_S // HOUR_S + 8, START_S // HOUR_S + 9]


_CATEGORIES = {"A": 6, "B": 3, "C": 1}
_LATER = {"A": 2, "B": 3, "C": 3, "D": 2}


@given(st.integers(0, 2**32), st.floats(0.5, 3.0), st.randoms(use_true_random=False))
def test_f6_the_order_of_ten_minutes_changes_nothing(seed: int, turn_h: float, order: random.Random) -> None:
    """Up to ten minutes late: the same firings as in order, with the same numbers, and the same state."""
    chance = random.Random(seed)
    answers = sorted(
        (time_s, chance.choices(list(weights), list(weights.values()))[0])
        for time_s in (chance.uniform(0.0, 4.0 * HOUR_S) for _ in range(280))
        for weights in [_CATEGORIES if time_s < turn_h * HOUR_S else _LATER]
    )
    comes_in = sorted((time_s + order.uniform(0.0, 600.0), time_s, category) for time_s, category in answers)
    played = [_played([(time_s, *one) for time_s, *one in pairs]) for pairs in (_own(answers), comes_in)]
    (found, state), (found_late, state_late) = played
    assert found_late == found
    assert state_late == state


def _own(answers: list[tuple[float, str]]) -> list[tuple[float, float, str]]:
    return [(time_s, time_s, category) for time_s, category in answers]


def _played(comes_in: list[tuple[float, float, str]]) -> tuple[list[Firing], dict[str, object]]:
    """Feed what comes in, the watermark following what has come; then let the rest of the time pass."""
    watch, found, newest_s = MixWatch(WHOLE, DriftSettings()), [], 0.0
    for _, time_s, category in comes_in:
        newest_s = max(newest_s, time_s)
        found += watch.settle(START_S + newest_s - 600.0)
        found += watch.observe([category], START_S + time_s)
    found += watch.settle(START_S + 4.0 * HOUR_S)
    return found, vars(watch)


def test_categories_are_bounded() -> None:
    watch = MixWatch(WHOLE, DriftSettings())
    for number in range(1000):
        watch.observe([f"C{number}"], START_S)
    ((_, counts),) = watch._hours.items()
    assert (len(counts), sum(counts.values())) == (101, 1000)
    watch.settle(START_S + HOUR_S)
    ((_, counts),) = watch._recent.items()
    assert (len(counts), sum(counts.values())) == (101, 1000)
    for number in range(1000):
        watch.observe([f"D{number}"], START_S - HOUR_S)
    assert (len(watch._reference), sum(watch._reference.values())) == (101, 1000.0)
    watch._fold(counts)
    assert (len(watch._reference), sum(watch._reference.values())) == (
        101,
        pytest.approx(1000.0 + 1000.0 * 23 / 24),
    )


@given(st.lists(st.sampled_from("ABCDEFGHIJ"), max_size=60), st.randoms(use_true_random=False))
def test_which_categories_are_told_apart_depends_on_no_order(names: list[str], chance: random.Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mix, "MAX_CATEGORIES", 3)
        counts = []
        for _ in range(2):
            watch = MixWatch(WHOLE, DriftSettings())
            for name in names:
                watch.observe([name], START_S)
            counts.append(watch._hours)
            chance.shuffle(names)
    assert counts[0] == counts[1]
    kept = sorted(set(names))[:3]
    assert counts[0] == {START_S // HOUR_S: _expected(names, kept)} or not names


def _expected(names: list[str], kept: list[str]) -> dict[str, int]:
    told = {name: names.count(name) for name in kept}
    rest = len(names) - sum(told.values())
    return told | ({REST: rest} if rest else {})


def test_what_an_hour_does_not_tell_apart_is_one_in_its_reference() -> None:
    """A category that has lost its place to the alphabet has not become rare."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mix, "MAX_CATEGORIES", 3)
        watch = MixWatch(WHOLE, DriftSettings())
        assert hours(watch, 0, 10, {"B": 2, "C": 2, "Z": 6}) == []
        found = hours(watch, 10, 1, {"A": 0.02, "B": 2, "C": 2, "Z": 6})
    assert found == []


def test_the_most_frequent_categories_have_a_place_in_the_reference() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mix, "MAX_CATEGORIES", 3)
        watch = MixWatch(WHOLE, DriftSettings())
        hours(watch, 0, 3, {"A": 1, "B": 1, "C": 1})
        hours(watch, 3, 60, {"C": 1, "D": 2, "E": 2})
        assert set(watch._reference) - {REST} == {"C", "D", "E"}
