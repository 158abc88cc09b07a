"""Writes one answer to the client: the only place that does. Headers, coalesced writes, back-pressure.

Bytes that come here were released by the guard, or are our own envelope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from aiohttp import web
from aiohttp.http import HttpVersion11

from proxy.server.faults import ExchangeTimeout, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.http import StreamWriter

    from proxy.server.protocol import ClientConnection
    from proxy.server.watchdog import Watchdog

SLICE_BYTES: Final = 16 << 10
"""How much of a large body is put into the transport at once: with its 16 KiB of high water, at most 32 KiB of
copies wait for a stalled client."""

SERVER_NAME: Final = "sluicegate"


class ClientWriter:
    """One answer on one connection."""

    __slots__ = ("_connection", "_response", "_slow_s", "_watchdog", "request", "started")

    def __init__(self, request: web.BaseRequest, watchdog: Watchdog, slow_client_timeout_s: float) -> None:
        self.request = request
        self.started = False
        self._connection = cast("ClientConnection", request.protocol)
        self._watchdog = watchdog
        self._slow_s = slow_client_timeout_s
        self._response: web.StreamResponse | None = None

    async def start_stream(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin an answer of unknown length; its head leaves with the first bytes."""
        response = web.StreamResponse(status=status, headers=[("Server", SERVER_NAME), *headers])
        if self.request.version >= HttpVersion11:
            response.enable_chunked_encoding()
        else:
            response.force_close()
        await response.prepare(self.request)
        self._response = response

    async def write(self, data: bytes) -> None:
        """Write bytes of a stream; wait while the client is slow.

        Raises `ExchangeTimeout` when it takes nothing for too long, ConnectionError when it is gone.
        """
        if self._response is None:
            raise RuntimeError("write before start_stream")
        self.started = True
        # aiohttp would wait for the client by itself every 64 KiB, and without a limit.
        writer = cast("StreamWriter", self.request.writer)
        if len(data) <= SLICE_BYTES:
            await writer.write(data, drain=False)
        else:
            for start in range(0, len(data), SLICE_BYTES):
                await writer.write(data[start : start + SLICE_BYTES], drain=False)
                if self._connection.writing_paused:
                    await self._wait_writable()
        if self._connection.writing_paused:
            await self._wait_writable()

    async def end(self) -> web.StreamResponse:
        """End a stream."""
        if self._response is None:
            raise RuntimeError("end before start_stream")
        self.started = True
        await self._watchdog.within(Phase.SLOW_CLIENT, self._slow_s, self._response.write_eof())
        return self._response

    async def send_whole(
        self, status: int, headers: Sequence[tuple[str, str]], body: bytes, *, close: bool = False
    ) -> web.StreamResponse:
        """Write an answer whose bytes are all here: one write when it is small."""
        pairs = [("Server", SERVER_NAME), ("Content-Length", str(len(body))), *headers]
        response = web.StreamResponse(status=status, headers=pairs)
        if close:
            response.force_close()
        await response.prepare(self.request)
        self._response = response
        self.started = True
        if len(body) > SLICE_BYTES:
            await self.write(body)
            body = b""
        await self._watchdog.within(Phase.SLOW_CLIENT, self._slow_s, response.write_eof(body))
        return response

    def abort(self) -> None:
        """Drop the connection."""
        self._connection.abort()

    async def _wait_writable(self) -> None:
        """Wait for the client to read; it may be slow, but not stand still."""
        transport = self._connection.transport
        waiting = transport.get_write_buffer_size() if transport is not None else 0
        while self._connection.writing_paused:
            try:
                await self._watchdog.within(Phase.SLOW_CLIENT, self._slow_s, self._connection.wait_writable())
            except ExchangeTimeout:
                left = transport.get_write_buffer_size() if transport is not None else 0
                if left >= waiting:
                    raise
                waiting = left
