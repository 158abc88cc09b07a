"""The command measures what it can, and writes only when asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.pii import __main__ as command
from benchmarks.pii.page import BEGIN, END
from benchmarks.report import Table
from tests.support.pii_vectors import SENTENCE, write_collections

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

QUICK = Table("Speed", ("a",), [("1",)])


def test_collections_that_are_not_there_are_told(tmp_path: Path) -> None:
    """Nothing is measured of them."""
    remarks: list[str] = []
    assert command.quality_tables(tmp_path, remarks) == []
    assert "--data" in remarks[0]


def test_collections_have_four_tables(tmp_path: Path) -> None:
    """In the order of the page."""
    write_collections(tmp_path, synthetic=[SENTENCE])
    tables = command.quality_tables(tmp_path, [])
    assert [table.title for table in tables][-1] == "Sentences: F2 by entity"
    assert len(tables) == 4


def test_the_page_is_written_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And printed in any case."""
    path = tmp_path / "pii.md"
    path.write_text(f"{BEGIN}{END}")
    monkeypatch.setattr(command, "PAGE", path)
    monkeypatch.setattr(command, "speed_tables", lambda _: [QUICK])
    for more, written in ((), False), (("--write",), True):
        monkeypatch.setattr(sys, "argv", ["pii", "--data", str(tmp_path), *more])
        command.main()
        assert "Speed" in capsys.readouterr().out
        assert ("### Speed" in path.read_text()) is written
