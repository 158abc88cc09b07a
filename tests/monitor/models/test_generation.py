"""The detectors of a slice: each signal reaches its own."""

from __future__ import annotations

import random

import pytest

from monitor.models.answer import answer_of
from monitor.models.firing import Firing
from monitor.models.generation import Generation
from monitor.settings import DriftSettings
from monitor.types import WHOLE, Dimension, Level, Signal, Slice
from tests.support.monitor import START_S, caught, exchange


def fed(generation: Generation, count: int, start: int = 0, **more: float) -> list[Firing]:
    """`incidents` and `refusals` are shares, `chars` a length, `score` a mean."""
    chance, found = random.Random(start), []
    for number in range(start, start + count):
        make = caught if chance.random() < more.get("incidents", 0.02) else exchange
        record = make(
            START_S + number,
            refusal="full" if chance.random() < more.get("refusals", 0.05) else "none",
            chars=int(more.get("chars", 300) * chance.uniform(0.5, 1.5)),
            score=min(1.0, more.get("score", 0.2) * chance.uniform(0.5, 1.5)),
        )
        answer = answer_of(record, [])
        found += generation.notice(answer, []) + generation.learn([answer], [answer.time_s])
    return found


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        ({"incidents": 0.2}, Signal.INCIDENTS),
        ({"refusals": 0.3}, Signal.REFUSALS),
        ({"refusals": 0.0}, Signal.REFUSALS),
        ({"refusals": 0.3}, Signal.OVER_REFUSALS),
        ({"incidents": 0.2}, Signal.HARMFUL_COMPLIANCE),
        ({"chars": 2000.0}, Signal.LENGTHS),
        ({"score": 0.5}, Signal.SCORES),
        ({"incidents": 0.0}, Signal.SILENCE),
    ],
    ids=str,
)
def test_each_change_reaches_its_signal(change: dict[str, float], signal: Signal) -> None:
    generation = Generation(WHOLE, DriftSettings(), {})
    assert fed(generation, 4000) == []
    found = fed(generation, 2000, 4000, **change) + generation.settle(START_S + 6000, [])
    assert signal in {firing.signal for firing in found}


def test_incidents_that_vanish_page_and_a_tenant_has_no_falls() -> None:
    whole, tenant = (Generation(place, DriftSettings(), {}) for place in (WHOLE, Slice(Dimension.TENANT, "t")))
    for generation in (whole, tenant):
        fed(generation, 4000)
    found = fed(whole, 2000, 4000, incidents=0.0) + whole.settle(START_S, [])
    assert Level.PAGE in {firing.level for firing in found if firing.signal is Signal.SILENCE}
    assert [one for one in fed(tenant, 2000, 4000, incidents=0.0) if one.signal is Signal.INCIDENTS] == []
    assert tenant.settle(START_S, []) == []


def test_a_burst_that_was_seen_teaches_nothing_about_incidents() -> None:
    generation = Generation(WHOLE, DriftSettings(), {})
    fed(generation, 3000)
    record = caught()
    found = [one for _ in range(300) for one in generation.learn_echo(answer_of(record, []))]
    assert {firing.signal for firing in found} <= {Signal.LENGTHS, Signal.REFUSALS}
