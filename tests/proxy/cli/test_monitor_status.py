"""`sluicegate monitor status --once`: what monitors say, added up and drawn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.service import share as share_module
from proxy.cli.monitor_status import Said, alarm_table, asked, drawn
from proxy.cli.terminal import console
from tests.support.served_monitor import fed, served_monitor
from tests.support.watching import AlarmingEngine

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


async def test_several_monitors_are_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    monkeypatch.setenv("COLUMNS", "160")
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    async with served_monitor(fed(folders[0])) as one, served_monitor(fed(folders[1])) as two:
        said = await asyncio.to_thread(asked, [one.url, two.url], "1h")
    assert said.records == 400
    assert said.rates["global", "", "incidents"] == (40, 400)
    assert len(said.alarms) == 2
    console().print(drawn(said, "1h"))
    out = capsys.readouterr().out
    assert "400 records counted" in out
    assert "10.0 7.4-13.3" in out
    assert "page incidents" in out


def test_nothing_open_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(alarm_table([]))
    console().print(drawn(Said("starting", 0, 0, {}, []), "5m"))
    assert "No open alarm." in capsys.readouterr().out


async def test_the_address_is_that_of_the_state_folder(tmp_path: Path, sluicegate: Sluicegate) -> None:
    (tmp_path / "monitor").mkdir()
    async with served_monitor(fed(tmp_path / "monitor", 20)) as served:
        (tmp_path / "monitor" / "address").write_text(served.url + "\n")
        ran = await asyncio.to_thread(sluicegate, "monitor", "status", "--once", "--state-dir", str(tmp_path))
    assert ran.code == 0
    assert "70 records counted" in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--state-dir", "nowhere"], "no monitor has run here"),
        (["--url", "http://127.0.0.1:1"], "no monitor answers there"),
        (["--window", "2y"], "--window: '2y' is not one of"),
    ],
)
def test_what_is_wrong_is_said(sluicegate: Sluicegate, options: list[str], said: str) -> None:
    ran = sluicegate("monitor", "status", "--once", *options)
    assert ran.code == 2
    assert said in ran.err
