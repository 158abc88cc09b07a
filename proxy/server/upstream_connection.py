"""One connection to a model API, and the answer that comes over it. The pool is `upstream`'s.

It moves bytes and reports faults, and reads no further ahead than its limits.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from proxy.server.faults import UpstreamFault
from proxy.server.http1 import HttpError, ResponseHead, ResponseReader

READ_BYTES: Final = 16 << 10
"""Most bytes taken from a socket at once. One such read, as bytes and as what the guard made of it, lives while a
stalled client is waited for."""

READ_AHEAD_BYTES: Final = 8 << 10
"""Body bytes that may wait for the exchange before the socket is no longer read."""

TAIL_S: Final = 1.0
"""How long a connection may take to end the framing of an answer whose own format has ended. Servers send the last
chunk of a stream in a write of its own; dropping the connection for it would cost a new handshake each time."""


class Pool(Protocol):
    """Who a connection belongs to."""

    def keep(self, connection: UpstreamConnection) -> None:
        """Take it back after a complete response."""

    def forget(self, connection: UpstreamConnection) -> None:
        """Hear that it is gone."""


class UpstreamConnection(asyncio.BufferedProtocol):
    """One connection, and the response that comes over it."""

    def __init__(self, owner: Pool, loop: asyncio.AbstractEventLoop, scratch: bytearray) -> None:
        self.rest_until = 0.0
        """When an idle connection is too old to use; 0 while it is in use."""
        self._owner = owner
        self._loop = loop
        self._scratch = scratch
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._fault: UpstreamFault | None = None
        self._tail_timer: asyncio.TimerHandle | None = None
        """Runs while only the end of the framing is waited for."""

    # What the owner does.

    def is_open(self) -> bool:
        """Whether it can carry a request."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, head: bytes, body: bytes | None, max_head_bytes: int) -> ResponseHead:
        """Send a request and return the answer's head. Raises `UpstreamFault`."""
        transport = self._transport
        if transport is None:
            raise _broken()
        reader = self._reader = ResponseReader(max_head_bytes)
        if body is None or len(body) <= READ_BYTES:
            transport.write(head + body if body else head)
        else:
            transport.write(head)
            transport.write(body)
        while reader.head is None:
            if self._fault is not None:
                raise self._fault
            await self._wait()
        return reader.head

    async def read(self) -> bytes:
        """See `UpstreamResponse.read`."""
        while (data := self.take()) is None:
            await self._wait()
        return data

    def take(self) -> bytes | None:
        """See `UpstreamResponse.take`."""
        pieces = self._pieces
        if not pieces:
            if self._fault is not None:
                raise self._fault
            return b"" if self._reader is None or self._reader.done else None
        self._pieces = []
        self._waiting_bytes = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def release(self) -> None:
        """Give the connection back when nothing stands against it, drop it otherwise."""
        reader, self._reader = self._reader, None
        transport = self._transport
        if (
            transport is not None
            and reader is not None
            and reader.done
            and not reader.rest
            and self._may_be_kept(reader)
            and transport.get_write_buffer_size() == 0
        ):
            self._owner.keep(self)
        else:
            self.abort()

    def release_at_end(self) -> None:
        """Give the connection back as soon as the framing of its answer has ended, too."""
        reader = self._reader
        if reader is None or reader.done or not self._may_be_kept(reader):
            self.release()
            return
        self._tail_timer = self._loop.call_later(TAIL_S, self.abort)
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _may_be_kept(self, reader: ResponseReader) -> bool:
        is_sound = self._fault is None and not self._pieces
        return is_sound and reader.head is not None and reader.head.keeps_alive and self.is_open()

    def _stop_tail_timer(self) -> None:
        if self._tail_timer is not None:
            self._tail_timer.cancel()
            self._tail_timer = None

    def abort(self) -> None:
        """Drop the connection."""
        self._reader = None
        self._stop_tail_timer()
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where the next bytes go."""
        del sizehint
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes of the answer."""
        reader = self._reader
        if reader is None:
            self.abort()  # bytes that no request asked for
            return
        if self._fault is not None:
            return
        try:
            pieces = reader.feed(bytes(memoryview(self._scratch)[:nbytes]))
        except HttpError as error:
            self._pieces += error.pieces
            self._fail()
            return
        if self._tail_timer is not None:
            self._pieces += pieces  # text behind an answer's end: nobody will read it
            if pieces or reader.done:
                self._stop_tail_timer()
                self.release()
            return
        if pieces:
            self._pieces += pieces
            self._waiting_bytes += nbytes
            if self._waiting_bytes > READ_AHEAD_BYTES and not self._is_awaited() and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Take the end of the peer's bytes."""
        if self._reader is not None and self._fault is None:
            try:
                self._reader.feed_end()
            except HttpError:
                self._fail()
            self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the exchange and the pool that it is gone."""
        del exc
        self._transport = None
        self._stop_tail_timer()
        if self._reader is not None and not self._reader.done and self._fault is None:
            self._fault = _broken()
        self._owner.forget(self)
        self._wake()

    def _fail(self) -> None:
        self._fault = _broken()
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _is_awaited(self) -> bool:
        """Whether the exchange waits for what has just come: then it takes it in this turn of the loop."""
        return self._paused or (self._waiter is not None and not self._waiter.done())

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _broken() -> UpstreamFault:
    return UpstreamFault("upstream_broken", "The model API broke off its answer, or did not speak HTTP.")
