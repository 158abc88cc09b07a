"""The party without a guard is the product in all else: it answers the benchmark's questions rightly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import gateways
from benchmarks.payloads import BURST, WHOLE
from benchmarks.run import Effort, measure

if TYPE_CHECKING:
    from pathlib import Path


def test_a_round_without_a_guard(tmp_path: Path) -> None:
    """Streams and whole answers come back as the model sent them."""
    with gateways.model(None) as model, gateways.shell(model.port, None, tmp_path) as shell:
        for workload in (BURST, WHOLE):
            measured = measure(shell, Effort(workload, rounds=1, seconds=0.2, warmup_s=0.0), None)
            assert measured.failed == 0
            assert measured.answers_per_s > 0
