"""Parties are started, known to be ready, and gone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from benchmarks import gateways
from benchmarks.payloads import SINGLE
from benchmarks.run import Effort, measure

if TYPE_CHECKING:
    from pathlib import Path


def test_a_round_through_the_relay(tmp_path: Path) -> None:
    """One round on a real relay process gives figures, and no process is left behind."""
    with gateways.model(None) as model, gateways.relay(model.port, None, tmp_path) as relay:
        measured = measure(relay, Effort(SINGLE, rounds=1, seconds=0.2, warmup_s=0.0), None)
        assert measured.failed == 0
        assert measured.answers_per_s > 0
        assert measured.cpu_us > 0
        assert measured.rss_mb > 5
        pids = [model.pid, relay.pid]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_party_that_does_not_start_says_why(tmp_path: Path) -> None:
    """What a party wrote before it died is in the error."""
    policy = tmp_path / "missing.yaml"
    with (
        pytest.raises(gateways.GatewayError, match=r"missing\.yaml"),
        gateways.sluicegate(1, None, tmp_path, str(policy)),
    ):
        pass
