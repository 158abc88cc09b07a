"""The engine's alarms, from answers in to alarms out: a change, a burst, a new policy, verdicts, a restart."""

from __future__ import annotations

import dataclasses
import random

import pytest

from monitor.engine import Engine
from monitor.records import ExchangeRecord, PolicyRecord
from monitor.settings import Budget, MonitorSettings
from monitor.types import WHOLE, Activity, Alarm, AlarmState, Dimension, Level, Signal, Slice
from tests.support.monitor import START_S, caught, exchange, incident, verdict

QUIET = MonitorSettings(budgets=())
"""Without budgets: what is left are the change detectors."""
RATES = {Signal.INCIDENTS, Signal.HARMFUL_COMPLIANCE, Signal.BLOCKS}


def traffic(
    count: int, rate: float, start: int = 0, seed: int = 1, tenants: int = 50, step_s: float = 0.1
) -> list[ExchangeRecord]:
    chance = random.Random(f"{seed} {start}")
    return [
        (caught if chance.random() < rate else exchange)(
            START_S + step_s * number, tenant=f"t{chance.randrange(tenants)}", model="m"
        )
        for number in range(start, start + count)
    ]


def play(engine: Engine, records: list[ExchangeRecord]) -> list[Alarm]:
    return [alarm for record in records for alarm in engine.receive(record, max(record.time_s, engine.now_s))]


def opened(alarms: list[Alarm], signal: Signal = Signal.INCIDENTS) -> list[Alarm]:
    return [alarm for alarm in alarms if alarm.activity is Activity.CREATE and alarm.signal is signal]


def test_a_rise_opens_one_alarm_that_nobody_else_repeats() -> None:
    engine = Engine(QUIET)
    assert play(engine, traffic(3000, 0.03)) == []
    alarms = play(engine, traffic(800, 0.3, start=3000))
    first = opened(alarms)[0]
    assert (first.slice, first.detector, first.state) == (WHOLE, "rate_rise", AlarmState.OPEN)
    assert first.opened_s - (START_S + 300) < 20
    unexplained = [alarm for alarm in engine.alarms() if alarm.signal in RATES and alarm.explained_by is None]
    assert {alarm.slice for alarm in unexplained} == {WHOLE}
    page = next(alarm for alarm in engine.alarms() if alarm.alarm_id == first.alarm_id)
    assert page.level is Level.PAGE, "ADWIN agreed"
    assert len({alarm.alarm_id for alarm in opened(alarms)}) == len(opened(alarms))


@pytest.mark.parametrize("side", ["over_refusals", "harmful_compliance"])
def test_an_alarm_of_one_side_of_refusals_carries_the_numbers_of_both(side: str) -> None:
    """As they are now and were in the hour: a rise of one says little without the other."""
    chance, engine = random.Random(1), Engine(QUIET)
    declined = [dataclasses.replace(one, refusal="full") for one in traffic(1000, 0.0, 3000, step_s=1.0)]
    changed = declined if side == "over_refusals" else traffic(1000, 0.3, 3000, step_s=1.0)
    alarms = play(
        engine,
        [
            dataclasses.replace(one, refusal="full") if chance.random() < 0.05 else one
            for one in [*traffic(3000, 0.03, step_s=1.0), *changed]
        ],
    )
    told = [one for one in alarms if one.signal in {"refusals", "over_refusals", "harmful_compliance"}]
    assert side in {one.signal for one in told}
    for alarm in told:
        evidence = alarm.evidence
        assert 3000 < evidence["answers_1h"] <= 3620
        assert 0.0 < evidence["over_refusals_1h"] < 1.0
        assert 0.0 < evidence["harmful_compliance_1h"] < 1.0
        assert evidence[f"{side}_5m"] > evidence[f"{side}_1h"]


