"""The options of `sluicegate monitor`: each command has its help, and the group is a command itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


def test_help_names_the_commands(sluicegate: Sluicegate) -> None:
    ran = sluicegate("monitor", "--help")
    assert ran.code == 0
    assert all(word in ran.out for word in ("--kafka", "--state-dir", "--listen", "status", "replay"))
    for name in ("status", "replay"):
        assert sluicegate("monitor", name, "--help").code == 0


def test_without_anything_to_read_it_says_what_to_give(sluicegate: Sluicegate, tmp_path: Path) -> None:
    ran = sluicegate("monitor", "--state-dir", str(tmp_path))
    assert ran.code == 2
    assert "holds no outbox. Give --kafka HOST:PORT" in ran.err
