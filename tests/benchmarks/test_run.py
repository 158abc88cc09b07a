"""The promised figures come from the rounds of the right parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import gateways, run
from benchmarks.machine import Cores
from benchmarks.payloads import SINGLE
from benchmarks.stats import Round, Series

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _series(ours: float, relay: float, *, first_ms: float = 1.0, failed: int = 0) -> Series:
    series = Series()
    for party, rate, first in ((run.RELAY, relay, 1.0), (run.OURS, ours, first_ms)):
        wrong = failed if party == run.OURS else 0
        series.add(party, Round(rate, 1.0, 1.0, (first, 3 * first), (1.0, 1.0), (1.0, 1.0), wrong, 1.0))
    return series


def test_targets_compare_the_default_policy_with_the_relay() -> None:
    """Each promise is judged by its own workload."""
    targets = run._targets(_series(400, 1000), _series(800, 1000, failed=2), _series(1, 1, first_ms=2.5))
    assert [target.measured for target in targets] == [0.4, 0.8, 1.5, 4.5, 2.0]
    assert [target.holds for target in targets] == [False, True, True, True, False]


def test_targets_judge_the_compiled_build_where_there_is_one() -> None:
    """Wrong answers of either build count."""
    burst, whole, paced = _series(400, 1000), _series(500, 1000, failed=2), _series(1, 1, first_ms=2.5)
    for series, rate in ((burst, 600), (whole, 800), (paced, 1)):
        series.add(run.COMPILED, Round(rate, 1.0, 1.0, (2.0, 3.5), (1.0, 1.0), (1.0, 1.0), 1, 1.0))
    targets = run._targets(burst, whole, paced)
    assert [target.measured for target in targets] == [0.6, 0.8, 1.0, 0.5, 5.0]
    assert ["compiled" in target.what for target in targets] == [True] * 4 + [False]


def test_rounds_go_through_the_parties_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each party is measured once in a round, and none twice before the others."""
    order: list[str] = []

    def measured(party: gateways.Gateway, effort: run.Effort, core: int | None) -> Round:
        order.append(party.name)
        return Round(1.0, 1.0, 1.0, (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), 0, 1.0)

    monkeypatch.setattr(run, "measure", measured)
    parties = [gateways.Gateway("a", 1, 1), gateways.Gateway("b", 2, 2)]
    effort = run.Effort(SINGLE, rounds=3, seconds=0.1, warmup_s=0.0)
    with (tmp_path / "out").open("w") as out:
        (series,) = run._measure_all(parties, (effort,), Cores(None, None, None), Console(file=out))
    assert order == ["a", "b"] * 3
    assert {name: len(rounds) for name, rounds in series.rounds.items()} == {"a": 3, "b": 3}
