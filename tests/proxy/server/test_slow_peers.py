"""B5 and B6: slow readers cannot eat memory, slow senders cannot hold a place."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import psutil

from tests.support.gateway import guarded, parse_answer
from tests.support.process import product
from tests.support.scale import scaled
from tests.support.upstream import Call, delta, says, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.process import Process

BODY = b'{"model":"m","stream":true,"messages":[]}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
STALLED = scaled(30, 300)
SLACK_BYTES = 2 << 20
"""What the allocator takes ahead of need, however many clients there are."""
CUT = 'sluicegate_exchanges_total{decision="slow_client"'


async def _floods(call: Call) -> None:
    """Send as fast as the proxy takes it."""
    await call.start_stream()
    event = delta("flood " * 20) * 20
    while not call.writer.is_closing():
        await call.chunk(event)


async def test_stalled_clients_cost_little_and_are_cut(tmp_path: Path) -> None:
    """Clients that read nothing cost at most 96 KB each, and are cut when their time is up (B5)."""
    limit_s = scaled(1.5, 8.0)
    async with (
        scripted(_floods) as upstream,
        product(tmp_path, upstream.url, slow_client_timeout_s=limit_s) as running,
    ):
        process = psutil.Process(running.process.pid)
        warm = [await _stalled(running.port) for _ in range(4)]
        await _until_sample(running, CUT, 4)
        before = process.memory_info().rss
        sockets = [await _stalled(running.port) for _ in range(STALLED)]
        most = before
        while await _sample(running, CUT) < 4 + STALLED:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.02)
        assert await _sample(running, "sluicegate_active_exchanges ") == 0
        for sock in [*warm, *sockets]:
            sock.close()
    assert most - before <= STALLED * (96 << 10) + SLACK_BYTES


async def _sample(running: Process, name: str) -> float:
    lines = (await running.admin("/metrics"))[1].decode().splitlines()
    values = (
        line.rpartition(" ")[2] for line in lines if name in line and line[0] != "#" and "_created" not in line
    )
    return sum(map(float, values))


async def _until_sample(running: Process, name: str, value: float) -> None:
    async with asyncio.timeout(60):
        while await _sample(running, name) < value:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.02)


async def _stalled(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    await loop.sock_sendall(sock, REQUEST)
    return sock


async def test_slow_but_moving_client_is_not_cut() -> None:
    """A client that reads a little now and then keeps its stream."""
    total = 400

    async def script(call: Call) -> None:
        await call.start_stream()
        for _ in range(total):
            await call.chunk(delta("x" * 2000))
        await call.end_stream()

    async with guarded(script, slow_client_timeout_s=0.25) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=8192)
        writer.write(REQUEST)
        got = b""
        while True:
            data = await reader.read(65536)
            if not data or data.endswith(b"0\r\n\r\n"):
                break
            got = data
            await asyncio.sleep(0.005)
        writer.close()
    assert got


async def test_dribbled_headers_are_cut() -> None:
    """A head that does not get complete is cut after the header time, however it drips (B6)."""
    async with guarded(says("ok"), header_timeout_s=0.3) as proxy:
        for first in (b"", b"POST /v1/chat", b"POST / HTTP/1.1\r\nHost: x\r\nX-A: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            began_s = time.monotonic()
            writer.write(first)
            read = asyncio.ensure_future(reader.read())
            while not read.done():
                if first:
                    writer.write(b"a")
                await asyncio.wait([read], timeout=0.05)
                assert time.monotonic() - began_s < 1.5
            assert time.monotonic() - began_s >= 0.25
            writer.close()


async def test_dribbled_header_on_a_kept_connection_is_cut() -> None:
    """The header time holds for every request of a connection; an idle one may stay."""
    async with guarded(says("ok"), header_timeout_s=0.2) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(REQUEST)
        await reader.readuntil(b"0\r\n\r\n")
        await asyncio.sleep(0.4)  # idle, longer than the header time
        writer.write(REQUEST)
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"POST /v1")
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()


async def test_stalled_body_is_408() -> None:
    """A body that stops arriving is answered 408 and its place is free (B6)."""
    async with guarded(says("ok"), body_idle_timeout_s=0.2) as proxy:
        raw = await proxy.raw(REQUEST[:-9], timeout_s=5)
        answer = parse_answer(raw)
        assert (answer.status, answer.code) == (408, "request_timeout")
        assert proxy.server.gateway.active == 0
        assert proxy.upstream.requests == []


async def test_large_bodies_are_413() -> None:
    """Declared or not, a body over the limit is refused."""
    async with guarded(says("ok"), max_request_bytes=1000) as proxy:
        declared = await proxy.post("/v1/chat/completions", b" " * 2000)
        chunk = b"%x\r\n%s\r\n" % (900, b" " * 900)
        raw = await proxy.raw(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3 + b"0\r\n\r\n"
        )
    assert (declared.status, declared.code) == (413, "request_too_large")
    assert parse_answer(raw).status == 413


async def test_large_heads_are_refused() -> None:
    """A head over the limit is a 400 without its bytes."""
    async with guarded(says("ok"), max_header_bytes=2048) as proxy:
        raw = await proxy.raw(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-A: " + b"said" * 5000 + b"\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 400")
    assert b"said" not in raw


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Several requests in one write get their answers one after the other."""
    async with guarded(says("ok")) as proxy:
        raw = await proxy.raw(REQUEST * 3 + b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw.count(b"HTTP/1.1 200 OK") == 3
    assert raw.count(b"HTTP/1.1 403") == 1


async def test_http_1_0_gets_a_closed_connection() -> None:
    """Without chunks the end of a stream is the end of the connection."""
    async with guarded(says("ok")) as proxy:
        raw = await proxy.raw(REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert raw.endswith(b"data: [DONE]\n\n")
    assert b"chunked" not in raw
