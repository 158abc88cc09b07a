"""A real Alertmanager takes what the monitor posts, and lets an alarm end that has closed."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import pytest

from monitor.service.webhook import Webhook
from monitor.types import AlarmState
from tests.support.broker import free_ports
from tests.support.served_monitor import call
from tests.support.watching import Alarms, alarm

if TYPE_CHECKING:
    from monitor.service.reading import Reader

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = "route: {receiver: none}\nreceivers: [{name: none}]\n"


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("Alertmanager is not installed (make test-deploy does it)")
    (port,) = free_ports(1)
    (tmp_path / "config.yaml").write_text(CONFIG)
    options = [f"--config.file={tmp_path / 'config.yaml'}", f"--storage.path={tmp_path / 'data'}"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, *options], stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def active(url: str) -> list[dict[str, Any]] | None:
    """The alerts that are active; None while it does not answer."""
    try:
        status, alerts = call(f"{url}/api/v2/alerts?active=true")
    except OSError:
        return None
    return sorted(alerts, key=lambda one: str(one["labels"]["alarm_id"])) if status == 200 else None


async def settled(url: str, ids: list[str]) -> list[dict[str, Any]]:
    """Wait until exactly these alarms are active."""
    end_s = time.monotonic() + 30
    while True:
        found = await asyncio.to_thread(active, url)
        if found is not None and [one["labels"]["alarm_id"] for one in found] == ids:
            return found
        assert time.monotonic() < end_s, found
        await asyncio.sleep(0.05)


async def test_alarms_are_active_until_they_close(alertmanager: str) -> None:
    await settled(alertmanager, [])
    now_s = time.time()
    alarms = Alarms(alarm(1, now_s), alarm(2, now_s, about={"rule": "hide"}))
    async with aiohttp.ClientSession() as session:
        hook = Webhook(cast("Reader", alarms), alertmanager, "https://monitor.example", time.time)
        assert await hook.post(session) == 2
        one, two = await settled(alertmanager, ["alm_1", "alm_2"])
        assert (one["labels"]["severity"], two["labels"]["rule"]) == ("page", "hide")
        assert one["annotations"]["summary"] == "incidents changed for global: 0.25, 0.1 before"
        assert one["generatorURL"] == "https://monitor.example/api/alarms"
        alarms.now[0] = dataclasses.replace(alarms.now[0], state=AlarmState.CLOSED, changed_s=time.time())
        assert await hook.post(session) == 1
        await settled(alertmanager, ["alm_2"])
