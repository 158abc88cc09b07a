"""The party without a guard is the product in all else: it answers the benchmark's questions rightly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import gateways
from benchmarks.load import run_load
from benchmarks.payloads import BURST, WHOLE

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_round_without_a_guard(tmp_path: Path) -> None:
    """Streams and whole answers come back as the model sent them."""
    with gateways.model(None) as model, gateways.shell(model.port, None, tmp_path) as shell:
        for workload in (BURST, WHOLE):
            measured = await run_load(shell.port, workload, seconds=0.1, warmup_s=0.0)
            assert measured.failed == 0
            assert measured.answers_all >= workload.clients
