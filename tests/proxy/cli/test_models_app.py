"""The options of `sluicegate models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


def test_help_is_enough_to_use_it(sluicegate: Sluicegate) -> None:
    """Each command and its options are there."""
    ran = sluicegate("models", "--help")
    assert "fetch" in ran.out
    assert "export" in ran.out
    assert "--config-path" in sluicegate("models", "export", "--help").out


def test_bounds_are_scores(sluicegate: Sluicegate) -> None:
    """A wrong option is told before anything is loaded."""
    ran = sluicegate("models", "export", "detoxify:original", "--out", "x", "--bound", "2")
    assert ran.code == 2
    assert "--bound" in ran.err
