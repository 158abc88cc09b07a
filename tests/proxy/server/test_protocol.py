"""The limits of a client's connection: time for a head, sockets, malformed requests, clients that leave."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from proxy.server.client_writer import ClientWriter
from proxy.server.watchdog import Watchdog
from tests.support.connections import GET, sent, serving
from tests.support.gateway import parse_answer

if TYPE_CHECKING:
    from proxy.server.client_request import ClientRequest


async def hello(request: ClientRequest) -> None:
    writer = ClientWriter(request, Watchdog(asyncio.get_running_loop(), 10), 5)
    await writer.send_whole(200, [], b"hello")


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

    async def handler(_request: ClientRequest) -> None:
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


async def test_requests_sent_ahead_are_answered_in_order() -> None:
    """One after the other on the connection's own task; the last one's wish to close is obeyed."""
    async with serving(hello) as port:
        raw = await sent(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 40 + GET)
    assert raw.count(b"HTTP/1.1 200 OK\r\n") == 41
    assert raw.endswith(b"hello")


@pytest.mark.parametrize(
    ("request_head", "stays"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", False),
    ],
)
async def test_who_may_ask_again(request_head: bytes, stays: bool) -> None:
    """A connection stays where the client's version and wish say so; a declined upgrade ends it."""
    async with serving(hello) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_head)
        head = await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(5) == b"hello"
        if stays:
            writer.write(request_head)
            await reader.readuntil(b"hello")
        else:
            async with asyncio.timeout(2):
                assert await reader.read() == b""
        assert (b"Connection: close" in head) is (not stays and b"HTTP/1.1" in request_head)
        writer.close()


async def test_an_unread_body_is_read_on_for_a_while() -> None:
    """A client that is still sending gets the early answer; one that ends its body may ask again."""
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"
    async with serving(hello) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(body)
        await reader.readuntil(b"hello")
        writer.write(b"67890" + GET)
        assert (await reader.read()).endswith(b"hello")
        writer.close()


async def test_an_idle_connection_is_closed_at_a_shutdown() -> None:
    """Between two requests it ends at once, with nothing said."""
    reader = None
    async with serving(hello) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"hello")
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("begun", [True, False])
async def test_a_handler_with_a_bug(begun: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first byte it is a 500 in our envelope, after it the connection drops; no words are logged."""

    async def handler(request: ClientRequest) -> None:
        if begun:
            writer = ClientWriter(request, Watchdog(asyncio.get_running_loop(), 10), 5)
            writer.start_stream(200, [])
            await writer.write(b"hel")
        raise ZeroDivisionError("zebra")

    async with serving(handler) as port:
        raw = await sent(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    if begun:
        assert not raw.endswith(b"0\r\n\r\n")
    else:
        assert (parse_answer(raw).status, parse_answer(raw).body) == (500, b'{"status":500}')
    printed = "".join(capsys.readouterr())
    assert "ZeroDivisionError" in printed
    assert "zebra" not in printed
