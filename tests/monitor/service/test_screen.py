"""What monitors say, added up and drawn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from monitor.service import share as share_module
from monitor.service.asking import NoMonitorError, Said, asked
from monitor.service.screen import alarm_table, drawn, oddity_lines
from monitor.service.views import alarm_view
from monitor.types import AlarmState, Level, Signal
from tests.support.served_monitor import fed, served_monitor
from tests.support.watching import AlarmingEngine, alarm


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
    Console(width=160).print(drawn(Said({"caught_up"}, 100, rates=rates), "5m"))
    head = capsys.readouterr().out.splitlines()[2]
    assert head.split("answers")[1].split() == ["incidents", "over", "refusals", "not", "declined"]


def test_nothing_open_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=160).print(alarm_table([]))
    Console(width=160).print(drawn(Said({"starting"}), "5m"))
    assert "No open alarm." in capsys.readouterr().out


async def test_one_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoMonitorError, match="no monitor answers there"):
        asked(["http://127.0.0.1:1"], "1h")
    async with served_monitor(fed(tmp_path, 20), "t" * 20) as served:
        with pytest.raises(NoMonitorError, match="answers 401") as raised:
            await asyncio.to_thread(asked, [served.url], "1h")
        assert raised.value.status == 401
        assert (await asyncio.to_thread(asked, [served.url], "1h", "t" * 20)).records == 70


@pytest.mark.parametrize("seen", ["over_refusals", "harmful_compliance"])
def test_over_refusals_and_harmful_compliance_are_shown_together(
    seen: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = {("global", "", signal): (int(signal == seen), 9) for signal in ("over_refusals", "harmful_compliance")}
    Console(width=160).print(drawn(Said(rates=rates), "5m"))
    assert "over refusals" in (out := capsys.readouterr().out)
    assert "not declined" in out


def test_alarms_say_what_they_are_about(capsys: pytest.CaptureFixture[str]) -> None:
    about = {"policy": "acme", "rule": "cards"}
    alarms = [alarm_view(alarm(1, level=Level.TICKET, signal=Signal.PRECISION, about=about))]
    alarms += [alarm_view(alarm(2, state=AlarmState.ACKNOWLEDGED)), alarm_view(alarm(3, explained_by="alm_2"))]
    alarms += [alarm_view(alarm(number, level=Level.INFO)) for number in range(10, 21)]
    Console(width=160).print(alarm_table(alarms))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [
        "page", "incidents", "acknowledged", "global", "adwin", "0.1", "0.25", "11-26", "07:00",
    ]  # fmt: skip
    assert "rule acme cards" in lines[2]
    assert lines[-1] == "and 1 more, 1 that others explain"


def test_oddity_is_told_once_it_is_learned(capsys: pytest.CaptureFixture[str]) -> None:
    minute = {
        "dimension": "model", "value": "m", "minute_end": "2026-11-26T07:01:00.000Z", "score": None, "limit": None,
        "is_odd": False, "minutes": 3, "warm_up": 500,
    }  # fmt: skip
    lines = oddity_lines([minute, minute | {"score": 0.991, "limit": 0.95, "is_odd": True}])
    assert lines is not None
    Console(width=160).print(lines)
    assert capsys.readouterr().out.splitlines() == [
        "Oddity of model m: still learns what is common, 3 of 500 minutes.",
        "Oddity of model m in the minute to 07:01: 0.991, usual up to 0.950.",
    ]
    assert oddity_lines([]) is None
