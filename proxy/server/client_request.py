"""Reads a client's request: its body with limits on size and silence, and the checks that need no dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from proxy.server.faults import ClientFault, Phase

if TYPE_CHECKING:
    from proxy.server.watchdog import Watchdog


def check_protocol(request: web.BaseRequest) -> None:
    """Refuse what the proxy does not speak: upgrades, other expectations, bodies where none belongs."""
    headers = request.headers
    if "Upgrade" in headers or request.method == "CONNECT":
        raise ClientFault("upgrade_refused", "This proxy speaks plain HTTP/1.1: no WebSocket, no tunnel.", 403)
    expect = headers.get("Expect")
    if expect is not None and expect.lower() != "100-continue":
        raise ClientFault("expectation_failed", "Only the expectation 100-continue is understood.", 417)
    if request.method in {"GET", "HEAD"} and (request.content_length or "Transfer-Encoding" in headers):
        raise ClientFault("unexpected_body", "A GET request has no body here.")


async def read_body(request: web.BaseRequest, watchdog: Watchdog, max_bytes: int, idle_s: float) -> bytes:
    """Return the whole body. Raises `ClientFault` 413 or 400, `ExchangeTimeout` 408."""
    length = request.content_length
    if length is not None and length > max_bytes:
        raise _too_large(max_bytes)
    content = request.content
    if not content.is_eof() and "Expect" in request.headers and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    pieces: list[bytes] = []
    size = 0
    try:
        while not content.at_eof():
            piece = await watchdog.within(Phase.REQUEST_BODY, idle_s, content.readany())
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            pieces.append(piece)
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise ClientFault("bad_request", "The request body is not framed as its headers say.") from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object. Raises `ClientFault` 400."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ClientFault("invalid_json", f"The request body is not valid JSON (byte {error.pos}).") from error
    if not isinstance(payload, dict):
        raise ClientFault("invalid_json", "The request body must be a JSON object.")
    return payload


def _too_large(max_bytes: int) -> ClientFault:
    return ClientFault("request_too_large", f"The request body is larger than {max_bytes} bytes.", 413)
