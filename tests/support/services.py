"""The parts of a server without its sockets: for tests of one module of `proxy.server`."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from proxy.server.lanes import ScanLanes
from proxy.server.metrics import Metrics
from proxy.server.reload import PolicyHolder
from proxy.server.router import Router
from proxy.server.routes import route_table
from proxy.server.scanning import log_scan_error
from proxy.server.services import Services
from proxy.server.upstreams import close_upstreams, make_upstreams
from tests.support.gateway import ListSink, config_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from policies.types import Policy


@asynccontextmanager
async def services_for(policy: Policy, **config: Any) -> AsyncIterator[tuple[Services, ListSink]]:
    """Make the shared parts as the server does; nothing listens and nothing is connected."""
    settings = config_for("http://127.0.0.1:9", **config)
    metrics, sink = Metrics(), ListSink()
    lanes = ScanLanes(asyncio.get_running_loop(), 2, metrics.set_threads_lost, log_scan_error)
    services = Services(
        config=settings,
        policies=PolicyHolder(policy, None, metrics),
        router=Router(settings, route_table(settings)),
        upstreams=make_upstreams(settings),
        lanes=lanes,
        metrics=metrics,
        sink=sink,
    )
    try:
        yield services, sink
        if services.tasks:
            await asyncio.gather(*services.tasks)
    finally:
        lanes.close()
        await close_upstreams(services.upstreams)
