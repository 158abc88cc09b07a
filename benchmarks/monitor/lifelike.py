"""Traffic in which nothing changes and nothing is even: conversations, habits, heavy tails. Seeded.

`traffic.answers` draws each answer by itself, at one distance from the last. People come in conversations: one
tenant asks several times within minutes, of one model, and some conversations are about what a rule looks for. All
of it is stationary: no chance here depends on the time.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from benchmarks.monitor.traffic import CATEGORIES, START_S, rare
from monitor.records import ExchangeRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.monitor.traffic import Fleet

TURNS: Final = 6.0
"""Answers of a conversation, on average; their number is geometric."""
PAUSE_S: Final = 20.0
"""Mean time between two of them, exponential."""
WARM_S: Final = 1800.0
"""Conversations begin this long before the first answer, so that as many go on then as at any time."""
PRONE: Final = 0.1
"""Share of conversations in which incidents are more frequent ..."""
TIMES: Final = 5.5
"""... by this factor; in the others half as frequent, so that the mean stays."""
SEVERAL: Final = 0.15
"""Share of incidents with a second category."""


@dataclass(frozen=True, slots=True)
class _Habit:
    """What a tenant does."""

    models: list[float]
    routes: list[float]
    policy: int
    categories: list[float]


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    """The next answer of a conversation."""

    time_s: float
    number: int
    tenant: int
    model: int
    risk: float


def conversations(fleet: Fleet, count: int, rate: float, seed: int) -> Iterator[ExchangeRecord]:
    """Yield answers of conversations in the order of their time; `rate` is the mean share with an incident."""
    chance = random.Random(f"lifelike {seed}")
    habits = [_habit(chance, fleet) for _ in range(fleet.tenants)]
    waiting: list[_Turn] = []
    begin_s, begun, given = START_S - WARM_S, 0, 0
    while given < count:
        begin_s += chance.expovariate(fleet.per_s / TURNS)
        while waiting and waiting[0].time_s <= begin_s and given < count:
            turn = heapq.heappop(waiting)
            if turn.time_s >= START_S:
                yield _answer(chance, fleet, habits[turn.tenant], turn, f"{seed}-{given}")
                given += 1
            if chance.random() < 1.0 - 1.0 / TURNS:
                next_s = turn.time_s + chance.expovariate(1 / PAUSE_S)
                heapq.heappush(waiting, replace(turn, time_s=next_s))
        tenant, begun = rare(chance, fleet.tenants), begun + 1
        model = chance.choices(range(fleet.models), habits[tenant].models)[0]
        risk = rate * (TIMES if chance.random() < PRONE else (1.0 - PRONE * TIMES) / (1.0 - PRONE))
        heapq.heappush(waiting, _Turn(begin_s, begun, tenant, model, risk))


def _habit(chance: random.Random, fleet: Fleet) -> _Habit:
    def shares(count: int, evenness: float) -> list[float]:
        return [chance.gammavariate(evenness, 1.0) for _ in range(count)]

    return _Habit(
        shares(fleet.models, 0.7), shares(fleet.routes, 0.7), chance.randrange(fleet.policies), shares(5, 2.0)
    )


def _answer(chance: random.Random, fleet: Fleet, habit: _Habit, turn: _Turn, name: str) -> ExchangeRecord:
    is_hit = chance.random() < turn.risk
    found = chance.choices(CATEGORIES, habit.categories, k=1 + (chance.random() < SEVERAL)) if is_hit else []
    categories = dict.fromkeys(found, 1)
    return ExchangeRecord(
        event_id=name,
        time_s=turn.time_s,
        request_id=f"r{name}",
        tenant=f"t{turn.tenant}",
        model=f"m{turn.model}",
        route=f"/v1/r{chance.choices(range(fleet.routes), habit.routes)[0]}",
        subject=None,
        policy=f"p{habit.policy}",
        revision="sha256:0",
        decision="redact" if is_hit else "allow",
        refusal="full" if chance.random() < fleet.refusals * (4.0 if is_hit else 0.9) else "none",
        score=_score(chance, is_hit=is_hit),
        chars=_length(chance, turn.model),
        held_chars=int(chance.expovariate(1 / 15.0)),
        total_ms=1000.0 * chance.paretovariate(1.8),
        added_ms=0.4 * chance.paretovariate(1.5),
        unavailable=0,
        request_categories=(),
        actions={"redact": 1} if is_hit else {},
        rules={f"rule-{category}": 1 for category in categories},
        categories=categories,
    )


def _score(chance: random.Random, *, is_hit: bool) -> float:
    """Most answers have no score at all; of the others a few come near the threshold."""
    if is_hit:
        return chance.uniform(0.5, 1.0)
    return min(0.499, chance.betavariate(0.5, 5.0)) if chance.random() < 0.3 else 0.0


def _length(chance: random.Random, model: int) -> int:
    """Each model has its own lengths; a few answers are empty, and a few are very long."""
    kind = chance.random()
    if kind < 0.01:
        return 0
    if kind > 0.98:
        return min(200_000, int(2000 * chance.paretovariate(1.1)))
    return int(chance.lognormvariate(5.5 + 0.3 * model, 1.0))
