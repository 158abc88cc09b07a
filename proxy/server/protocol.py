"""The client's side of a connection: aiohttp's protocol with the limits it lacks. It routes nothing.

aiohttp has no limit on the time a request's head may take, buffers up to 64 KiB per write unasked, answers broken
requests in plain text and logs them with their bytes; this is where each of these is put right.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WRITE_HIGH_WATER_BYTES: Final = 16 << 10
"""Bytes for one client that may wait in user space before its exchange stops reading from the upstream. With one
read of the upstream (`upstream.READ_BYTES`) on either side of the guard a stalled client stays below 96 KiB."""

LINGER_S: Final = 1.0
"""How long an unread request body is read on after an early answer, so that the client can read that answer."""

_log = structlog.get_logger("sluicegate.server")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits on what a client may do before its request is known. Seconds, bytes, counts."""

    header_timeout_s: float
    keepalive_timeout_s: float
    max_header_bytes: int
    max_sockets: int


class ClientConnection(web.RequestHandler):
    """One connection of a client."""

    __slots__ = ("_header_timeout_s", "_header_timer", "_writable", "error_body", "received_at")

    def __init__(self, server: GuardedServer, limits: ConnectionLimits) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            cast("Any", server),
            loop=loop,
            keepalive_timeout=limits.keepalive_timeout_s,
            max_line_size=limits.max_header_bytes,
            max_field_size=limits.max_header_bytes,
            max_headers=128,
            lingering_time=LINGER_S,
            read_bufsize=64 << 10,
            auto_decompress=False,
            access_log=cast("Any", None),
        )
        self._header_timeout_s = limits.header_timeout_s
        self._header_timer: asyncio.TimerHandle | None = None
        self._writable: asyncio.Future[None] | None = None
        self.error_body = server.error_body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the limits of a new connection; one too many is closed at once."""
        super().connection_made(transport)
        real = cast("asyncio.Transport", transport)
        real.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES, low=WRITE_HIGH_WATER_BYTES // 4)
        if cast("GuardedServer", self._manager).is_crowded():
            real.abort()
            return
        self._start_header_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake a writer that waits; the exchange itself is cancelled by `handler_cancellation`."""
        self._stop_header_timer()
        super().connection_lost(exc)
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client. The header timer runs from a head's first byte to its last."""
        super().data_received(data)
        if self._messages or self._request_in_progress:
            if self._header_timer is not None:
                self._stop_header_timer()
        elif self._header_timer is None and data and self._waiter is not None and not self._waiter.done():
            self._start_header_timer()

    def resume_writing(self) -> None:
        """Let a writer go on."""
        super().resume_writing()
        self._wake()

    async def wait_writable(self) -> None:
        """Return when the client has taken most of what waits for it, or is gone."""
        while self.writing_paused and self.transport is not None:
            self._writable = self._loop.create_future()
            await self._writable

    def abort(self) -> None:
        """Drop the connection and what waits in it, now."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that could not be parsed, with our envelope and without its bytes in the log."""
        del message
        _log.info("request_refused", status=status, reason="malformed", error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        response = web.Response(
            status=status,
            body=self.error_body(status),
            headers={
                "Content-Type": "application/json",
                "Server": "sluicegate",
                "x-sluicegate-request-id": f"req_{os.urandom(12).hex()}",
            },
        )
        response.force_close()
        return response

    def log_exception(self, *_args: object, **kw: object) -> None:
        """Log the kind of an unexpected error: its text could quote the request."""
        error = kw.get("exc_info")
        _log.error("connection_error", error=type(error).__name__)

    def _start_header_timer(self) -> None:
        self._header_timer = self._loop.call_later(self._header_timeout_s, self._header_timed_out)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _header_timed_out(self) -> None:
        self._header_timer = None
        if not self._messages and not self._request_in_progress:
            self.force_close()

    def _wake(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)


class GuardedServer(web.Server):
    """Makes a `ClientConnection` for each accepted socket. A client that leaves cancels its handler."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        limits: ConnectionLimits,
        error_body: Callable[[int], bytes],
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self.error_body = error_body
        self._limits = limits

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return ClientConnection(self, self._limits)

    def is_crowded(self) -> bool:
        """Whether more sockets are open than the process wants to hold."""
        return len(self._connections) > self._limits.max_sockets
