"""Takes each request of a client, admits it or not, and runs its exchange. One for a process; owns live exchanges.

It does not open sockets: `run` puts it behind a listener.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from proxy.server import headers
from proxy.server.handler import Exchange, default_error_body
from proxy.server.protocol import ConnectionLimits, GuardedServer

if TYPE_CHECKING:
    from proxy.server.services import Services

KEEPALIVE_S = 75.0
"""How long a client's idle connection is kept: longer than the load balancers that may stand before us."""

_log = structlog.get_logger("sluicegate.exchange")


class Gateway:
    """The guarded side of the server."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._live: set[Exchange] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def active(self) -> int:
        """Exchanges under way."""
        return len(self._live)

    def server(self) -> GuardedServer:
        """Return the protocol factory for a listener."""
        config = self.services.config
        limits = ConnectionLimits(
            header_timeout_s=config.header_timeout_s,
            keepalive_timeout_s=KEEPALIVE_S,
            max_header_bytes=config.max_header_bytes,
            max_sockets=2 * config.max_connections + 64,
        )
        return GuardedServer(self.handle, limits, _malformed_body)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        metrics = self.services.metrics
        if len(self._live) >= self.services.config.max_connections or self.services.draining:
            metrics.count_exchange("none", "whole", "overload")
            return self._refuse()
        exchange = Exchange(self.services, request, f"req_{os.urandom(12).hex()}")
        self._live.add(exchange)
        self._empty.clear()
        metrics.active.inc()
        try:
            return await exchange.run()
        finally:
            self._live.discard(exchange)
            if not self._live:
                self._empty.set()
            metrics.active.dec()
            metrics.count_exchange(exchange.dialect_name, exchange.mode, exchange.decision)

    async def drain(self, timeout_s: float) -> None:
        """Let live exchanges finish for most of `timeout_s`, then end each with a proper ending."""
        ending_s = min(2.0, timeout_s / 4)
        if not await self._wait_empty(timeout_s - ending_s):
            _log.warning("drain_cut", exchanges=len(self._live))
            for exchange in list(self._live):
                exchange.shut_down()
            await self._wait_empty(ending_s)
        if self.services.tasks:
            await asyncio.wait(list(self.services.tasks), timeout=1.0)

    async def _wait_empty(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    def _refuse(self) -> web.Response:
        """Shed a request that would be one too many."""
        draining = self.services.draining
        code, text = ("shutting_down", "is shutting down") if draining else ("overloaded", "is full")
        response = web.Response(
            status=503,
            body=default_error_body(503, code, f"The proxy {text}; try again."),
            headers={"Content-Type": headers.JSON_TYPE, "Retry-After": "1", "Server": "sluicegate",
                     "x-sluicegate-request-id": f"req_{os.urandom(12).hex()}"},
        )  # fmt: skip
        response.force_close()
        return response


def _malformed_body(status: int) -> bytes:
    code, text = ("bad_request", "The request is not valid HTTP.")
    if status >= 500:  # noqa: PLR2004
        code, text = ("internal_error", "The proxy failed on this request.")
    return default_error_body(status, code, text)