def test_f3_a_burst_of_one_tenant_raises_at_most_one_alarm() -> None:
    engine = Engine(QUIET)
    play(engine, traffic(3000, 0.03))
    burst = [caught(START_S + 300 + 0.01 * number, tenant="t7") for number in range(300)]
    alarms = play(engine, burst)
    created = [one for one in alarms if one.activity is Activity.CREATE and one.explained_by is None]
    assert [one.slice for one in created if one.level is not Level.INFO] == [Slice(Dimension.TENANT, "t7")]


def test_f6_ten_minutes_of_disorder_move_an_alarm_by_little_and_counts_by_nothing() -> None:
    """A record comes up to ten minutes after its time; of after the change, no more than 25 % more are needed."""
    records = [*traffic(9000, 0.03), *traffic(7000, 0.15, start=9000)]
    chance = random.Random(2)
    needed, counts = [], []
    for late_s in (0.0, 600.0):
        engine, after, first = Engine(QUIET), 0, None
        arrivals = [(record.time_s + chance.uniform(0, late_s), record) for record in records]
        for now_s, record in sorted(arrivals, key=lambda arrival: arrival[0]):
            after += record.time_s >= START_S + 900
            found = opened(engine.receive(record, now_s))
            first = after if found and first is None else first
        needed.append(first or 0)
        engine.advance(START_S + 2400)
        counts.append(engine.series(WHOLE, Signal.INCIDENTS, "1h"))
    assert counts[0] == counts[1]
    assert 0 < needed[1] <= 1.25 * needed[0]


def mixed(hours: int, turns: int, model: str = "m", seed: int = 1) -> list[ExchangeRecord]:
    """100 incidents an hour, each tenth a second thing; from an hour on, every second one."""
    chance = random.Random(seed)
    times = sorted(chance.uniform(0.0, 3600.0 * hours) for _ in range(100 * hours))
    return [
        caught(
            START_S + time_s,
            category="WORD" if chance.random() < (0.1 if time_s < 3600.0 * turns else 0.5) else "CARD",
            tenant=None,
            model=model,
        )
        for time_s in times
    ]


def test_f6_ten_minutes_of_disorder_leave_what_is_said_of_the_mix() -> None:
    """Every slice says the same of the same hours, when the watermark has passed their ends."""
    records, chance, told = mixed(5, 3), random.Random(3), []
    for late_s in (0.0, 600.0):
        engine, alarms = Engine(QUIET), []
        arrivals = sorted((one.time_s + chance.uniform(0, late_s), n, one) for n, one in enumerate(records))
        for now_s, _, record in arrivals:
            alarms += engine.receive(record, now_s)
        alarms += engine.advance(START_S + 5 * 3600 + 7200)
        found = opened(alarms, Signal.MIX)
        told.append(
            {
                (one.slice, one.about["category"], one.window_start_s, one.observed, one.expected, one.events)
                for one in found
            }
        )
        assert all(600.0 <= one.opened_s - one.window_end_s <= 660.0 + late_s for one in found)
    assert told[0] == told[1]
    hour_s = START_S + 3 * 3600
    models = (WHOLE, Slice(Dimension.MODEL, "m"))
    assert {(place, name, hour_s) for place in models for name in ("CARD", "WORD")} <= {one[:3] for one in told[0]}


def test_the_mix_of_a_slice_that_pauses_is_judged_all_the_same() -> None:
    engine = Engine(QUIET)
    records = [
        *mixed(4, 3, "pauses"),
        *(exchange(START_S + 20.0 * n, model="goes-on") for n in range(4 * 180 + 60)),
    ]
    alarms = play(engine, sorted(records, key=lambda one: one.time_s))
    (found,) = {
        (one.opened_s, one.window_end_s)
        for one in opened(alarms, Signal.MIX)
        if one.slice == Slice(Dimension.MODEL, "pauses")
    }
    assert found == (START_S + 4 * 3600 + 660, START_S + 4 * 3600)


def test_the_mix_is_judged_when_all_traffic_has_stopped() -> None:
    engine = Engine(QUIET)
    play(engine, mixed(4, 3))
    assert opened(engine.advance(START_S + 4 * 3600 + 3000), Signal.MIX) == []
    assert opened(engine.advance(START_S + 4 * 3600 + 3660), Signal.MIX)


