"""What guarding costs comes from real guards, whose output is compared."""

from __future__ import annotations

import pytest

from benchmarks.guarding import NO_RULES, cases, cost_us, exchange, measure
from policies.loader import load_policy_text

POLICY = """
version: 1
name: bench
detectors:
  articles: {type: keywords, words: [the]}
rules:
  - {id: articles, detector: articles, action: flag}
"""


def test_every_case_has_a_cost() -> None:
    """One row for each way of sending an answer."""
    table = measure([NO_RULES], rounds=1)
    assert [row[0] for row in table.rows] == [case.name for case in cases()]
    assert all(float(row[1]) > 0 for row in table.rows)
    assert cost_us(NO_RULES, cases()[0], 1) > 0


def test_a_guard_that_finds_something_is_not_measured() -> None:
    """Then the figures would be of something else."""
    case = cases()[0]
    with pytest.raises(RuntimeError, match="flagged"):
        exchange(load_policy_text(POLICY), case, case.reads[0])
