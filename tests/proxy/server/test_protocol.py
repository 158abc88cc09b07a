"""The limits of a client's connection: time for a head, sockets, malformed requests, clients that leave."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.support.connections import GET, sent, serving
from tests.support.gateway import parse_answer


async def hello(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"hello")


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_come(head: bytes) -> None:
    """A connection without a whole head is closed at its limit, answered with nothing."""
    async with serving(hello, header_timeout_s=0.05) as port:
        assert await sent(port, head) == b""


async def test_the_second_head_has_its_own_time() -> None:
    """Between two requests the keep-alive time counts; within the second head, the head's time."""
    async with serving(hello, header_timeout_s=0.05) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET / HT")
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"NOT HTTP zebra\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : zebra\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: %s\r\n\r\n" % (b"z" * 9000),
    ],
)
async def test_malformed_requests(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """They are answered with our envelope; their bytes are neither in it nor in the log."""
    async with serving(hello) as port:
        answer = parse_answer(await sent(port, data))
    assert (answer.status, answer.body) == (400, b'{"status":400}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-sluicegate-request-id"].startswith("req_")
    printed = capsys.readouterr()
    assert "zebra" not in printed.out + printed.err
    assert "zzz" not in printed.out + printed.err


async def test_one_socket_too_many_is_closed() -> None:
    """It is closed at once, and those that were there go on."""
    async with serving(hello, max_sockets=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"hello")
        assert await sent(port, GET) == b""
        writer.write(GET)
        assert (await reader.read()).endswith(b"hello")
        writer.close()


async def test_a_client_that_leaves_cancels_its_handler() -> None:
    """Work for a client that is gone stops."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    async with serving(handler) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await begun.wait()
        writer.close()
        await asyncio.wait_for(cancelled.wait(), 2)
