"""A client's request: its body with limits on size and silence, and the checks that need no dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import HttpProcessingError

from proxy.server.faults import ClientFault, Phase
from proxy.server.globs import MAX_MODEL_CHARS, MODEL
from proxy.wire.jsontext import dumps, loads
from proxy.wire.types import WireError

if TYPE_CHECKING:
    import asyncio

    from aiohttp.http import RawRequestMessage
    from aiohttp.streams import StreamReader
    from multidict import CIMultiDictProxy

    from proxy.server.protocol import ClientConnection
    from proxy.server.watchdog import Watchdog


class ClientRequest:
    """A request whose head was parsed. aiohttp's `BaseRequest` without what a proxy never asks (docs/adr)."""

    __slots__ = (
        "answered", "connection", "content", "headers", "is_http10", "keeps_alive", "method", "raw_path", "started"
    )  # fmt: skip

    def __init__(self, message: RawRequestMessage, content: StreamReader, connection: ClientConnection) -> None:
        self.method: str = message.method
        self.raw_path: str = message.path
        """The target as it was sent."""
        self.headers: CIMultiDictProxy[str] = message.headers
        self.content = content
        self.connection = connection
        self.is_http10: bool = message.version is not HttpVersion11 and message.version < HttpVersion11
        self.keeps_alive: bool = not message.should_close and not message.upgrade
        """Whether another request may follow on the connection. The writer of the answer may say no."""
        self.started = False
        """Whether bytes of an answer have left."""
        self.answered = False
        """Whether an answer was written to its end."""

    @property
    def content_length(self) -> int | None:
        """The declared length of the body; the parser has checked its form."""
        value = self.headers.get(hdrs.CONTENT_LENGTH)
        return None if value is None else int(value)

    @property
    def transport(self) -> asyncio.Transport | None:
        """The client's socket; None when it is gone."""
        return self.connection.transport

    def _cancel(self, exc: BaseException) -> None:
        """Hear that the client is gone. aiohttp's connection calls it, by this name."""
        self.content.set_exception(exc)


def check_protocol(request: ClientRequest) -> None:
    """Refuse what the proxy does not speak: upgrades, other expectations, bodies where none belongs."""
    headers = request.headers
    if hdrs.UPGRADE in headers or request.method == "CONNECT":
        raise ClientFault(
            "upgrade_refused",
            "This proxy speaks plain HTTP/1.1: no WebSocket, no tunnel. No line of configuration opens one.",
            403,
        )
    expect = headers.get(hdrs.EXPECT)
    if expect is not None and expect.lower() != "100-continue":
        raise ClientFault("expectation_failed", "Only the expectation 100-continue is understood.", 417)
    if request.method in {"GET", "HEAD", "DELETE"} and (
        request.content_length or hdrs.TRANSFER_ENCODING in headers
    ):
        raise ClientFault("unexpected_body", f"A {request.method} request has no body here.")


async def read_body(request: ClientRequest, watchdog: Watchdog, max_bytes: int, idle_s: float) -> bytes:
    """Return the whole body. Raises `ClientFault` 413 or 400, `ExchangeTimeout` 408."""
    length = request.content_length
    if length is not None and length > max_bytes:
        raise _too_large(max_bytes)
    content = request.content
    if content.is_eof():
        return _body_at_hand(content, max_bytes)
    if hdrs.EXPECT in request.headers and request.transport is not None:
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
        raise _badly_framed() from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _body_at_hand(content: StreamReader, max_bytes: int) -> bytes:
    """Return a body that has come to its end, as most have by the time they are asked for."""
    try:
        body = content.read_nowait()
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise _badly_framed() from error
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object. Raises `ClientFault` 400."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ClientFault("invalid_json", f"The request body is not valid JSON (byte {error.pos}).") from error
    if not isinstance(payload, dict):
        raise ClientFault("invalid_json", "The request body must be a JSON object.")
    return payload


def routed_model(body: bytes) -> tuple[str | None, bytes]:
    """Return the `model` that a request's body names, and the body to forward: one that names no other.

    A body with a key twice is written again with what was read, as servers differ in which one they take. Some
    (those in Go) take `MODEL` for `model`, so a second spelling is refused. Raises `ClientFault` 400.
    """
    try:
        value, is_ambiguous = loads(body)
    except WireError as error:
        raise ClientFault("invalid_json", "The request body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ClientFault("invalid_json", "The request body must be a JSON object.")
    if any(key != "model" and key.casefold() == "model" for key in value):
        raise ClientFault("ambiguous_model", "The request body names the model twice, in different letters.")
    model = value.get("model")
    if model is not None and not (isinstance(model, str) and MODEL.fullmatch(model)):
        message = f"The member 'model' must be a text of at most {MAX_MODEL_CHARS} visible ASCII characters."
        raise ClientFault("bad_model", message)
    return model, dumps(value) if is_ambiguous else body


def _badly_framed() -> ClientFault:
    return ClientFault("bad_request", "The request body is not framed as its headers say.")


def _too_large(max_bytes: int) -> ClientFault:
    return ClientFault("request_too_large", f"The request body is larger than {max_bytes} bytes.", 413)
