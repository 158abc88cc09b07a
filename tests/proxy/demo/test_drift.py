"""The part of the demo in which the model gets worse. That the alarm comes, the test of the whole demo says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from proxy.demo import drift
from proxy.demo.drift import monitor_address, show_drift
from proxy.demo.model import running_model

if TYPE_CHECKING:
    import pytest


def test_the_monitor_says_where_it_is(tmp_path: Path) -> None:
    assert monitor_address(tmp_path) == ""
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "address").write_text("http://127.0.0.1:9091\n")
    assert monitor_address(tmp_path) == "http://127.0.0.1:9091"


async def test_without_a_monitor_it_is_not_as_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("_LIMIT_S", 0.1), ("_LOOK_S", 0.05), ("CALM", 5), ("WORSE", 5)):
        monkeypatch.setattr(drift, name, value)
    async with running_model(0.0) as url:
        assert not await show_drift(Console(width=80), url, tmp_path)
    assert "NOT AS EXPECTED, no alarm" in " ".join(capsys.readouterr().out.split())
