"""Watches of one signal: what they say when they fire, and what they leave unsaid."""

from __future__ import annotations

import random

import pytest

from monitor.models.changes import MeanWatch, Recent, ShareWatch
from monitor.models.firing import Firing
from monitor.settings import DriftSettings
from monitor.snapshots import dump, load
from monitor.types import WHOLE, Level, Signal


def shares(watch: ShareWatch, rate: float, answers: int, seed: int, start_s: float = 0.0) -> list[Firing]:
    chance = random.Random(seed)
    return [
        firing for number in range(answers) for firing in watch.observe(chance.random() < rate, start_s + number)
    ]


def test_a_rise_is_told_by_both_tests_with_their_numbers() -> None:
    watch = ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings())
    assert shares(watch, 0.01, 20_000, 1) == []
    found = shares(watch, 0.06, 2000, 2, start_s=20_000.0)
    assert {"rate_rise", "adwin"} == {firing.detector for firing in found}
    rise = next(firing for firing in found if firing.detector == "rate_rise")
    assert rise.level is Level.TICKET
    assert rise.is_rise
    assert rise.evidence["hits"] / rise.evidence["answers"] == rise.observed > 0.03
    assert 19_000 < rise.start_s < 20_300
    assert rise.start_s < rise.end_s
    assert rise.chance < 1e-6
    adwins = [firing for firing in found if firing.detector == "adwin"]
    assert {firing.level for firing in adwins} == {Level.TICKET, Level.PAGE}
    assert all(firing.start_s > 19_000 for firing in adwins)


def test_a_fall_is_told_only_where_it_is_asked_for() -> None:
    for falls in (False, True):
        watch = ShareWatch(WHOLE, Signal.REFUSALS, DriftSettings(), falls=falls)
        shares(watch, 0.2, 10_000, 3)
        found = shares(watch, 0.02, 3000, 4) + watch.settle(1.0)
        assert bool(found) is falls
        assert not any(firing.is_rise for firing in found)


def test_one_without_adwin_may_skip() -> None:
    watch = ShareWatch(WHOLE, Signal.BLOCKS, DriftSettings(), adwin=False)
    for number in range(100):
        watch.skip(99)
        assert watch.observe(is_hit=True, time_s=100.0 * number) == []
    assert abs(watch.baseline - 0.01) < 1e-3
    found = [firing for number in range(20) for firing in watch.observe(is_hit=True, time_s=1e4 + number)]
    assert [firing.detector for firing in found][:1] == ["rate_rise"]


def test_a_mean_that_moves_is_told_above_the_floor() -> None:
    for floor, fires in ((0.02, True), (0.5, False)):
        watch = MeanWatch(WHOLE, Signal.SCORES, 0.002, Level.TICKET, floor)
        chance = random.Random(5)
        for _ in range(5000):
            assert watch.observe([chance.betavariate(2, 8)], [0.0]) == []
        found = [firing for _ in range(3000) for firing in watch.observe([chance.betavariate(4, 6)], [1.0])]
        assert bool(found) is fires


def test_the_last_answers_say_when_a_mean_moved_and_to_what() -> None:
    recent = Recent()
    mark = recent.mark()
    for number in range(3000):
        recent.add([1.0 if number < 2500 else 3.0], float(number), float(number))
    move = recent.move(mark)
    assert abs(move.start_s - 2500) <= 32
    assert abs(move.before - 1.0) < 0.05
    assert abs(move.after - 3.0) < 0.1
    assert move.total == move.after * move.answers


def test_a_window_too_short_to_tell_has_not_moved() -> None:
    recent = Recent()
    recent.add([1.0], 5.0, 5.0)
    move = recent.move(recent.mark())
    assert (move.before, move.after) == (0.0, 0.0)


def told(watch: ShareWatch, answers: list[tuple[bool, float]], *, together: bool) -> tuple[list[str], bytes]:
    """Return what was said, and the state at the end. One by one, a snapshot is made after each."""
    said: list[str] = []
    missed_s: list[float] = []

    def catch_up() -> None:
        nonlocal missed_s
        said.extend(repr(firing) for firing in (watch.miss(missed_s) if missed_s else []))
        missed_s = []

    for is_hit, time_s in answers:
        if together and not is_hit and watch.from_s <= time_s < watch.until_s:
            missed_s.append(time_s)
        else:
            catch_up()
            said += [repr(firing) for firing in watch.observe(is_hit, time_s)]
        if len(missed_s) >= watch.room:
            catch_up()
        if not together:
            watch = load(dump(watch))
    catch_up()
    said += [repr(firing) for firing in watch.settle(answers[-1][1])]
    return said, dump(watch)


@pytest.mark.parametrize("late_s", [0.0, 600.0])
@pytest.mark.parametrize("adwin", [True, False])
def test_answers_that_are_told_together_leave_nothing_else_than_those_that_are_not(
    late_s: float, *, adwin: bool
) -> None:
    chance = random.Random(7)
    arrived = sorted(
        (time_s + chance.uniform(0, late_s), chance.random() < (0.02 if time_s < 3000 else 0.1), float(time_s))
        for time_s in range(4000)
    )
    answers = [(is_hit, time_s) for _, is_hit, time_s in arrived]
    one, other = (
        told(
            ShareWatch(WHOLE, Signal.INCIDENTS, DriftSettings(), falls=True, adwin=adwin),
            answers,
            together=together,
        )
        for together in (True, False)
    )
    assert one[0]
    assert one == other


def test_values_that_are_told_together_leave_nothing_else_than_those_that_are_not() -> None:
    chance = random.Random(8)
    one, other = (MeanWatch(WHOLE, Signal.SCORES, 0.002, Level.TICKET, 0.02) for _ in range(2))
    said: list[Firing] = []
    done = 0
    while done < 3000:
        numbers = range(done, done + chance.randint(1, one.room))
        values = [chance.betavariate(2, 8 if number < 2000 else 4) for number in numbers]
        found = one.observe(values, [float(number) for number in numbers])
        assert [f for at, v in zip(numbers, values, strict=True) for f in other.observe([v], [float(at)])] == found
        said += found
        done += len(numbers)
    assert said
    assert dump(one) == dump(other)