def test_f5_a_restart_while_an_hour_is_open_changes_nothing() -> None:
    """And a late answer finds its hour in the restored engine."""
    records = mixed(5, 3)
    late = [caught(START_S + 4 * 3600 - 1 - n, category="WORD", tenant=None) for n in range(20)]
    cut = next(n for n, one in enumerate(records) if one.time_s > START_S + 4 * 3600 + 300)
    records = [*records[:cut], *late, *records[cut:]]
    whole = Engine(QUIET)
    expected = play(whole, records)
    assert opened(expected, Signal.MIX)
    first = Engine(QUIET)
    said = play(first, records[: cut + 5])
    second = Engine.restore(first.snapshot(), QUIET)
    assert said + play(second, records[cut + 5 :]) == expected
    assert second.snapshot() == whole.snapshot()


def test_a_budget_that_burns_pages_and_resets() -> None:
    settings = MonitorSettings(budgets=(Budget(signal=Signal.INCIDENTS, share=0.01),))
    engine = Engine(settings)
    records = [caught(START_S + number) if number % 4 == 0 else exchange(START_S + number) for number in range(200)]
    burning = [alarm for alarm in play(engine, records) if alarm.detector == "burn_rate"]
    assert next((alarm.activity, alarm.level) for alarm in burning) == (Activity.CREATE, Level.PAGE)
    calm = [exchange(START_S + 200 + number) for number in range(900)]
    closed = [alarm for alarm in play(engine, calm) if alarm.activity is Activity.CLOSE]
    assert len(closed) == 1
    assert closed[0].changed_s - (START_S + 200) < 700


def test_silence_pages() -> None:
    engine = Engine(QUIET)
    play(engine, traffic(2400, 0.0, step_s=1.0))
    alarms = engine.advance(engine.now_s + 900)
    assert (WHOLE, Level.PAGE) in {(alarm.slice, alarm.level) for alarm in opened(alarms, Signal.SILENCE)}
    assert len(opened(alarms, Signal.SILENCE)) == len({alarm.slice for alarm in opened(alarms, Signal.SILENCE)})


def test_a_new_revision_begins_new_detectors_beside_the_old() -> None:
    """What the old ones see of the new policy is there to be read, and wakes nobody."""
    engine = Engine(QUIET)
    play(engine, traffic(3000, 0.03))
    after = [dataclasses.replace(one, revision="sha256:1") for one in traffic(800, 0.3, start=3000)]
    alarms = opened(play(engine, after))
    assert {alarm.level for alarm in alarms} == {Level.INFO}
    assert {alarm.about["policy"] for alarm in alarms} == {"before"}
    assert engine._watches[WHOLE].is_shadowed
    engine.advance(engine.now_s + 86_460)
    assert not engine._watches[WHOLE].is_shadowed


def test_what_the_old_detectors_say_of_an_hour_under_the_new_policy_is_there_to_be_read() -> None:
    engine = Engine(QUIET)
    records = [
        dataclasses.replace(one, revision="sha256:1") if one.time_s > START_S + 3 * 3600 else one
        for one in mixed(4, 3)
    ]
    alarms = play(engine, records) + engine.advance(START_S + 5 * 3600)
    found = opened(alarms, Signal.MIX)
    assert {(one.level, one.about["policy"], one.window_start_s) for one in found} == {
        (Level.INFO, "before", START_S + 3 * 3600)
    }


def test_in_a_rollout_detectors_begin_once_and_a_small_policy_does_not_touch_the_whole() -> None:
    engine = Engine(QUIET)
    play(engine, traffic(400, 0.02))
    both = [
        dataclasses.replace(one, revision=f"sha256:{n % 2}") for n, one in enumerate(traffic(100, 0.02, start=400))
    ]
    play(engine, both)
    watch = engine._watches[WHOLE]
    learned = watch._now
    play(engine, [dataclasses.replace(one, revision="sha256:0") for one in traffic(20, 0.02, start=500)])
    small = [dataclasses.replace(one, policy="tiny") for one in traffic(4, 0.02, start=520)]
    play(engine, [dataclasses.replace(one, revision=f"sha256:{n}") for n, one in enumerate(small)])
    assert watch._now is learned
    assert engine._watches[Slice(Dimension.POLICY, "tiny")].is_shadowed


