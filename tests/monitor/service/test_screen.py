"""What monitors say, added up and drawn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from monitor.service import share as share_module
from monitor.service.screen import NoMonitorError, Said, alarm_table, asked, drawn
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


def test_a_column_says_no_more_than_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    rates = {("global", "", signal): (3, 100) for signal in ("incidents", "over_refusals", "harmful_compliance")}
    Console(width=160).print(drawn(Said("caught_up", 100, 0, rates, []), "5m"))
    head = capsys.readouterr().out.splitlines()[2]
    assert head.split("answers")[1].split() == ["incidents", "over", "refusals", "not", "declined"]


def test_nothing_open_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=160).print(alarm_table([]))
    Console(width=160).print(drawn(Said("starting", 0, 0, {}, []), "5m"))
    assert "No open alarm." in capsys.readouterr().out


async def test_one_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoMonitorError, match="no monitor answers there"):
        asked(["http://127.0.0.1:1"], "1h")
    async with served_monitor(fed(tmp_path, 20), "t" * 20) as served:
        with pytest.raises(NoMonitorError, match="answers 401") as raised:
            await asyncio.to_thread(asked, [served.url], "1h")
        assert raised.value.status == 401
        assert (await asyncio.to_thread(asked, [served.url], "1h", "t" * 20)).records == 70
