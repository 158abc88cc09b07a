"""What operators cost comes from the policy's own writing, whose output is looked at."""

from __future__ import annotations

import pytest

from benchmarks import operators
from benchmarks.operators import cost_of, measure


def test_every_operator_has_a_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """And all but one have a peer."""
    pytest.importorskip("faker", reason="the extra 'fake' is not installed")
    pytest.importorskip("presidio_anonymizer", reason="it is a dependency of the tests")
    monkeypatch.setattr(operators, "VALUES", 20)
    monkeypatch.setattr(operators, "LONG_CHARS", 20_000)
    rows = measure(rounds=1).rows
    assert [row[0] for row in rows] == list(operators._OPERATORS)
    assert all(float(row[1]) > 0 and float(row[4]) > 0 for row in rows)
    assert [row[0] for row in rows if row[3] == "-"] == ["restore"]


def test_a_value_that_is_left_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the figures would be of something else."""
    monkeypatch.setitem(operators._OPERATORS, "replacement", 'replacement: "Jane1 Roe1"')
    with pytest.raises(RuntimeError, match="left a value"):
        cost_of("replacement", rounds=1)
