"""The benchmark of events measures what it says, on a small scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.events import event, measure_floor, measure_outbox, measure_waits
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
