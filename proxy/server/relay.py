"""Moves one response: upstream bytes through decoder and guard, released bytes to the client. Used by one task.

The loop reads the upstream while scans run elsewhere, but not far ahead of them: what a slow detector has not
judged is left in the upstream's socket.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, TypeVar

from proxy.guard.api import GuardState
from proxy.server.faults import ExchangeFault, ExchangeTimeout, Phase, UpstreamFault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from proxy.server.client_writer import ClientWriter
    from proxy.server.config import ServerConfig
    from proxy.server.decoding import Decoder
    from proxy.server.guarding import GuardedMessage
    from proxy.server.recording import Recorder
    from proxy.server.services import Services
    from proxy.server.upstream import UpstreamResponse
    from proxy.server.watchdog import Watchdog
    from proxy.server.whole import WholeMessage

    Release = Callable[[GuardedMessage], Awaitable[None]]

_T = TypeVar("_T")

_COMPLETE: Final = (GuardState.STATE_DONE, GuardState.STATE_BLOCKED)
"""States in which the last bytes of a stream have been taken, its ending among them."""

MAX_UNJUDGED_BYTES: Final = 8 << 10
"""Bytes read on while text waits for a scan elsewhere: about 40 events, the next segments of a window detector."""


class Relay:
    """One response on its way."""

    def __init__(
        self,
        services: Services,
        upstream: UpstreamResponse,
        decoder: Decoder | None,
        watchdog: Watchdog,
        max_bytes: int,
        config: ServerConfig,
    ) -> None:
        """`config` has the upstream's timeouts."""
        self._services = services
        self._config = config
        self._upstream = upstream
        self._decoder = decoder
        self._watchdog = watchdog
        self._max_bytes = max_bytes
        self._head: list[bytes] = []
        self._read_bytes = 0
        self._unjudged = 0
        self._reading: asyncio.Task[bytes] | None = None
        self._ended = False
        self._recorder: Recorder | None = None
        self._message: GuardedMessage | WholeMessage | None = None
        self._first_in_s: float | None = None
        self._last_in_s: float | None = None
        self._first_out_s: float | None = None
        self.added_s: tuple[float | None, float | None] = (None, None)
        """Time that the proxy added: to the first byte, and after the last one. Set by `note_end`."""

    async def read_head(self, known_by: Callable[[bytes], _T | None]) -> _T:
        """Read until `known_by` knows what the body is, and return that. Raises `UpstreamFault`.

        The bytes stay for the guard.
        """
        head = self._head
        while not head or (known := known_by(head[0] if len(head) == 1 else b"".join(head))) is None:
            data = await self._read()
            if self._ended:
                raise UpstreamFault("upstream_empty", "The model API's answer is empty.")
            if self._decoder is None:
                head.append(data)
            else:
                head += self._decoded(data)
            if sum(map(len, head)) > self._max_bytes:
                raise _too_large()
        return known

    def record_to(self, recorder: Recorder) -> None:
        """Write what the upstream sends to a recording, too."""
        self._recorder = recorder
        for piece in self._head:
            recorder.add(piece)

    async def stream(
        self,
        message: GuardedMessage,
        writer: ClientWriter,
        out_headers: Sequence[tuple[str, str]],
        before_s: float,
    ) -> None:
        """Bring a stream. Raises `ExchangeFault` when it broke: the ending is still to be written."""
        self._message = message

        async def release(released: GuardedMessage) -> None:
            await self._release(released, writer, out_headers)

        try:
            await self._pump(message, release)
        except ExchangeFault as fault:
            if isinstance(fault, ExchangeTimeout) and fault.phase is Phase.SLOW_CLIENT:
                raise
            message.receive_abort(fault.public)
            await message.settle()
            await release(message)
            if message.guard.state not in _COMPLETE:
                raise
        if message.guard.state is GuardState.STATE_BROKEN:
            raise UpstreamFault("upstream_broken", _sentence(message.guard.broken_public))
        if not writer.started:
            raise UpstreamFault("upstream_empty", "The model API's answer is empty.")
        if not writer.request.answered:
            await writer.end()
        self.note_end(before_s)

    async def _release(
        self, message: GuardedMessage, writer: ClientWriter, out_headers: Sequence[tuple[str, str]]
    ) -> None:
        """Write what may leave; the last of it together with the end of the stream.

        Whether it is the last was known before it was recorded: a scan that was answered meanwhile adds more.
        """
        state = message.guard.state
        data = await message.take()
        if state is GuardState.STATE_BLOCKED:
            self._upstream.close()  # no more tokens are paid for
        elif state is GuardState.STATE_DONE and self._reading is None:
            self._upstream.finish()
        if not data:
            return
        if self._first_out_s is None:
            writer.start_stream(200, out_headers)
            self._first_out_s = time.perf_counter()
        writing = writer.end(data) if state in _COMPLETE else writer.write(data)
        del data  # as in `_pump`
        await writing

    async def collect(self, message: WholeMessage) -> bytes:
        """Bring a whole body and return what the client gets. Raises `ExchangeFault`."""
        self._message = message
        pieces, self._head = self._head, []
        while not self._ended:
            data = await self._read()
            if self._decoder is None:
                pieces.append(data)
            else:
                pieces += self._decoded(data)
        self._upstream.close()
        body = await message.judge(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if message.state is GuardState.STATE_BROKEN:
            raise UpstreamFault("upstream_broken", _sentence(message.broken_public))
        if not body:
            raise UpstreamFault("upstream_empty", "The model API's answer is empty.")
        self._first_out_s = time.perf_counter()
        return body

    async def end_failed(self, writer: ClientWriter, fault: ExchangeFault) -> None:
        """End a stream that has begun in the dialect's own way, so that the client sees that it failed."""
        ending = b"" if self._message is None else self._message.codec.end_failed(fault.public, fault.code)
        await writer.end(ending)

    def note_end(self, before_s: float) -> None:
        """Record the time that the proxy added. `before_s` was spent on the request."""
        first = self._first_out_s
        first_s = None if first is None or self._first_in_s is None else first - self._first_in_s + before_s
        whole_s = None if self._last_in_s is None else time.perf_counter() - self._last_in_s + before_s
        self.added_s = (first_s, whole_s)
        self._services.metrics.observe_latency(first_s, whole_s)

    def close(self) -> None:
        """Let go of everything. The upstream's connection is its owner's to close."""
        if self._reading is not None:
            self._reading.add_done_callback(_swallow)
            self._reading.cancel()
            self._reading = None
        if self._recorder is not None:
            self._recorder.close("eof" if self._ended else "aborted")
        if self._message is not None:
            self._message.finish()
            stats = self._message.stats
            held = stats.held_chars_sum / stats.samples if stats.samples else 0.0
            self._services.metrics.observe_response(stats.text_chars, held)
            self._message = None

    async def _pump(self, message: GuardedMessage, release: Release) -> None:
        """Move bytes until the message is over."""
        head, self._head = self._head, []
        while head:
            message.receive(head.pop(0))  # not kept: the stream may go on for long, and its client may stall
        await release(message)
        while message.guard.state is GuardState.STATE_OPEN:
            if self._is_plain(message):
                data: bytes | None = await self._read()
            else:
                data = await self._read_or_scan(message)
            if data is None:
                await release(message)
            elif self._ended:
                message.receive_end()
                await release(message)
            elif self._decoder is None:
                message.receive(data)
                data = None  # a client that stalls is waited for in `release`: its bytes must not be kept thrice
                await release(message)
            else:
                await self._decode(data, message, release)
            while message.driver.answered and message.guard.state is GuardState.STATE_OPEN:
                message.driver.run()
                await release(message)
        await release(message)  # what may leave since the last decision was recorded

    def _is_plain(self, message: GuardedMessage) -> bool:
        """Whether the upstream is all there is to wait for."""
        return self._reading is None and not self._ended and not message.driver.holding and not message.timed

    async def _decode(self, data: bytes, message: GuardedMessage, release: Release) -> None:
        for piece in self._decoded(data):
            message.receive(piece)
            await release(message)
            if message.guard.state is not GuardState.STATE_OPEN:
                return

    async def _read_or_scan(self, message: GuardedMessage) -> bytes | None:
        """Wait for the upstream, for a scan, or for the time to close a segment: None for the latter two."""
        if message.driver.answered:
            message.driver.run()
            return None
        if self._reading is None and not self._ended and self._unjudged < MAX_UNJUDGED_BYTES:
            self._reading = asyncio.get_running_loop().create_task(self._upstream.read())
        if self._reading is None:
            if not message.driver.holding:
                raise RuntimeError("the guard waits for nothing")
            await message.wait_for_scan()
            self._unjudged = 0
            return None
        waits: set[asyncio.Future[None] | asyncio.Task[bytes]] = {self._reading}
        if message.driver.holding:
            waits.add(message.driver.wait())
        due_s = message.guard.next_time() if message.timed else None
        timeout_s = None if due_s is None else max(0.0, due_s - asyncio.get_running_loop().time())
        phase, limit_s = self._limit()
        await self._watchdog.within(
            phase, limit_s, asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        )
        if self._reading.done():
            data = self._reading.result()
            self._reading = None
            self._took(data)
            self._unjudged = self._unjudged + len(data) if message.driver.holding else 0
            return data
        if message.timed:
            message.guard.receive_time(asyncio.get_running_loop().time())
        message.driver.run()
        if not message.driver.holding:
            self._unjudged = 0
        return None

    async def _read(self) -> bytes:
        data = self._upstream.take()
        if data is None:
            phase, limit_s = self._limit()
            data = await self._watchdog.within(phase, limit_s, self._upstream.read())
        self._took(data)
        return data

    def _limit(self) -> tuple[Phase, float]:
        config = self._config
        if self._read_bytes == 0:
            return Phase.FIRST_BYTE, config.first_byte_timeout_s
        return Phase.IDLE, config.idle_timeout_s

    def _took(self, data: bytes) -> None:
        """Note what one read brought; b"" is the end."""
        if not data:
            self._ended = True
            if self._decoder is not None:
                self._decoder.decode_end()
            return
        self._last_in_s = time.perf_counter()
        if self._first_in_s is None:
            self._first_in_s = self._last_in_s
        self._read_bytes += len(data)
        if self._read_bytes > self._max_bytes:
            raise _too_large()
        if self._recorder is not None and self._decoder is None:
            self._recorder.add(data)

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            yield data
            return
        for piece in self._decoder.decode(data):
            if self._recorder is not None:
                self._recorder.add(piece)
            yield piece


def _too_large() -> UpstreamFault:
    return UpstreamFault("upstream_too_large", "The model API's answer is larger than the proxy allows.")


def _sentence(public: str) -> str:
    return (
        f"The model API's answer cannot be read: {public}." if public else "The model API's answer cannot be read."
    )


def _swallow(task: asyncio.Task[bytes]) -> None:
    """A read that nobody waits for any more may fail as it likes."""
    if not task.cancelled():
        task.exception()
