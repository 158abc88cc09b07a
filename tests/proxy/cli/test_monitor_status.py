"""`sluicegate monitor status --once`: the monitor of a state folder, and what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.served_monitor import fed, served_monitor

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


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
