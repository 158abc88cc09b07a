"""One answer to a client: whole or chunked, in slices, and no longer than the client takes it."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from proxy.server.client_writer import SLICE_BYTES, ClientWriter
from proxy.server.faults import ExchangeTimeout
from proxy.server.watchdog import Watchdog
from tests.support.connections import GET, sent, serving
from tests.support.gateway import parse_answer

if TYPE_CHECKING:
    from proxy.server.client_request import ClientRequest

TYPE = [("Content-Type", "text/event-stream")]


def writer_for(request: ClientRequest, slow_s: float = 5.0) -> ClientWriter:
    return ClientWriter(request, Watchdog(asyncio.get_running_loop(), 10), slow_s)


async def streamed(request: ClientRequest) -> None:
    writer = writer_for(request)
    writer.start_stream(200, TYPE)
    for piece in (b"one", b"x" * (3 * SLICE_BYTES + 1)):
        await writer.write(piece)
    assert writer.started
    await writer.end()


async def test_a_stream_is_chunked() -> None:
    """To HTTP/1.1 a stream has chunks, and large writes come whole."""
    async with serving(streamed) as port:
        answer = parse_answer(await sent(port, GET))
    assert (answer.status, answer.complete) == (200, True)
    assert answer.body == b"one" + b"x" * (3 * SLICE_BYTES + 1)
    assert (answer.headers["server"], answer.headers["content-type"]) == ("sluicegate", "text/event-stream")


async def test_an_old_client_gets_a_stream_without_chunks() -> None:
    """HTTP/1.0 knows no chunks: the connection's end is the body's end."""
    async with serving(streamed) as port:
        answer = parse_answer(await sent(port, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
    assert "transfer-encoding" not in answer.headers
    assert answer.body == b"one" + b"x" * (3 * SLICE_BYTES + 1)


@pytest.mark.parametrize("size", [0, 1, SLICE_BYTES, SLICE_BYTES + 1, 5 * SLICE_BYTES])
async def test_a_whole_answer_has_its_length(size: int) -> None:
    """Small or large, it is one body with its length."""

    async def handler(request: ClientRequest) -> None:
        await writer_for(request).send_whole(418, TYPE, b"y" * size)

    async with serving(handler) as port:
        answer = parse_answer(await sent(port, GET))
    assert (answer.status, answer.headers["content-length"], answer.body) == (418, str(size), b"y" * size)


async def test_a_client_that_takes_nothing() -> None:
    """A write to a client that stands still ends at the limit; then the connection is dropped."""
    outcome: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def handler(request: ClientRequest) -> None:
        writer = writer_for(request, slow_s=0.05)
        writer.start_stream(200, TYPE)
        try:
            await writer.write(b"z" * (64 << 20))
        except ExchangeTimeout as error:
            outcome.set_result(error)
            writer.abort()
            raise ConnectionResetError from error
        raise AssertionError("64 MiB went nowhere")

    async with serving(handler) as port:
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(GET)
            error = await asyncio.wait_for(outcome, 5)
    assert isinstance(error, ExchangeTimeout)
    assert error.code == "slow_client"


@pytest.mark.parametrize("slices", [1, 4, 64])
async def test_what_has_gone_to_a_slow_client_is_not_kept(slices: int) -> None:
    """While a client stalls, its writer holds slices that have not gone, never all the bytes it was given."""
    held: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def handler(request: ClientRequest) -> None:
        writer = writer_for(request)
        writer.start_stream(200, TYPE)
        await writer.write(b"begin")
        while not request.connection.writing_paused:
            request.connection.send(b"0" * SLICE_BYTES)
        data = bytes(slices * SLICE_BYTES + 1)
        before = sys.getrefcount(data)
        writing = asyncio.ensure_future(writer.write(data))
        await asyncio.sleep(0)
        assert not writing.done()
        held.set_result(sys.getrefcount(data) - before)
        writing.cancel()
        writer.abort()
        raise ConnectionResetError

    async with serving(handler) as port:
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(GET)
            assert await asyncio.wait_for(held, 5) == 0


async def test_order_is_checked() -> None:
    """Nothing can be written before the answer has begun."""
    caught: list[str] = []

    async def handler(request: ClientRequest) -> None:
        writer = writer_for(request)
        for call in (writer.write(b"x"), writer.end()):
            try:
                await call
            except RuntimeError as error:
                caught.append(str(error))
        await writer.send_whole(200, TYPE, b"")

    async with serving(handler) as port:
        await sent(port, GET)
    assert caught == ["write before start_stream", "end before start_stream"]


async def test_a_whole_answer_in_place_of_a_stream_has_no_chunks() -> None:
    """A stream of which nothing has left leaves no trace in the framing: length and chunks exclude each other."""

    async def handler(request: ClientRequest) -> None:
        writer = writer_for(request)
        writer.start_stream(200, TYPE)
        assert not writer.started
        await writer.send_whole(502, TYPE, b"hello")

    async with serving(handler) as port:
        raw = await sent(port, GET)
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert b"Content-Length: 5" in head
    assert b"chunked" not in head
    assert rest == b"hello"


@pytest.mark.parametrize(("method", "body"), [(b"GET", b"hello"), (b"HEAD", b"")])
async def test_head_gets_the_head_alone(method: bytes, body: bytes) -> None:
    """The answer to HEAD tells the length and has no body, so that the next answer is not taken for one."""

    async def handler(request: ClientRequest) -> None:
        await writer_for(request).send_whole(200, TYPE, b"hello")

    async with serving(handler) as port:
        raw = await sent(port, GET.replace(b"GET", method))
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert b"Content-Length: 5" in head
    assert rest == body


async def test_the_last_bytes_leave_with_the_end() -> None:
    """The end of a stream is complete whether its last bytes are small, large, or none."""
    for size in (0, 5, 2 * SLICE_BYTES + 1):

        async def handler(request: ClientRequest, size: int = size) -> None:
            writer = writer_for(request)
            writer.start_stream(200, TYPE)
            await writer.end(b"z" * size)

        async with serving(handler) as port:
            answer = parse_answer(await sent(port, GET))
        assert (answer.complete, answer.body, answer.rest) == (True, b"z" * size, b"")
