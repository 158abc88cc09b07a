"""Alertmanager is told of what is open again and again, of what has closed for a while, and of nothing else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import pytest
from aiohttp import web

from monitor.service.webhook import RESOLVED_FOR_S, Webhook, alert_of, alerts_now
from monitor.types import AlarmState, Dimension, Level, Slice
from tests.support.gateway import until
from tests.support.watching import START_S, Alarms, alarm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.service.reading import Reader


@asynccontextmanager
async def alertmanager(statuses: list[int]) -> AsyncIterator[tuple[str, list[Any]]]:
    """Takes alerts as Alertmanager's API does; answers with these statuses, then 200."""
    got: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        status = statuses.pop(0) if statuses else 200
        if status == 200:
            got.append(await request.json())
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/api/v2/alerts", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}", got
    finally:
        await runner.cleanup()


def test_an_alert_has_the_form_of_alertmanager() -> None:
    alert = alert_of(alarm(slice=Slice(Dimension.MODEL, "m"), about={"rule": "hide"}), "https://monitor.example/")
    assert alert["labels"] == {
        "alertname": "SluicegateIncidents", "severity": "page", "signal": "incidents", "detector": "adwin",
        "alarm_id": "alm_1", "dimension": "model", "value": "m", "rule": "hide",
    }  # fmt: skip
    assert alert["annotations"]["summary"] == "incidents changed for model=m: 0.25, 0.1 before"
    assert alert["startsAt"] == "2026-11-26T07:00:00.000Z"
    assert alert["generatorURL"] == "https://monitor.example/api/alarms"
    assert "endsAt" not in alert
    closed = alert_of(alarm(state=AlarmState.CLOSED, expected=None), "")
    assert closed["endsAt"] == "2026-11-26T07:00:00.000Z"
    assert "generatorURL" not in closed


@pytest.mark.parametrize(
    ("more", "after_s", "posted"),
    [
        ({}, 0.0, True),
        ({"level": Level.TICKET}, 0.0, True),
        ({"level": Level.DIGEST}, 0.0, False),
        ({"level": Level.INFO}, 0.0, False),
        ({"explained_by": "alm_0"}, 0.0, False),
        ({"state": AlarmState.ACKNOWLEDGED}, 1e6, True),
        ({"state": AlarmState.CLOSED}, 0.0, True),
        ({"state": AlarmState.CLOSED}, RESOLVED_FOR_S, False),
    ],
)
def test_who_is_told_of(more: dict[str, Any], after_s: float, posted: bool) -> None:
    assert bool(alerts_now([alarm(**more)], START_S + after_s)) is posted


async def test_changes_at_once_and_everything_now_and_then() -> None:
    now = [START_S]
    alarms = Alarms(alarm(1))
    async with alertmanager([]) as (url, got), aiohttp.ClientSession() as session:
        hook = Webhook(cast("Reader", alarms), url + "/", "", lambda: now[0])
        assert [await hook.post(session) for _ in range(2)] == [1, 0]
        alarms.now.append(alarm(2))
        assert await hook.post(session) == 1
        now[0] += 60
        assert await hook.post(session) == 2
        assert [len(one) for one in got] == [1, 1, 2]


async def test_a_post_that_fails_is_made_again() -> None:
    async with alertmanager([500, 503]) as (url, got):
        hook = Webhook(cast("Reader", Alarms(alarm())), url, "", lambda: START_S, look_s=0.01)
        running = asyncio.ensure_future(hook.run())
        await until(lambda: bool(got), timeout_s=10)
        running.cancel()
        assert (hook.failures, hook.posted) == (2, 1)
