"""Routes that pass. Lists of models, whose JSON is checked for form and size; and what the configuration opens.

The latter goes through unread, as it comes. Nothing here is guarded.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from proxy.server import headers
from proxy.server.answers import StatusKind, status_kind
from proxy.server.client_request import read_body
from proxy.server.decoding import decoder_for
from proxy.server.envelopes import error_body, family_of
from proxy.server.faults import ClientFault, Phase, UpstreamFault
from proxy.server.routes import Treatment

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from proxy.server.client_request import ClientRequest
    from proxy.server.client_writer import ClientWriter
    from proxy.server.routes import Match
    from proxy.server.services import Services
    from proxy.server.upstream import UpstreamResponse
    from proxy.server.upstreams import ModelApi
    from proxy.server.watchdog import Watchdog

MAX_TYPE_CHARS: Final = 200
"""Longest Content-Type that crosses unread: a boundary of multipart has at most 70 characters (RFC 2046)."""

BINARY_TYPE: Final = "application/octet-stream"

_TYPE: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:; ?[A-Za-z0-9_-]+=[A-Za-z0-9'()+_,./:=?\" -]+)*"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One request on its way to a route that passes."""

    services: Services
    api: ModelApi
    request: ClientRequest
    match: Match
    watchdog: Watchdog
    writer: ClientWriter

    async def run(self, own_headers: list[tuple[str, str]]) -> None:
        """Bring the upstream's answer to the client. Raises `ExchangeFault`."""
        forwarded, body = await self._request_parts()
        upstream = await self.watchdog.within(
            Phase.FIRST_BYTE,
            self.api.config.first_byte_timeout_s,
            self.api.send(self.request.method, self.match.target, forwarded, body),
        )
        try:
            await self._bring(upstream, [*own_headers, *headers.response_headers(upstream.headers)])
        finally:
            upstream.close()

    async def _request_parts(self) -> tuple[list[tuple[str, str]], bytes | None]:
        request, config = self.request, self.services.config
        if request.method != "POST":
            return headers.request_headers(request.headers, has_body=False), None
        declared = None
        if self.match.treatment is Treatment.UNREAD:
            declared = _declared(request.headers.getall("content-type", ()))
            if declared is None or headers.content_codings(request.headers.getall("content-encoding", ())):
                raise ClientFault("unsupported_media_type", "Send one plain Content-Type and no coding.", 415)
        else:
            headers.require_json(request.headers)
        body = await read_body(request, self.watchdog, config.max_request_bytes, config.body_idle_timeout_s)
        forwarded = headers.request_headers(request.headers, has_body=True)
        if declared is not None:
            forwarded = [pair for pair in forwarded if pair[0] != "content-type"] + [("content-type", declared)]
        return forwarded, body

    async def _bring(self, upstream: UpstreamResponse, pairs: list[tuple[str, str]]) -> None:
        if status_kind(upstream.status) is StatusKind.ERROR:
            # An error may quote the request; here there is no dialect to scan it by.
            family = family_of(self.match.path, self.request.headers)
            body = error_body(family, upstream.status, "upstream_error", "The model API answered with an error.")
            await self._send(upstream.status, pairs, body)
            return
        if self.match.treatment is Treatment.PASSED:
            await self._send(upstream.status, pairs, await self._checked_json(upstream))
            return
        declared = _declared(upstream.headers.getall("content-type", ())) or BINARY_TYPE
        self.writer.start_stream(upstream.status, [("Content-Type", declared), *pairs])
        async with aclosing(self._pieces(upstream, None)) as pieces:
            async for piece in pieces:
                await self.writer.write(piece)
        await self.writer.end()

    async def _send(self, status: int, pairs: list[tuple[str, str]], body: bytes) -> None:
        await self.writer.send_whole(status, [("Content-Type", headers.JSON_TYPE), *pairs], body)

    async def _checked_json(self, upstream: UpstreamResponse) -> bytes:
        max_bytes = self.services.config.max_response_bytes
        if headers.media_type(upstream.headers.getall("content-type", ())) != headers.JSON_TYPE:
            raise UpstreamFault("upstream_type", "The model API's answer is not JSON.")
        body = bytearray()
        async for piece in self._pieces(upstream, max_bytes):
            body += piece
            if len(body) > max_bytes:
                raise UpstreamFault("upstream_too_large", "The model API's answer is larger than the proxy allows.")
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UpstreamFault("upstream_broken", "The model API's answer is not valid JSON.") from error
        return bytes(body)

    async def _pieces(self, upstream: UpstreamResponse, max_bytes: int | None) -> AsyncGenerator[bytes, None]:
        """Give the body, its content coding undone."""
        config = self.api.config
        codings = headers.content_codings(upstream.headers.getall("content-encoding", ()))
        decoder = decoder_for(codings, config.max_response_bytes if max_bytes is None else max_bytes)
        while data := await self.watchdog.within(Phase.IDLE, config.idle_timeout_s, upstream.read()):
            for piece in (data,) if decoder is None else decoder.decode(data):
                yield piece
        if decoder is not None:
            decoder.decode_end()


def _declared(values: list[str] | tuple[str, ...]) -> str | None:
    """Return a Content-Type that may cross as it is."""
    if len(values) != 1 or len(values[0]) > MAX_TYPE_CHARS or _TYPE.fullmatch(values[0]) is None:
        return None
    return values[0]
