"""F3: a burst of one tenant and rule is one observation; a tenant that is much of the traffic may show more."""

from __future__ import annotations

import math

from monitor.models.bursts import KEEP, MAX_KEYS, Bursts
from tests.support.monitor import START_S, caught, exchange


def echoes(bursts: Bursts, count: int, baseline: float = 0.01, **more: object) -> list[bool]:
    return [bursts.is_echo(caught(START_S, **more), baseline) for _ in range(count)]


def test_f3_only_the_first_of_a_burst_counts() -> None:
    bursts = Bursts(60.0)
    assert echoes(bursts, 5) == [False, True, True, True, True]
    assert echoes(bursts, 2, tenant="t2") == [False, True]
    assert echoes(bursts, 2, rule="other") == [False, True]
    assert not bursts.is_echo(caught(START_S + 60), 0.01)


def test_a_large_tenant_may_show_what_is_expected_of_it() -> None:
    bursts = Bursts(60.0)
    for _ in range(1000):
        assert not bursts.is_echo(exchange(), 0.01)
    assert echoes(bursts, 60).count(False) == 30


def test_without_a_tenant_the_end_user_counts_and_without_both_nothing_is_a_burst() -> None:
    bursts = Bursts(60.0)
    assert echoes(bursts, 2, tenant=None, subject="u1") == [False, True]
    assert echoes(bursts, 3, tenant=None) == [False] * 3


def test_before_a_rate_is_known_one_is_allowed() -> None:
    assert echoes(Bursts(60.0), 2, baseline=math.nan) == [False, True]


def test_memory_is_bounded() -> None:
    bursts = Bursts(60.0)
    for number in range(MAX_KEYS + 500):
        bursts.is_echo(exchange(START_S, tenant=f"t{number}"), 0.01)
    for number in range(50):
        bursts.is_echo(exchange(START_S + 60 * number), 0.01)
    assert len(bursts._minutes) == KEEP
    assert max(map(len, bursts._minutes.values())) <= MAX_KEYS + 2
