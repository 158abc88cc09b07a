"""What the engine costs: answers a second on one core as slices grow, and memory with many tenants."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Final

from benchmarks.monitor.traffic import Fleet, answers, blocks, late
from benchmarks.report import Table
from monitor.engine import Engine
from proxy.server.heap import settle_heap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.monitor.traffic import Arrival
    from monitor.records import ExchangeRecord

WARM: Final = 2000
TIMES: Final = 3
"""What others do on the machine takes caches away, and so processor time: the least of them is the code's own."""
FLEETS: Final = {
    "1 tenant, 1 model": Fleet(tenants=1, models=1, routes=1, policies=1, per_s=100.0),
    "10 tenants, 5 models": Fleet(tenants=10, per_s=100.0),
    "50 tenants, 20 models": Fleet(models=20, routes=10, policies=10, per_s=100.0),
    "10,000 tenants, 60 models": Fleet(tenants=10_000, models=60, routes=20, policies=20, per_s=100.0),
}
SLOW: Final = Fleet(tenants=10_000, models=60, routes=20, policies=20, per_s=10.0)
"""So that what is measured takes longer than answers are late."""
ORDERS: Final[dict[str, Callable[[Iterator[ExchangeRecord]], list[Arrival]]]] = {
    "the same, slower": lambda records: late(records, 0.0, 1),
    "the same, up to 10 minutes late": lambda records: late(records, 600.0, 1),
    "the same, shuffled in blocks of 2,000": lambda records: blocks(records, 2000, 1),
}


def arrivals(count: int) -> Iterator[tuple[str, list[Arrival]]]:
    """Yield the traffic of every row: fleets that grow, in order, and then the largest one out of it."""
    for name, fleet in FLEETS.items():
        yield name, late(answers(fleet, count + WARM, lambda _: 0.02, 1), 0.0, 1)
    for name, order in ORDERS.items():
        yield name, order(answers(SLOW, count + WARM, lambda _: 0.02, 1))


def fed(records: list[Arrival]) -> tuple[float, Engine]:
    """Return the processor time that all but the first records took, and the engine that has them."""
    settle_heap()  # thresholds are those of every command, and the records of this table are none of the engine's
    engine = Engine()
    for record, now_s in records[:WARM]:
        engine.receive(record, now_s)
    began_s = time.process_time()
    for record, now_s in records[WARM:]:
        engine.receive(record, now_s)
    return time.process_time() - began_s, engine


def table(count: int) -> Table:
    """Measure every fleet; the first one is the unit of the ratio."""
    rows, base = [], 0.0
    for name, records in arrivals(count):
        spent_s, engine = min((fed(records) for _ in range(TIMES)), key=lambda one: one[0])
        base = base or spent_s
        began_s = time.process_time()
        snapshot = engine.snapshot()
        dumped_s = time.process_time() - began_s
        rows.append(
            (
                name,
                str(len(engine.slices())),
                f"{count / spent_s:,.0f}",
                f"{spent_s / base:.2f}x",
                f"{len(snapshot) / 1e6:.1f} MB",
                f"{1000 * dumped_s:,.0f} ms",
            )
        )
    return Table(
        "What the engine costs",
        ("traffic", "live slices", "answers a second", "cost to the first", "snapshot", "made in"),
        rows,
        f"{count:,} answers through every model of every slice, by processor time of one process on a machine that "
        f"others used too, the best of {TIMES}, slices that begin included. An answer is in five slices and those "
        "of its categories, however many live. The slower ones send 10 answers a second, so that most of what "
        "comes in is late.",
    )


def memory_table(counts: tuple[int, ...]) -> Table:
    """Measure what the engine holds with 10,000 tenants."""
    fleet, rows = FLEETS["10,000 tenants, 60 models"], []
    tracemalloc.start()
    engine, done = Engine(), 0
    for count in counts:
        for record in answers(fleet, count - done, lambda _: 0.02, 1, start=done):
            engine.receive(record, record.time_s)
        done = count
        held, _ = tracemalloc.get_traced_memory()
        rows.append((f"{count:,}", str(len(engine.slices())), f"{held / 1e6:.1f} MB"))
    tracemalloc.stop()
    return Table(
        "Memory with 10,000 tenants",
        ("answers", "live slices", "held by Python and NumPy"),
        rows,
        "Ids of records are remembered for 24 hours, up to a number that is set: they are what grows until then.",
    )
