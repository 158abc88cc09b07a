"""The tables of a benchmark."""

from __future__ import annotations

import io

from rich.console import Console

from benchmarks import report
from benchmarks.stats import Round, Series, Target

ROUND = Round(1000.0, 500.0, 0.95, (1.0, 2.0), (3.0, 4.0), (20.0, 21.0), 0, 42.0)


def a_series() -> Series:
    """Return three parties with one round each."""
    series = Series()
    for party in ("direct", "aiohttp relay", "sluicegate, default"):
        series.add(party, ROUND)
    return series


def test_page_has_every_table() -> None:
    """The page names the machine, and holds each table with its note."""
    tables = [
        report.targets_table([Target("speed", 0.5, 0.6, True, "x"), Target("held", 4.0, 5.0)]),
        report.throughput_table("Streams", a_series(), "aiohttp relay"),
        report.latency_table("Paced", a_series(), "aiohttp relay"),
        report.single_table("One client", a_series()),
        report.memory_table({"aiohttp relay": 40.0}, {"aiohttp relay": 45.0}),
    ]
    page = report.results_page([("CPU", "any")], tables, ["nginx was skipped."])
    for expected in (
        "| CPU | any |",
        "nginx was skipped.",
        "| speed | >= 0.5x | 0.60x | pass |",
        "| held | <= 4 | 5.00 | FAIL |",
        "| sluicegate, default | 1,000 | 1.00x | 500 | 1.00x | 95% | 0 |",
        "| aiohttp relay | 0.00 / 0.00 |",
        "| aiohttp relay | 40 | 45 |",
    ):
        assert expected in page
    assert "direct" not in tables[2].markdown().partition("party")[2].partition("p50")[0]


def test_tables_are_shown() -> None:
    """The terminal gets the same figures."""
    shown = io.StringIO()
    report.targets_table([Target("speed", 0.5, 0.6, True, "x")]).show(Console(file=shown, width=120))
    assert "0.60x" in shown.getvalue()
    assert "pass" in shown.getvalue()
