"""A client's request: what the protocol does not allow, how large it may be, and that it is a JSON object."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from proxy.server.client_request import check_protocol, parse_object, read_body
from proxy.server.faults import ClientFault, ExchangeTimeout, Phase
from proxy.server.watchdog import Watchdog

if TYPE_CHECKING:
    from aiohttp import web

REFUSED = [
    ("GET", {"Upgrade": "websocket"}, 403, "upgrade_refused"),
    ("CONNECT", {}, 403, "upgrade_refused"),
    ("POST", {"Expect": "200-ok"}, 417, "expectation_failed"),
    ("GET", {"Content-Length": "3"}, 400, "unexpected_body"),
    ("HEAD", {"Transfer-Encoding": "chunked"}, 400, "unexpected_body"),
]


@pytest.mark.parametrize(("method", "headers", "status", "code"), REFUSED)
def test_what_the_proxy_does_not_speak(method: str, headers: dict[str, str], status: int, code: str) -> None:
    """Upgrades, tunnels, unknown expectations and misplaced bodies are refused."""
    with pytest.raises(ClientFault) as caught:
        check_protocol(make_mocked_request(method, "/", headers=headers))
    assert (caught.value.status, caught.value.code) == (status, code)


def test_what_it_speaks() -> None:
    """Plain requests, and the one expectation there is, pass."""
    check_protocol(make_mocked_request("POST", "/", headers={"Expect": "100-Continue"}))
    check_protocol(make_mocked_request("GET", "/", headers={"Content-Length": "0"}))


def request_with(*pieces: bytes, end: bool = True, headers: dict[str, str] | None = None) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    content = StreamReader(protocol, 1 << 16, loop=loop)
    for piece in pieces:
        content.feed_data(piece)
    if end:
        content.feed_eof()
    return make_mocked_request("POST", "/", headers=headers or {}, payload=content)


async def read(request: web.BaseRequest, max_bytes: int = 100, idle_s: float = 5.0) -> bytes:
    dog = Watchdog(asyncio.get_running_loop(), 5)
    try:
        return await read_body(request, dog, max_bytes, idle_s)
    finally:
        dog.close()


async def test_a_body_is_read_whole() -> None:
    """Pieces are joined; a body of exactly the limit passes."""
    assert await read(request_with(b"a" * 60, b"b" * 40)) == b"a" * 60 + b"b" * 40
    assert await read(request_with()) == b""


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "101"}])
async def test_a_body_that_is_too_large(headers: dict[str, str]) -> None:
    """It is refused by its declared length, and by what comes when none is declared."""
    with pytest.raises(ClientFault) as caught:
        await read(request_with(b"a" * 101, headers=headers))
    assert (caught.value.status, caught.value.code) == (413, "request_too_large")


async def test_a_body_that_stands_still() -> None:
    """Silence within a body ends at its limit."""
    with pytest.raises(ExchangeTimeout) as caught:
        await read(request_with(b"a", end=False), idle_s=0.02)
    assert caught.value.phase is Phase.REQUEST_BODY


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"1", b"null", b"\xff", b'{"a":NaN}', b"{}{}"])
def test_not_a_json_object(body: bytes) -> None:
    """A body that is not one JSON object is refused, without its bytes in the message."""
    with pytest.raises(ClientFault) as caught:
        parse_object(body)
    assert (caught.value.status, caught.value.code) == (400, "invalid_json")
    assert "NaN" not in caught.value.public


def test_a_json_object() -> None:
    """An object is given as it is."""
    assert parse_object(b' {"a": [1]} ') == {"a": [1]}
