"""The harness runs, finds what is there to be found, and renews one section of its page at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.monitor import days, quiet
from benchmarks.monitor.__main__ import PARTS, renewed
from benchmarks.monitor.contenders import ALONE, EVENTS_PER_FALSE_ALARM, Monitor
from benchmarks.monitor.delays import by_answers, step
from benchmarks.monitor.disorder import AFTER, BEFORE, ORDERS, come_in, needed, optimum_needs
from benchmarks.monitor.lifelike import conversations
from benchmarks.monitor.optimum import Optimum
from benchmarks.monitor.stationary import mixed, rates
from benchmarks.monitor.streams import generator
from benchmarks.monitor.traffic import Fleet, answers, burst, late

if TYPE_CHECKING:
    import pytest


def test_the_mixture_keeps_up_with_the_optimum() -> None:
    best, ours = step(0.01, 0.1, 12)
    assert len(best.seen) == len(ours.seen) == 12
    assert sum(ours.seen) < 1.6 * sum(best.seen)


def test_a_party_that_sees_each_answer_is_timed_too() -> None:
    for make in (Monitor, ALONE["ADWIN, delta 0.002"]):
        found = by_answers(make, 0.01, 0.2, 2, 2000, 2000)
        assert (found.missed, found.false_alarms, found.answers) == (0, 0, 4000)


def test_the_fleet_has_the_rates_of_the_promise() -> None:
    assert (round(rates()[0], 6), round(rates()[-1], 6), len(rates())) == (0.002, 0.2, 200)
    alarms, total = mixed(100, 1, 1e7)
    assert (alarms, total) == (0, 20_000)


def test_orders_are_what_they_say() -> None:
    own = come_in(generator(1), ORDERS[0])
    late = come_in(generator(1), ORDERS[1]) - own
    assert 0 <= late.min() < 1
    assert 599 < late.max() <= 600
    blocks = come_in(generator(1), ORDERS[2])
    assert len(set(blocks)) == len(own)
    assert 300 < (blocks - own).max() <= 400
    assert (blocks >= own).all()
    found = needed(0.01, 0.1, ORDERS[1], 1)
    assert 20 < found.answers < 400
    assert not found.is_false


def test_the_optimum_of_answers_in_order_is_the_cusum_and_sees_no_change_where_none_is() -> None:
    for run in range(3):
        hits = generator(run, 7).random(BEFORE + AFTER) < np.where(np.arange(BEFORE + AFTER) < BEFORE, 0.01, 0.03)
        gaps = np.diff(np.flatnonzero(hits), prepend=-1).tolist()
        fired = Optimum(0.01, 0.03, EVENTS_PER_FALSE_ALARM).feed(gaps)
        assert fired is not None
        assert optimum_needs(0.01, 0.03, ORDERS[0], run).answers == fired - BEFORE
    for order in ORDERS[1:]:
        found = optimum_needs(0.01, 0.03, order, 0)
        assert 100 < found.answers < 2_500
        assert not found.is_false


def test_a_rise_is_found_among_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "DAYS", 3)
    assert days.by_day(0.0, 2_000, 2) == [0.0, 0.0, 0.0, 0.0]
    assert 50 < float(days.delay(0.5, 2_000, 2).replace(",", "")) < 2_000


def test_traffic_is_seeded_and_can_be_cut() -> None:
    whole = list(answers(Fleet(), 50, lambda _: 0.5, 1))
    assert whole == list(answers(Fleet(), 50, lambda _: 0.5, 1))
    assert len({record.event_id for record in whole}) == 50
    assert 10 < sum(bool(record.actions) for record in whole) < 40
    arrivals = late(whole, 5.0, 1)
    assert [record for record, _ in arrivals] != whole
    assert all(0 <= now_s - record.time_s <= 5.0 for record, now_s in arrivals)
    assert {record.tenant for record in burst(Fleet(), 10, 5, 1)} == {"t1"}


def test_conversations_change_nothing_and_are_not_even() -> None:
    """As many answers and incidents in the second half as in the first, but in bunches."""
    fleet = Fleet(per_s=10.0)
    records = list(conversations(fleet, 6_000, 0.1, 1))
    assert records[:50] == list(conversations(fleet, 50, 0.1, 1))
    times = [record.time_s for record in records]
    assert times == sorted(times)
    assert 0.9 < (times[-1] - times[3_000]) / (times[3_000] - times[0]) < 1.1
    halves = [sum(bool(one.categories) for one in records[start : start + 3_000]) for start in (0, 3_000)]
    assert all(220 < incidents < 380 for incidents in halves)
    tenants = Counter(one.tenant for one in records if one.categories)
    assert len({record.tenant for record in records}) == fleet.tenants
    assert max(tenants.values()) > 20
    assert any(len(one.categories) == 2 for one in records)
    assert max(one.chars for one in records) > 30_000
    assert min(one.chars for one in records) == 0


def test_alarms_where_nothing_changes_are_counted_and_changes_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quiet.calm_run(quiet.CALMS[0], 500, 1) == Counter(explained=0)
    monkeypatch.setattr(quiet, "LEARN", 800)
    name = next(name for name in quiet.CHANGES if name.startswith("lengths"))
    assert 0 < (quiet.delay_run(name, 1) or 0) < 3_000


def test_a_section_is_renewed_in_its_place() -> None:
    page = renewed("", "cost", "costs\n")
    page = renewed(page, "optimum", "first\n")
    assert page.index("first") < page.index("costs")
    again = renewed(page, "cost", "other\n")
    assert "costs" not in again
    assert "first" in again
    assert set(PARTS) > {"cost", "optimum"}
