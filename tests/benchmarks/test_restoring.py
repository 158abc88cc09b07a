"""What restoring costs comes from real guards, whose output is looked at."""

from __future__ import annotations

import pytest

from benchmarks import restoring
from benchmarks.restoring import EVERY, POLICY, VALUES, cost_of, measure, streams
from policies.loader import load_policy_text


def test_every_case_has_a_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """With placeholders in the text they all become values."""
    monkeypatch.setattr(restoring, "VARIANTS", 1)
    rows = measure(rounds=1).rows
    assert [int(row[-1]) for row in rows] == [0, sum(len(one) // (EVERY + 5) + 1 for one in streams(EVERY))]
    assert all(float(cell) > 0 for row in rows for cell in row[1:4])


def test_a_placeholder_that_is_left_is_not_measured() -> None:
    """Then the figures would be of something else."""
    found = [[restoring._event("<EMAIL_ADDRESS_9999> ")]]
    with pytest.raises(RuntimeError, match="left"):
        cost_of(load_policy_text(POLICY), VALUES, found, 1)