def test_an_event_of_a_policy_does_the_same() -> None:
    engine = Engine(QUIET)
    play(engine, traffic(200, 0.02))
    for revision in ("sha256:0", "sha256:9"):
        engine.receive(PolicyRecord(revision, engine.now_s, "reloaded", "acme", revision), engine.now_s)
    assert engine._watches[WHOLE].is_shadowed


def test_people_and_verdicts() -> None:
    engine = Engine(QUIET)
    for number in range(60):
        engine.receive(incident(number), START_S)
    alarms = [
        one for number in range(60) for one in engine.receive(verdict(number, "false_positive"), START_S + 60)
    ]
    (alarm,) = opened(alarms, Signal.PRECISION)
    assert alarm.about == {"policy": "acme", "rule": "cards"}
    assert engine.precisions()[0].wrong == 60
    assert engine.label_delays_s()[0.5] == 0.0
    assert engine.recall() is None
    assert set(engine.estimated_precisions()) == {("acme", "cards")}
    (seen,) = engine.acknowledge(alarm.alarm_id, START_S + 61)
    assert seen.state is AlarmState.ACKNOWLEDGED
    (closed,) = engine.close(alarm.alarm_id, START_S + 62)
    assert closed.state is AlarmState.CLOSED
    with pytest.raises(KeyError):
        engine.close(alarm.alarm_id, START_S + 63)


def test_f5_a_restart_in_the_middle_of_a_change_raises_the_same_alarms() -> None:
    records = [*traffic(3000, 0.03), *traffic(300, 0.4, start=3000)]
    whole = Engine(QUIET)
    expected = play(whole, records)
    assert opened(expected)
    for cut in (3015, 3200):
        first = Engine(QUIET)
        said = play(first, records[:cut])
        second = Engine.restore(first.snapshot(), QUIET)
        assert said + play(second, records[cut:]) == expected
        assert second.snapshot() == whole.snapshot()


def test_a_restored_engine_takes_new_budgets() -> None:
    engine = Engine(QUIET)
    play(engine, [caught(START_S + number) for number in range(100)])
    burning = MonitorSettings(budgets=(Budget(signal=Signal.INCIDENTS, share=0.01),))
    restored = Engine.restore(engine.snapshot(), burning)
    alarms = play(restored, [caught(START_S + 100 + number) for number in range(20)])
    assert "burn_rate" in {alarm.detector for alarm in alarms}


def test_exchanges_that_no_model_answered_are_no_answers() -> None:
    engine = Engine(QUIET)
    play(engine, [exchange(decision="upstream_error"), exchange(decision="refused"), exchange()])
    assert [one.responses for one in engine.slices() if one.slice == WHOLE] == [1]


def test_the_digest_has_what_no_channel_had_room_for() -> None:
    settings = dataclasses.replace(QUIET, alarms=dataclasses.replace(QUIET.alarms, tickets_per_week=0))
    engine = Engine(settings)
    play(engine, [*traffic(3000, 0.02), *traffic(300, 0.3, start=3000)])
    assert engine.weekly_digest()
    assert {alarm.level for alarm in engine.weekly_digest()} == {Level.DIGEST}


def test_quantiles_and_references_can_be_read() -> None:
    engine = Engine(QUIET)
    play(engine, traffic(2500, 0.02))
    assert engine.quantiles()[Signal.HELD][0.5] == 3.0
    assert engine.reference() is not None
    assert engine.proposals() == []
    with pytest.raises(KeyError):
        engine.quantiles(Slice(Dimension.MODEL, "unknown"))
