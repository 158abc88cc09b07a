"""Takes each request of a client, admits it or not, and runs its exchange. One for a process; owns live exchanges.

It does not open sockets: `run` puts it behind a listener.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from proxy.server import headers
from proxy.server.client_writer import ClientWriter
from proxy.server.envelopes import Family, error_body, family_of
from proxy.server.faults import ExchangeTimeout
from proxy.server.handler import Exchange
from proxy.server.ids import new_request_id
from proxy.server.protocol import ConnectionLimits, GuardedServer
from proxy.server.watchdog import Watchdog

if TYPE_CHECKING:
    from proxy.server.client_request import ClientRequest
    from proxy.server.services import Services

KEEPALIVE_S = 75.0
"""How long a client's idle connection is kept: longer than the load balancers that may stand before us."""

_log = structlog.get_logger("sluicegate.exchange")


class Gateway:
    """The guarded side of the server."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._live: set[Exchange] = set()
        self._empty: asyncio.Event | None = None
        """Set when the last live exchange ends; None while nobody waits for that."""

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

    async def handle(self, request: ClientRequest) -> None:
        """Answer one request."""
        services, live = self.services, self._live
        watchdog = self._watchdog(request)
        if len(live) >= services.config.max_connections or services.draining:
            services.metrics.count_exchange("none", "whole", "overload")
            await self._refuse(request, watchdog)
            return
        exchange = Exchange(services, request, new_request_id(), watchdog)
        live.add(exchange)
        services.metrics.active += 1
        try:
            await exchange.run()
        finally:
            live.discard(exchange)
            if self._empty is not None and not live:
                self._empty.set()
            services.metrics.active -= 1
            services.metrics.count_exchange(exchange.dialect_name, exchange.mode, exchange.decision)
            services.metrics.count_route(exchange.route_id, exchange.tenant or "none", exchange.decision)

    def _watchdog(self, request: ClientRequest) -> Watchdog:
        """Return the connection's timer, for a new exchange."""
        connection, total_s = request.connection, self.services.config.total_timeout_s
        watchdog = connection.watchdog
        if watchdog is None:
            watchdog = connection.watchdog = Watchdog(asyncio.get_running_loop(), total_s)
        else:
            watchdog.restart(total_s)
        return watchdog

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
        if not self._live:
            return True
        self._empty = asyncio.Event()
        try:
            await asyncio.wait_for(self._empty.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def _refuse(self, request: ClientRequest, watchdog: Watchdog) -> None:
        """Shed a request that would be one too many."""
        draining = self.services.draining
        code, text = ("shutting_down", "is shutting down") if draining else ("overloaded", "is full")
        pairs = [
            ("Content-Type", headers.JSON_TYPE),
            ("Retry-After", "1"),
            ("x-sluicegate-request-id", new_request_id()),
        ]
        family = family_of(request.raw_path, request.headers)
        body = error_body(family, 503, code, f"The proxy {text}; try again.")
        writer = ClientWriter(request, watchdog, self.services.config.slow_client_timeout_s)
        try:
            await writer.send_whole(503, pairs, body, close=True)
        except ExchangeTimeout as error:
            writer.abort()
            raise ConnectionResetError("slow client") from error


def _malformed_body(status: int) -> bytes:
    code, text = ("bad_request", "The request is not valid HTTP.")
    if status >= 500:  # noqa: PLR2004
        code, text = ("internal_error", "The proxy failed on this request.")
    return error_body(Family.OPENAI, status, code, text)
