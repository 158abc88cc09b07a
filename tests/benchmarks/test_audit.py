"""The benchmark of the audit store measures what it says, on a small scale."""

from __future__ import annotations

from benchmarks.audit import Verified, measure, tables


def test_a_short_run_gives_figures() -> None:
    assert min(measure(20)) > 0


def test_the_promise_is_about_records_with_texts() -> None:
    (table,), (target,) = tables(Verified(60_000.0, 90_000.0, 120_000.0, 400_000.0))
    assert (target.measured, target.holds) == (60_000.0, True)
    assert ("audit verify, a text in each record", "60,000", "0.50x") in table.rows
