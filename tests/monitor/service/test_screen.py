"""What monitors say, drawn: the most urgent first, and what belongs together, together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from monitor.service.asking import Said
from monitor.service.screen import alarm_table, drawn, oddity_lines
from monitor.service.views import alarm_view
from monitor.types import AlarmState, Dimension, Level, Signal, Slice
from tests.support.watching import alarm


def test_a_column_says_no_more_than_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    rates = {("global", "", signal): (3, 100) for signal in ("incidents", "over_refusals", "harmful_compliance")}
    Console(width=160).print(drawn(Said({"caught_up"}, 100, rates=rates), "5m"))
    head = capsys.readouterr().out.splitlines()[2]
    assert head.split("answers")[1].split() == ["incidents", "over", "refusals", "not", "declined"]


def test_nothing_open_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=160).print(alarm_table([]))
    Console(width=160).print(drawn(Said({"starting"}), "5m"))
    assert "No open alarm." in capsys.readouterr().out


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
        "page", "incidents", "acknowledged", "global", "adwin", "0.1", "0.25", "11-26", "07:00", "alm_2",
    ]  # fmt: skip
    assert "rule acme cards" in lines[2]
    assert [line.split()[0] for line in lines[1:-1]] == ["page", "ticket", "info", "info"]
    assert lines[-1] == "and 9 more, 1 that others explain"


def test_a_narrow_terminal_cuts_no_number_and_no_id(capsys: pytest.CaptureFixture[str]) -> None:
    """What is named to `monitor close` is copied from here."""
    place = Slice(Dimension.ROUTE, "/v1/chat/completions")
    Console(width=80).print(
        alarm_table([alarm_view(replace(alarm(7, state=AlarmState.ACKNOWLEDGED), slice=place))])
    )
    out = capsys.readouterr().out
    assert "…" not in out
    assert {"0.1", "0.25", "alm_7"} <= set(out.split())


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
