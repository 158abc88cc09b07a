"""What monitors say, asked of their addresses and added up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from monitor.service import share as share_module
from monitor.service.asking import NoMonitorError, asked
from monitor.service.screen import drawn
from tests.support.served_monitor import fed, served_monitor
from tests.support.watching import AlarmingEngine


async def test_several_monitors_are_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    async with served_monitor(fed(folders[0])) as one, served_monitor(fed(folders[1])) as two:
        said = await asyncio.to_thread(asked, [one.url, two.url], "1h")
    assert said.records == 400
    assert said.rates["global", "", "incidents"] == (40, 400)
    assert len(said.alarms) == 2
    Console(width=160).print(drawn(said, "1h"))
    out = capsys.readouterr().out
    assert "400 records counted" in out
    assert "10.0 7.4-13.3" in out
    assert "page incidents" in out


async def test_one_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoMonitorError, match="no monitor answers there"):
        asked(["http://127.0.0.1:1"], "1h")
    async with served_monitor(fed(tmp_path, 20), "t" * 20) as served:
        with pytest.raises(NoMonitorError, match="answers 401") as raised:
            await asyncio.to_thread(asked, [served.url], "1h")
        assert raised.value.status == 401
        assert (await asyncio.to_thread(asked, [served.url], "1h", "t" * 20)).records == 70
