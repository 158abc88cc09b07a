"""The client's side of a connection: aiohttp's protocol with the limits it lacks. It routes nothing.

aiohttp parses requests, queues those that were sent ahead, and keeps the sockets and their idle time. Serving them
is done here, in the connection's own task: aiohttp would make a task, a request of a dozen parts, a writer and a
response for each (docs/adr). It has no limit on the time that a request's head may take, buffers up to 64 KiB for
each write unasked, answers broken requests in plain text and logs their bytes; all that is put right here, too.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError

from proxy.server.client_request import ClientRequest
from proxy.server.ids import new_request_id
from proxy.server.response_head import response_head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.streams import StreamReader

    from proxy.server.watchdog import Watchdog

WRITE_HIGH_WATER_BYTES: Final = 16 << 10
"""Bytes for one client that may wait in user space before its exchange stops reading from the upstream. With one
read of the upstream (`READ_BYTES`) on either side of the guard a stalled client stays below 96 KiB."""

UNSENT_BYTES: Final = 64 << 10
"""Bytes for one client that the kernel takes beyond what it could send. Left alone it takes up to 4 MiB for one
that reads nothing, and only when that is full do we notice."""

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

    __slots__ = ("_header_timeout_s", "_header_timer", "_serve", "_writable", "error_body", "watchdog")

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
        self._serve = server.serve
        self.error_body = server.error_body
        self.watchdog: Watchdog | None = None
        """The timer of the exchanges on this connection, made by the first of them."""

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the limits of a new connection; one too many is closed at once."""
        super().connection_made(transport)
        real = cast("asyncio.Transport", transport)
        real.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES, low=WRITE_HIGH_WATER_BYTES // 4)
        if cast("GuardedServer", self._manager).is_crowded():
            real.abort()
            return
        sock = real.get_extra_info("socket")
        if sock is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._start_header_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wake a writer that waits; the exchange itself is cancelled by `handler_cancellation`."""
        self._stop_header_timer()
        super().connection_lost(exc)
        self._wake()
        if self.watchdog is not None:
            self.watchdog.close()

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

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on after a pause. aiohttp asks for it at every read and end of a body, paused or not."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    # What an exchange does.

    @property
    def is_ending(self) -> bool:
        """Whether no other request will be served here."""
        return bool(self._close or self._force_close)

    @property
    def waiting_bytes(self) -> int:
        """Bytes in user space that the client has not taken."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def send(self, data: bytes) -> None:
        """Write bytes. Raises ConnectionError when the client is gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(data)

    async def wait_writable(self) -> None:
        """Return when the client has taken most of what waits for it. Raises ConnectionError when it is gone."""
        while self.writing_paused:
            if self.transport is None:
                raise ConnectionResetError("the client is gone")
            self._writable = self._loop.create_future()
            await self._writable

    def abort(self) -> None:
        """Drop the connection and what waits in it, now."""
        if self.transport is not None:
            self.transport.abort()

    # The connection's task.

    async def start(self) -> None:
        """Serve one request after the other until the connection is to end. aiohttp makes the task that runs it."""
        try:
            while not self._force_close and await self._serve_next():
                self._next_keepalive_close_time = due = self._loop.time() + self._keepalive_timeout
                if self._keepalive_handle is None:
                    self._keepalive_handle = self._loop.call_at(due, self._process_keepalive)
        except asyncio.CancelledError:
            self.force_close()
            raise
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    async def _serve_next(self) -> bool:
        """Serve the next request. Returns whether another may follow."""
        if not self._messages and not await self._wait_for_request():
            return False
        message, content = self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        cast("GuardedServer", self._manager).requests_count += 1
        if not isinstance(message, RawRequestMessage):
            self._refuse(message.status, message.exc, "malformed")
            return False
        request = ClientRequest(message, content, self)
        try:
            await self._run(request)
        except ConnectionError:
            return False
        if not content.is_eof():
            await self._linger(content)
        return request.keeps_alive and request.answered and content.is_eof() and not self.is_ending

    async def _wait_for_request(self) -> bool:
        """Wait. Returns False when the connection is to end between two requests."""
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._force_close or task is None or task.cancelling():
                raise
            return False  # `close` cancels the waiter alone
        finally:
            self._waiter = None
        return True

    async def _run(self, request: ClientRequest) -> None:
        """Have one request answered; a bug ends the connection, not the server."""
        self._request_in_progress = True
        self._current_request = cast("Any", request)
        try:
            await self._serve(request)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the border: handlers answer for their own errors
            request.keeps_alive = False
            if request.started:
                self.log_exception(exc_info=error)
                self.abort()
            else:
                self._refuse(500, error, "internal")
        finally:
            self._current_request = None
            self._request_in_progress = False
            if self._handler_waiter is not None and not self._handler_waiter.done():
                self._handler_waiter.set_result(None)

    async def _linger(self, content: StreamReader) -> None:
        """Read on for a while: a client that is still sending would lose the answer to a reset."""
        try:
            async with asyncio.timeout(LINGER_S):
                while not content.is_eof() and not self._force_close:
                    await content.readany()
        except (TimeoutError, ConnectionError, web.RequestPayloadError, HttpProcessingError):
            return

    def _refuse(self, status: int, error: BaseException, reason: str) -> None:
        """Answer a request that has no exchange, with our envelope and without its bytes in the log."""
        _log.info("request_refused", status=status, reason=reason, error=type(error).__name__)
        body = self.error_body(status)
        head = response_head(
            status,
            [
                ("Content-Length", str(len(body))),
                ("Content-Type", "application/json"),
                ("x-sluicegate-request-id", new_request_id()),
            ],
            keeps_alive=False,
        )
        if self.transport is not None:
            self.transport.write(head + body)

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
        serve: Callable[[ClientRequest], Awaitable[None]],
        limits: ConnectionLimits,
        error_body: Callable[[int], bytes],
    ) -> None:
        """`serve` answers a request; `error_body` is the body of an answer to one that could not be parsed."""
        super().__init__(cast("Any", serve), handler_cancellation=True)
        self.serve = serve
        self.error_body = error_body
        self._limits = limits

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return ClientConnection(self, self._limits)

    def is_crowded(self) -> bool:
        """Whether more sockets are open than the process wants to hold."""
        return len(self._connections) > self._limits.max_sockets
