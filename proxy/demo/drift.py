"""The last part of the demo: the model gets worse, and the monitor beside the proxy sees it.

Some hundred answers go through a proxy of their own, one in a hundred with something to take out, then one in
three. What the monitor says is asked of its address, as anybody would.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import aiohttp
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from monitor.service.asking import NoMonitorError, asked
from monitor.service.run import ADDRESS_NAME, SUBFOLDER
from monitor.service.screen import drawn
from proxy.demo.model import MODEL_NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rich.console import Console, RenderableType

    from monitor.service.asking import Said

CALM: Final = 300
"""Answers from which the monitor learns what is usual."""
WORSE: Final = 300
CALM_EVERY: Final = 100
WORSE_EVERY: Final = 3
"""One in so many has something to take out."""
AT_ONCE: Final = 8
WINDOW: Final = "5m"
MAX_SLICES: Final = 5
_CLEAN: Final = "Thank you, that is all."
_CAUGHT: Final = "Write to jane.roe@example.com, please."
_LOOK_S: Final = 0.25
_LIMIT_S: Final = 20.0


async def show_drift(console: Console, proxy_url: str, state_dir: Path) -> bool:
    """Play the traffic and show what the monitor makes of it. Returns whether it raised an alarm."""
    console.print(Rule(Text(" the model gets worse, and the monitor sees it "), align="left", style="dim"))
    picture: RenderableType = Text("The monitor does not answer.")
    with Live(Text("The monitor starts."), console=console, auto_refresh=False, transient=True) as live:
        url = await _address(state_dir)
        traffic = asyncio.ensure_future(_play(proxy_url))
        is_seen = False
        async for said in _looks(url):
            picture = drawn(said, WINDOW, MAX_SLICES)
            live.update(picture, refresh=True)
            is_seen = any(one["signal"] == "incidents" and one["observed"] > one["expected"] for one in said.alarms)
            if traffic.done() and is_seen and _answers(said) >= CALM + WORSE:
                break
        await traffic
    console.print(picture)
    console.print(
        f"{CALM} answers with something to take out in one of {CALM_EVERY}, then {WORSE} with it in one of"
        f" {WORSE_EVERY}: {'the monitor raised an alarm' if is_seen else 'NOT AS EXPECTED, no alarm'}."
    )
    return is_seen


def monitor_address(state_dir: Path) -> str:
    """Return where the monitor beside the proxy is; empty while it has not said so."""
    path = state_dir / SUBFOLDER / ADDRESS_NAME
    return path.read_text().strip() if path.exists() else ""


async def _address(state_dir: Path) -> str:
    for _ in range(int(_LIMIT_S / _LOOK_S)):
        if found := monitor_address(state_dir):
            return found
        await asyncio.sleep(_LOOK_S)
    return ""


async def _looks(url: str) -> AsyncIterator[Said]:
    """Ask the monitor now and then, for a while."""
    for _ in range(int(_LIMIT_S / _LOOK_S) if url else 0):
        with suppress(NoMonitorError):  # it is still starting: the limit is that of the looks
            yield await asyncio.to_thread(asked, [url], WINDOW)
        await asyncio.sleep(_LOOK_S)


def _answers(said: Said) -> int:
    """Return how many answers it has counted."""
    return said.rates.get(("global", "", "incidents"), (0, 0))[1]


async def _play(proxy_url: str) -> None:
    """Ask for calm answers, then for worse ones, some at a time."""
    prompts = [_CAUGHT if number % CALM_EVERY == CALM_EVERY // 2 else _CLEAN for number in range(CALM)]
    prompts += [_CLEAN if number % WORSE_EVERY else _CAUGHT for number in range(WORSE)]
    async with aiohttp.ClientSession() as session:
        for start in range(0, len(prompts), AT_ONCE):
            await asyncio.gather(*(_ask(session, proxy_url, one) for one in prompts[start : start + AT_ONCE]))


async def _ask(session: aiohttp.ClientSession, proxy_url: str, prompt: str) -> None:
    payload = {"model": MODEL_NAME, "messages": [{"role": "user", "content": prompt}]}
    async with session.post(f"{proxy_url}/v1/chat/completions", json=payload) as answer:
        await answer.read()
