"""The benchmark of events measures what it says, on a small scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.commits import measure_blocked
from benchmarks.events import Figures, event, measure_floor, measure_outbox, measure_waits, tables
from events.codec import encode

if TYPE_CHECKING:
    from pathlib import Path


def test_events_are_as_large_as_real_ones() -> None:
    assert 1000 < len(encode(event(1))) < 3000


async def test_a_short_run_gives_figures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert measure_outbox(tmp_path / "a", "t", 0.05) > 0
    waits = await measure_waits(tmp_path / "b", "t", 100.0, 0.1)
    assert len(waits) == 10
    assert min(waits) > 0
    assert len(measure_floor(tmp_path, 3)) == 3
    blocked = await measure_blocked(50.0, 0.2, rounds=1)
    assert {key: len(times) for key, times in blocked.items()} == {"none": 10, "outbox": 10, "sqlite": 10}


def test_the_table_compares_with_and_without() -> None:
    blocked = {"none": [1.0], "outbox": [7.5], "sqlite": [0.2]}
    in_memory = {"none": [1.0], "outbox": [1.25], "sqlite": [0.1]}
    made, (target,) = tables(Figures(1000.0, [0.1], [0.5], blocked, in_memory, (50.0, 100.0)))
    assert (target.measured, target.holds) == (6.5, False)
    assert ("added by the outbox", "6.50", "6.50") in made[0].rows
    assert ("added by an outbox in memory, which waits for no disk", "0.25", "0.25") in made[0].rows
    assert ("from a full outbox to Kafka", "50", "0.50x") in made[1].rows
