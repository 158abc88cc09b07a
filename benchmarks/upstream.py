"""The mock model: answers the workloads from bytes made ready beforehand, many times faster than any proxy here.

Run as `python -m benchmarks.upstream`; prints the port it listens on.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, cast

from benchmarks.http1 import MessageReader
from benchmarks.machine import pin, run_loop
from benchmarks.payloads import VARIANTS, WORKLOADS, Workload, requested_workload, stream_events, whole_body

if TYPE_CHECKING:
    from collections.abc import Iterator

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_LAST_CHUNK = b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def ready_answer(workload: Workload, variant: int) -> bytes:
    """Return the bytes of a whole HTTP answer that is sent in one write."""
    if workload.events:
        events = stream_events(workload, variant)
        chunks = _chunk(b"".join(events)) if workload.one_chunk else b"".join(map(_chunk, events))
        return _STREAM_HEAD + chunks + _LAST_CHUNK
    body = whole_body(workload, variant)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _paced_writes(workload: Workload, variant: int) -> Iterator[bytes]:
    first, *middle, last = stream_events(workload, variant)
    yield _STREAM_HEAD + _chunk(first)
    for event in middle:
        yield _chunk(event)
    yield _chunk(last) + _LAST_CHUNK


class MockModel(asyncio.Protocol):
    """One connection: one request at a time, answered as its workload says."""

    _ready: dict[str, list[bytes]] | None = None
    _served = 0

    def __init__(self) -> None:
        self._reader = MessageReader()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def prepare(cls) -> None:
        """Make the answers that leave in one write, once for all connections."""
        cls._ready = {
            workload.name: [ready_answer(workload, variant) for variant in range(VARIANTS)]
            for workload in WORKLOADS.values()
            if not workload.pace_s
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Stop a paced answer that nobody reads any more."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer when the request is complete."""
        self._reader.receive(data)
        if not self._reader.complete:
            return
        workload = requested_workload(bytes(self._reader.body))
        self._reader.start_next()
        MockModel._served += 1
        variant = MockModel._served % VARIANTS
        if workload is None:
            self._write(_NOT_FOUND)
        elif workload.pace_s:
            loop = asyncio.get_running_loop()
            writes = _paced_writes(workload, variant)
            due = loop.time() + workload.pace_s
            self._timer = loop.call_at(due, self._write_paced, writes, workload.pace_s, due)
        elif self._ready is not None:
            self._write(self._ready[workload.name][variant])

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _write_paced(self, writes: Iterator[bytes], pace_s: float, due: float) -> None:
        data = next(writes, None)
        if data is None:
            return
        self._write(data)
        if self._timer is not None:
            # From the time that was due, not from now: a late timer must not stretch the whole stream. Counted
            # here, since what uvloop returns for a time that has passed does not know its time.
            due += pace_s
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(due, self._write_paced, writes, pace_s, due)


async def start(host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Listen; the port is in the server's sockets."""
    MockModel.prepare()
    return await asyncio.get_running_loop().create_server(MockModel, host, port, backlog=1024)


async def _serve() -> None:
    server = await start()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, help="pin to this core")
    pin(parser.parse_args().core)
    run_loop(_serve())


if __name__ == "__main__":
    main()
