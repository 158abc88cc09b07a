"""Writes one answer to the client: the only place that does. Head, framing, coalesced writes, back-pressure.

Bytes that come here were released by the guard, or are our own envelope. The framing is written here and not by
aiohttp's response class: head and body, or an event and the end of its stream, leave in one write (docs/adr).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.server.faults import ExchangeTimeout, Phase
from proxy.server.response_head import response_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.server.client_request import ClientRequest
    from proxy.server.watchdog import Watchdog

SLICE_BYTES: Final = 16 << 10
"""How much of a large body is put into the transport at once: with its 16 KiB of high water, at most 32 KiB of
copies wait for a stalled client."""

_LINE_END: Final = b"\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"


class ClientWriter:
    """One answer on one connection."""

    __slots__ = ("_begun", "_chunked", "_connection", "_head", "_slow_s", "_watchdog", "request", "status")

    def __init__(self, request: ClientRequest, watchdog: Watchdog, slow_client_timeout_s: float) -> None:
        self.request = request
        self._connection = request.connection
        self._watchdog = watchdog
        self._slow_s = slow_client_timeout_s
        self._begun = False
        self._chunked = False
        self._head = b""
        self.status: int | None = None
        """Status of the answer, once there is one."""

    @property
    def started(self) -> bool:
        """Whether bytes of the answer have left."""
        return self.request.started

    def start_stream(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin an answer of unknown length; its head leaves with the first bytes."""
        request = self.request
        if request.is_http10:
            request.keeps_alive = False  # the connection's end is the body's end
        else:
            self._chunked = True
            headers = [("Transfer-Encoding", "chunked"), *headers]
        self._begin(status, headers)

    async def write(self, data: bytes) -> None:
        """Write bytes of a stream; wait while the client is slow.

        Raises `ExchangeTimeout` when it takes nothing for too long, ConnectionError when it is gone.
        """
        if not self._begun:
            raise RuntimeError("write before start_stream")
        slices = [data]
        if len(data) > SLICE_BYTES:
            slices = [data[start : start + SLICE_BYTES] for start in range(0, len(data), SLICE_BYTES)][::-1]
        del data  # what has gone is let go of while the client is slow: a stream has no other use for it
        while slices:
            self._send(self._framed(slices.pop()))
            if self._connection.writing_paused:
                await self._wait_writable()

    async def end(self, data: bytes = b"") -> None:
        """End a stream, with its last bytes where they are at hand."""
        if not self._begun:
            raise RuntimeError("end before start_stream")
        if len(data) > SLICE_BYTES:
            await self._write_sliced(data)
            data = b""
        self._send(self._framed(data, last=True))
        if self._connection.writing_paused:
            await self._wait_writable()
        self.request.answered = True

    async def send_whole(
        self, status: int, headers: Sequence[tuple[str, str]], body: bytes, *, close: bool = False
    ) -> None:
        """Write an answer whose bytes are all here: one write when it is small.

        It may stand in place of a stream that was begun and of which nothing has left.
        """
        request = self.request
        self._chunked = False
        if close:
            request.keeps_alive = False
        self._begin(status, [("Content-Length", str(len(body))), *headers])
        if request.method == "HEAD":
            body = b""
        await self.end(body)

    def abort(self) -> None:
        """Drop the connection."""
        self._connection.abort()

    def _begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        request = self.request
        if self._connection.is_ending:
            request.keeps_alive = False
        self._begun = True
        self.status = status
        self._head = response_head(status, headers, is_http10=request.is_http10, keeps_alive=request.keeps_alive)

    def _framed(self, data: bytes, *, last: bool = False) -> bytes:
        """Return `data` as it goes onto the wire, behind the head when that has not left."""
        head, self._head = self._head, b""
        if not self._chunked:
            return head + data if head else data
        end = _LAST_CHUNK if last else b""
        return b"".join((head, b"%x\r\n" % len(data), data, _LINE_END, end)) if data else head + end

    def _send(self, framed: bytes) -> None:
        self.request.started = True
        if framed:
            self._connection.send(framed)

    async def _write_sliced(self, data: bytes) -> None:
        """Write bytes that somebody else keeps, too, so that copies of all slices would come on top."""
        for start in range(0, len(data), SLICE_BYTES):
            self._send(self._framed(data[start : start + SLICE_BYTES]))
            if self._connection.writing_paused:
                await self._wait_writable()

    async def _wait_writable(self) -> None:
        """Wait for the client to read; it may be slow, but not stand still."""
        connection = self._connection
        waiting = connection.waiting_bytes
        while connection.writing_paused:
            try:
                await self._watchdog.within(Phase.SLOW_CLIENT, self._slow_s, connection.wait_writable())
            except ExchangeTimeout:
                left = connection.waiting_bytes
                if left >= waiting:
                    raise
                waiting = left
