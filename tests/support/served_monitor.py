"""A monitor's API over shares that a test has fed: no thread, a real address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web
from prometheus_client import CollectorRegistry

from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from monitor.service.api import api_app
from monitor.service.metrics import MonitorCollector
from monitor.service.reading import Reader
from monitor.service.runner import Runner
from monitor.service.shares import Shares
from monitor.service.source import Batch
from monitor.service.verdicts import Verdicts
from monitor.settings import MonitorSettings
from tests.support.watching import items

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Served(NamedTuple):
    url: str
    shares: Shares
    runner: Runner
    registry: CollectorRegistry
    app: web.Application


def fed(folder: Path, count: int = 150) -> Shares:
    """Two shares with records: a tenth of them with an incident."""
    shares = Shares(folder, MonitorSettings(), bytes(32), lambda _alarm: None)
    shares.keep({"share-0", "share-1"}, {})
    shares.receive(
        [Batch("share-0", "a/0", items(0, count), count), Batch("share-1", "a/1", items(1000, 50), 1050)]
    )
    shares.advance(items(1060, 1)[0].time_s)
    return shares


@asynccontextmanager
async def served_monitor(shares: Shares, token: str | None = None) -> AsyncIterator[Served]:
    reader = Reader(shares)
    runner = Runner(shares, lambda: None, 30.0)  # type: ignore[arg-type, return-value]
    registry = CollectorRegistry()
    registry.register(MonitorCollector(reader, runner, shares))
    verdicts = Verdicts(shares.folder / FILE_NAME, OutboxSettings(), "/sluicegate/t", "p", bytes(32))
    app = api_app(reader, runner, registry, verdicts, token)
    site = web.AppRunner(app)
    await site.setup()
    await web.TCPSite(site, "127.0.0.1", 0).start()
    host, port = site.addresses[0][:2]
    try:
        yield Served(f"http://{host}:{port}", shares, runner, registry, app)
    finally:
        await site.cleanup()
        shares.close()


def call(
    url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, Any]:
    """Return the status and what was answered."""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    try:
        return status, json.loads(body)
    except ValueError:
        return status, body.decode()
