"""Traffic for the whole engine: records of answers, with what can go wrong on their way. Seeded."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import TYPE_CHECKING, Final

from monitor.records import ExchangeRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

START_S: Final = 1_795_651_200.0
"""Midnight in UTC, so that days are days."""
Arrival = tuple[ExchangeRecord, float]
"""A record, and when it comes in."""
CATEGORIES: Final = ("EMAIL", "CARD", "PHONE", "TOXICITY", "SECRET")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Who sends traffic."""

    tenants: int = 50
    models: int = 5
    routes: int = 3
    policies: int = 3
    per_s: float = 10.0
    refusals: float = 0.05


def answers(
    fleet: Fleet, count: int, rate: Callable[[int], float], seed: int, start: int = 0
) -> Iterator[ExchangeRecord]:
    """Yield answers, evenly in time; `rate` gives the share with an incident at each place."""
    chance = random.Random(f"{seed} {start}")
    for number in range(start, start + count):
        category = chance.choice(CATEGORIES)
        is_hit = chance.random() < rate(number)
        yield ExchangeRecord(
            event_id=f"{seed}-{number}",
            time_s=START_S + number / fleet.per_s,
            request_id=f"r{seed}-{number}",
            tenant=f"t{rare(chance, fleet.tenants)}",
            model=f"m{chance.randrange(fleet.models)}",
            route=f"/v1/r{chance.randrange(fleet.routes)}",
            subject=None,
            policy=f"p{chance.randrange(fleet.policies)}",
            revision="sha256:0",
            decision="redact" if is_hit else "allow",
            refusal="full" if chance.random() < fleet.refusals else "none",
            score=chance.uniform(0.5, 1.0) if is_hit else chance.betavariate(1, 12),
            chars=int(chance.lognormvariate(6, 0.8)),
            held_chars=chance.randrange(40),
            total_ms=chance.lognormvariate(6.5, 0.5),
            added_ms=chance.lognormvariate(0.5, 0.5),
            unavailable=0,
            request_categories=(),
            actions={"redact": 1} if is_hit else {},
            rules={f"rule-{category}": 1} if is_hit else {},
            categories={category: 1} if is_hit else {},
        )


def rare(chance: random.Random, tenants: int) -> int:
    """Return a tenant: a few send most, as they do, and the share of the k-th falls with k."""
    return min(tenants - 1, int(math.exp(chance.random() * math.log(tenants + 1))) - 1)


def late(records: Iterable[ExchangeRecord], within_s: float, seed: int) -> list[Arrival]:
    """Return records in the order in which they come in, each up to `within_s` after its time."""
    chance = random.Random(seed)
    arrivals = [(record, record.time_s + chance.uniform(0, within_s)) for record in records]
    return sorted(arrivals, key=lambda arrival: arrival[1])


def blocks(records: Iterable[ExchangeRecord], size: int, seed: int) -> list[Arrival]:
    """Return records in blocks, each at the time of its last one and in any order, as after an outage."""
    chance, every = random.Random(seed), list(records)
    arrivals: list[Arrival] = []
    for start in range(0, len(every), size):
        block = every[start : start + size]
        now_s = block[-1].time_s
        chance.shuffle(block)
        arrivals += [(record, now_s) for record in block]
    return arrivals


def burst(fleet: Fleet, at: int, count: int, seed: int) -> list[ExchangeRecord]:
    """Return a burst of one tenant: answers with incidents of one rule within a few seconds."""
    made = answers(fleet, count, lambda _: 1.0, seed)
    return [
        dataclasses.replace(
            record,
            event_id=f"burst{seed}-{number}",
            tenant="t1",
            time_s=START_S + at / fleet.per_s + 0.01 * number,
            rules={"rule-CARD": 1},
            categories={"CARD": 1},
        )
        for number, record in enumerate(made)
    ]
