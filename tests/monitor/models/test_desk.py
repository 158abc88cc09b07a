"""The alarm desk: on change only, once per cool-down, within the week's budget, and no chance finds of many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.models.desk import Desk
from monitor.models.firing import Firing
from monitor.models.kinship import Kinship
from monitor.settings import AlarmSettings
from monitor.types import WHOLE, Activity, Alarm, AlarmState, Dimension, Level, Signal, Slice
from tests.support.monitor import START_S

HOUR_S, DAY_S = 3600.0, 86_400.0
MODEL, TENANT = Slice(Dimension.MODEL, "m"), Slice(Dimension.TENANT, "t")


def firing(place: Slice = WHOLE, **more: object) -> Firing:
    values: dict[str, object] = {
        "signal": Signal.INCIDENTS, "detector": "rate_rise", "level": Level.TICKET, "chance": 1e-8,
        "observed": 0.03, "expected": 0.01, "evidence": {"statistic": 1e8},
        "start_s": START_S - 60, "end_s": START_S, "events": 900,
    }  # fmt: skip
    return Firing(slice=place, **(values | more))  # type: ignore[arg-type]


class Bench:
    """A desk, with the traffic of every tenant in model m."""

    def __init__(self, **settings: object) -> None:
        self.desk = Desk(AlarmSettings(**settings), 0.05)  # type: ignore[arg-type]

    def fire(self, one: Firing, after_s: float = 0.0, live: int = 200) -> list[Alarm]:
        kinship = Kinship(lambda _child, parent: float(parent == MODEL), lambda _slice, _signal: None)
        return self.desk.fire(one, START_S + after_s, live, kinship)


def test_an_alarm_opens_once_and_carries_its_numbers() -> None:
    bench = Bench()
    (alarm,) = bench.fire(firing())
    assert (alarm.activity, alarm.state, alarm.level) == (Activity.CREATE, AlarmState.OPEN, Level.TICKET)
    assert alarm.evidence == {"statistic": 1e8, "chance": 1e-8}
    assert (alarm.observed, alarm.expected, alarm.events) == (0.03, 0.01, 900)
    assert bench.fire(firing(), 10) == []
    assert bench.desk.alarms() == [alarm]


def test_a_window_of_answers_that_came_in_disorder_has_its_start_before_its_end() -> None:
    (alarm,) = Bench().fire(firing(start_s=START_S, end_s=START_S - 300))
    assert (alarm.window_start_s, alarm.window_end_s) == (START_S - 300, START_S)


def test_ids_are_the_same_in_a_replay_and_different_otherwise() -> None:
    assert Bench().fire(firing()) == Bench().fire(firing())
    ids = {Bench().fire(firing(place))[0].alarm_id for place in (WHOLE, MODEL, TENANT)}
    assert len(ids) == 3


def test_a_second_test_that_agrees_raises_the_level() -> None:
    bench = Bench()
    bench.fire(firing())
    (raised,) = bench.fire(firing(detector="adwin", evidence={"delta": 0.002}, chance=1e-4), 5)
    assert (raised.activity, raised.level) == (Activity.UPDATE, Level.PAGE)
    assert raised.evidence["adwin_delta"] == 0.002
    assert bench.fire(firing(detector="adwin", level=Level.PAGE), 6) == []


def test_people_acknowledge_and_close() -> None:
    bench = Bench()
    (alarm,) = bench.fire(firing())
    (seen,) = bench.desk.acknowledge(alarm.alarm_id, START_S + 1)
    assert seen.state is AlarmState.ACKNOWLEDGED
    assert bench.desk.acknowledge(alarm.alarm_id, START_S + 2) == []
    (closed,) = bench.desk.close(alarm.alarm_id, START_S + 3)
    assert (closed.activity, closed.state, closed.about) == (
        Activity.CLOSE,
        AlarmState.CLOSED,
        {"closed": "person"},
    )
    for act in (bench.desk.close, bench.desk.acknowledge):
        with pytest.raises(KeyError):
            act(alarm.alarm_id, START_S + 4)


def test_an_alarm_rests_after_it_was_closed() -> None:
    bench = Bench()
    (alarm,) = bench.fire(firing())
    bench.desk.close(alarm.alarm_id, START_S + 1)
    assert bench.fire(firing(), HOUR_S - 1) == []
    bench.desk.tick(START_S + HOUR_S)
    (again,) = bench.fire(firing(), HOUR_S)
    assert again.alarm_id != alarm.alarm_id


def test_after_adwin_it_rests_for_as_long_as_its_window_was() -> None:
    bench = Bench()
    (alarm,) = bench.fire(firing(detector="adwin", start_s=START_S - 5 * HOUR_S))
    bench.desk.close(alarm.alarm_id, START_S + 1)
    assert bench.fire(firing(), 4 * HOUR_S) == []


def test_a_drift_alarm_ends_with_its_day() -> None:
    bench = Bench()
    bench.fire(firing())
    assert bench.desk.tick(START_S + DAY_S - 1) == []
    (closed,) = bench.desk.tick(START_S + DAY_S)
    assert closed.about == {"closed": "age"}


def test_f8_a_burn_rate_resets_within_five_minutes_and_opens_again_as_the_same_alarm() -> None:
    bench, burn = Bench(), firing(detector="burn_rate", level=Level.PAGE, chance=0.0)
    (alarm,) = bench.fire(burn)
    calm = [bench.desk.calm(WHOLE, Signal.INCIDENTS, START_S + 10 * n) for n in range(1, 40)]
    (closed,) = [one for changed in calm for one in changed]
    assert closed.activity is Activity.CLOSE
    assert closed.changed_s - START_S <= 310
    (again,) = bench.fire(burn, 600)
    assert (again.alarm_id, again.activity, again.state) == (alarm.alarm_id, Activity.UPDATE, AlarmState.OPEN)


def test_a_budget_that_burns_again_does_not_close() -> None:
    bench, burn = Bench(), firing(detector="burn_rate", chance=0.0)
    bench.fire(burn)
    for n in range(100):
        assert bench.desk.calm(WHOLE, Signal.INCIDENTS, START_S + 100 * n) == []
        assert bench.fire(burn, 100 * n + 50) == []
    assert bench.desk.has_burn(WHOLE)


def test_the_whole_explains_its_parts_before_and_after() -> None:
    bench = Bench()
    (tenant,) = bench.fire(firing(TENANT))
    whole, updated = bench.fire(firing(), 1)
    assert (updated.alarm_id, updated.explained_by) == (tenant.alarm_id, whole.alarm_id)
    (model,) = bench.fire(firing(MODEL), 2)
    assert model.explained_by == whole.alarm_id
    (cause,) = bench.fire(firing(Slice(Dimension.TENANT, "other"), observed=0.2), 3)
    assert cause.explained_by is None


def test_chance_finds_among_many_slices_are_left_out() -> None:
    """One ADWIN of 0.002 among 200 slices is expected; among ten it is news, and so are many at once."""
    assert Bench().fire(firing(chance=0.002)) == []
    assert len(Bench().fire(firing(chance=0.002), live=10)) == 1
    bench = Bench()
    opened = [
        alarm for n in range(10) for alarm in bench.fire(firing(Slice(Dimension.MODEL, f"m{n}"), chance=0.002))
    ]
    assert len(opened) == 10
    assert bench.fire(firing(chance=0.002), HOUR_S) == []


def test_the_weeks_budget_sends_the_rest_to_the_digest() -> None:
    bench = Bench(pages_per_week=2)
    places = [Slice(Dimension.MODEL, f"m{n}") for n in range(4)]
    levels = [bench.fire(firing(place, level=Level.PAGE), HOUR_S * n)[0].level for n, place in enumerate(places)]
    assert levels == [Level.PAGE, Level.PAGE, Level.DIGEST, Level.DIGEST]
    later, *_ = bench.fire(firing(level=Level.PAGE), 7 * DAY_S + 2 * HOUR_S)
    assert later.level is Level.PAGE


def test_explained_alarms_and_advice_cost_no_budget() -> None:
    bench = Bench(tickets_per_week=1)
    bench.fire(firing())
    (part,) = bench.fire(firing(TENANT), 1)
    (advice,) = bench.fire(firing(signal=Signal.ODDITY, level=Level.INFO), 2)
    assert (part.level, advice.level) == (Level.TICKET, Level.INFO)


def test_the_alarms_of_a_slice_that_is_gone_are_closed() -> None:
    bench = Bench()
    bench.fire(firing(TENANT))
    (closed,) = bench.desk.drop(TENANT, START_S)
    assert closed.about == {"closed": "slice"}


def test_closed_alarms_are_bounded() -> None:
    bench = Bench(keep_closed=3)
    for n in range(10):
        (alarm,) = bench.fire(firing(Slice(Dimension.MODEL, f"m{n}")))
        bench.desk.close(alarm.alarm_id, START_S)
    assert len(bench.desk.alarms()) == 3


def test_what_an_alarm_is_about_tells_it_from_others() -> None:
    bench = Bench()
    one = firing(signal=Signal.MIX, about={"category": "A"})
    assert len(bench.fire(one)) == len(bench.fire(replace(one, about={"category": "B"}))) == 1
