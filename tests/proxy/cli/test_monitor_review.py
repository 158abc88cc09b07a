"""What people say to a running monitor from the terminal, and what they are told when it cannot be done."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from monitor.service import share as share_module
from tests.support.monitor import incident
from tests.support.served_monitor import fed, served_monitor
from tests.support.watching import START_S, AlarmingEngine

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.service.shares import Shares
    from tests.support.cli import Sluicegate


@pytest.fixture(autouse=True)
def _alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)


def with_incidents(folder: Path) -> Shares:
    shares = fed(folder)
    for number in range(3):
        shares.by_name["share-0"].engine.receive(incident(number, START_S + 2000 + number), START_S + 2000 + number)
    return shares


async def test_what_waits_is_listed_and_judged(tmp_path: Path, sluicegate: Sluicegate) -> None:
    async with served_monitor(with_incidents(tmp_path)) as served:
        where = ("--url", served.url)
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", "--kind", "incident", "--limit", "2", *where)
        assert ran.code == 0
        assert "inc_0" in ran.out
        assert "2 of 3 that wait" in ran.out
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", "--json", *where)
        lines = [json.loads(line) for line in ran.out.splitlines()]
        assert {"inc_0", "inc_1", "inc_2"} <= {one["id"] for one in lines}
        names = ("--policy", "acme", "--rule", "cards", "--category", "CARD", "--route", "/v1/chat/completions")
        more = ("--tenant", "t1", "--model", "m", "--kind", "incident")
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", *names, *more, *where)
        assert "3 of 3 that wait" in ran.out
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", "--rule", "cards", "--tenant", "t0", *where)
        assert (ran.code, ran.out) == (0, "Nothing like that waits for a verdict.\n")
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", "--rule", "cardz", *where)
        assert (ran.code, "no rule 'cardz' has been seen here. Did you mean 'cards'?" in ran.err) == (2, True)
        given = ("monitor", "verdict", "inc_0", "false_positive", "--reviewer", "jane", "--severity", "low")
        ran = await asyncio.to_thread(sluicegate, *given, *where)
        assert (ran.code, "Kept as event" in ran.out, "is known" in ran.out) == (0, True, False)
        ran = await asyncio.to_thread(sluicegate, *given[:2], "inc_99", *given[3:], *where)
        assert (ran.code, "No incident and no sampled answer inc_99 is known" in ran.out) == (0, True)


async def test_of_several_monitors_one_that_knows_the_name_is_enough(
    tmp_path: Path, sluicegate: Sluicegate
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    async with (
        served_monitor(with_incidents(tmp_path / "one")) as one,
        served_monitor(fed(tmp_path / "other", 10)) as other,
    ):
        given = ("monitor", "review", "--url", other.url, "--url", one.url, "--rule")
        ran = await asyncio.to_thread(sluicegate, *given, "cards")
        assert "3 of 3 that wait" in ran.out
        ran = await asyncio.to_thread(sluicegate, *given, "nothing")
        assert (ran.code, "no rule 'nothing' has been seen here" in ran.err) == (2, True)


async def test_an_id_is_whole_in_a_narrow_terminal(
    tmp_path: Path, sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shares = fed(tmp_path)
    whole = "inc_01M8F6WP7E1KPZTDN5HE1WZQXQ"
    one = incident(1, START_S + 2000, incident_id=whole, rule="a-rule-with-a-long-name", category="severe_toxicity")
    shares.by_name["share-0"].engine.receive(one, START_S + 2000)
    async with served_monitor(shares) as served:
        ran = await asyncio.to_thread(sluicegate, "monitor", "review", "--kind", "incident", "--url", served.url)
    assert f"{whole} " in ran.out


async def test_an_alarm_is_named_by_the_beginning_of_its_id(tmp_path: Path, sluicegate: Sluicegate) -> None:
    async with served_monitor(fed(tmp_path)) as served:
        where = ("--url", served.url)
        ran = await asyncio.to_thread(sluicegate, "monitor", "acknowledge", "alm_1", *where)
        assert (ran.code, ran.out) == (0, "alm_100: acknowledged.\n")
        ran = await asyncio.to_thread(sluicegate, "monitor", "close", "alm_100", *where)
        assert (ran.code, ran.out) == (0, "alm_100: closed.\n")
        ran = await asyncio.to_thread(sluicegate, "monitor", "close", "alm_9", *where)
        assert ran.code == 2
        assert "alm_9: no such alarm is open" in ran.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("review", "--url", "http://127.0.0.1:1"), "no monitor answers there"),
        (("verdict", "inc_1", "unsure", "--reviewer", "jane", "--state-dir", "nowhere"), "no monitor has run here"),
        (("close", "alm_1", "--state-dir", "nowhere"), "no monitor has run here"),
    ],
)
def test_what_is_wrong_is_said(sluicegate: Sluicegate, given: tuple[str, ...], said: str) -> None:
    ran = sluicegate("monitor", *given)
    assert ran.code == 2
    assert said in ran.err


async def test_what_the_monitor_refuses_is_told_in_its_words(
    tmp_path: Path, sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "t" * 20
    async with served_monitor(fed(tmp_path, 10), token) as served:
        given = ("monitor", "verdict", "inc_1", "unsure", "--reviewer", "jane", "--url", served.url)
        ran = await asyncio.to_thread(sluicegate, *given)
        assert "Set SLUICEGATE_MONITOR_TOKEN." in ran.err
        monkeypatch.setenv("SLUICEGATE_MONITOR_TOKEN", token)
        for wrong, said in (
            ((*given, "--severity", "huge"), "severity: Input should be"),
            (
                (*given[:3], "wrong", *given[4:]),
                "label: Input should be 'true_positive', 'false_positive' or 'unsure'",
            ),
            (("monitor", "review", "--kind", "other", *given[-2:]), "kind is one of incident, allowed"),
            (("monitor", "review", "--limit", "0", *given[-2:]), "limit is a number from 1 to 1000"),
        ):
            ran = await asyncio.to_thread(sluicegate, *wrong)
            assert (ran.code, said in ran.err) == (2, True), ran.err
