"""The engine as its users see it: what counts, what does not, and that state survives bit for bit."""

from __future__ import annotations

import dataclasses
import random

from monitor.engine import Engine
from monitor.records import ExchangeRecord
from monitor.types import WHOLE, Dimension, Rate, Signal, Slice
from tests.support.monitor import START_S, caught, exchange

DAY_S = 86_400.0


def traffic(count: int, seed: int = 1, step_s: float = 0.5) -> list[ExchangeRecord]:
    """Answers of some tenants and models, a tenth of them with an incident."""
    chance = random.Random(seed)
    return [
        (caught if chance.random() < 0.1 else exchange)(
            START_S + step_s * number, tenant=f"t{chance.randrange(5)}", model=f"m{chance.randrange(2)}"
        )
        for number in range(count)
    ]


def played(records: list[ExchangeRecord], now_s: float | None = None) -> Engine:
    engine = Engine()
    for record in records:
        engine.receive(record, record.time_s if now_s is None else now_s)
    return engine


def rate(engine: Engine, window: str, place: Slice = WHOLE, signal: Signal = Signal.INCIDENTS) -> Rate:
    (found,) = [
        one
        for one in engine.rates(place.dimension)
        if (one.slice, one.signal, one.window) == (place, signal, window)
    ]
    return found


def test_rates_tell_counts_and_an_interval() -> None:
    records = [caught(START_S + number) if number % 4 == 0 else exchange(START_S + number) for number in range(40)]
    found = rate(played(records), "1m")
    assert (found.count, found.responses, found.share) == (10, 40, 0.25)
    assert 0.14 < found.low < 0.15
    assert 0.40 < found.high < 0.41


def test_a_window_forgets() -> None:
    engine = played([caught()])
    engine.advance(START_S + 3600)
    assert [rate(engine, window).count for window in ("5m", "6h", "3d")] == [0, 1, 1]


def test_slices_are_told_apart() -> None:
    engine = played(traffic(500))
    places = {one.slice for one in engine.slices()}
    assert {Slice(Dimension.MODEL, "m0"), Slice(Dimension.TENANT, "t4"), WHOLE} <= places
    counts = [rate(engine, "6h", one.slice).responses for one in engine.slices() if one.slice.dimension == "tenant"]
    assert sum(counts) == rate(engine, "6h").responses == 500


def test_f4_five_copies_leave_the_state_that_one_leaves() -> None:
    records = traffic(300)
    many = [record for record in records for _ in range(5)]
    assert played(many).digest() == played(records).digest()
    assert played(many).totals().duplicates == 4 * len(records)


def test_f5_a_restored_engine_goes_on_bit_for_bit() -> None:
    records = traffic(600)
    whole = played(records)
    restored = Engine.restore(played(records[:300]).snapshot())
    for record in records[300:]:
        restored.receive(record, record.time_s)
    assert restored.snapshot() == whole.snapshot()


def test_f6_counts_do_not_depend_on_the_order() -> None:
    records = traffic(1000)
    mixed = sorted(records, key=lambda record: record.time_s + random.Random(record.event_id).uniform(0, 600))
    now_s = records[-1].time_s + 600
    one, other = played(records, now_s), played(mixed, now_s)
    assert sorted(one.rates(), key=str) == sorted(other.rates(), key=str)


def test_f7_a_wrong_clock_changes_no_window() -> None:
    records = traffic(300)
    engine = played(records)
    before = engine.rates()
    for time_s in (0.0, START_S + 365 * DAY_S, START_S - 2 * DAY_S):
        engine.receive(caught(time_s), engine.now_s)
    assert engine.rates() == before
    assert (engine.totals().late, engine.totals().future) == (2, 1)


def test_a_time_that_goes_back_stands_still() -> None:
    engine = Engine()
    engine.advance(START_S)
    engine.advance(START_S - 5)
    assert engine.now_s == START_S


def test_a_series_has_a_point_for_each_bucket() -> None:
    engine = played(traffic(1000, step_s=0.1))
    points = engine.series(WHOLE, Signal.INCIDENTS, "5m")
    assert sum(point.responses for point in points) == 1000
    assert {point.seconds for point in points} == {10.0}


def test_both_sides_of_refusals_are_read_together() -> None:
    engine = played([exchange(refusal="full"), exchange(), caught()])
    over, harmful = next(pair for pair in engine.balance() if pair[0].slice == WHOLE)
    assert (over.signal, over.count, harmful.signal, harmful.count) == ("over_refusals", 1, "harmful_compliance", 1)


def test_slices_that_no_window_shows_are_given_up() -> None:
    engine = played([caught(tenant="old")])
    for hour in range(74):
        engine.receive(exchange(START_S + 3600 * hour, tenant="new"), START_S + 3600 * hour)
    places = {one.slice for one in engine.slices()}
    assert Slice(Dimension.TENANT, "old") not in places
    assert Slice(Dimension.CATEGORY, "CARD") not in places
    assert {WHOLE, Slice(Dimension.TENANT, "new")} <= places


def test_refused_events_are_counted_by_reason() -> None:
    engine = Engine()
    engine.refuse("bad_time")
    engine.refuse("bad_time")
    assert engine.totals().refused == {"bad_time": 2}


def test_refusals_are_seen_from_both_sides() -> None:
    records = [
        exchange(refusal="full"),
        exchange(refusal="partial", request_categories=("CARD",)),
        caught(),
        dataclasses.replace(caught(), refusal="full"),
    ]
    engine = played(records)
    counts = {
        signal: rate(engine, "1h", signal=signal).count
        for signal in (Signal.REFUSALS, Signal.OVER_REFUSALS, Signal.HARMFUL_COMPLIANCE, Signal.REFUSALS_FULL)
    }
    assert counts == {"refusals": 3, "over_refusals": 1, "harmful_compliance": 1, "refusals_full": 2}
