"""Routes that generate nothing (`/v1/models`): their JSON is checked for form and size, and passed. Not guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from proxy.server import headers
from proxy.server.answers import StatusKind, status_kind
from proxy.server.client_request import read_body
from proxy.server.decoding import decoder_for
from proxy.server.faults import Phase, UpstreamFault

if TYPE_CHECKING:
    from proxy.server.client_request import ClientRequest
    from proxy.server.client_writer import ClientWriter
    from proxy.server.routes import Match
    from proxy.server.services import Services
    from proxy.server.upstream import UpstreamResponse
    from proxy.server.watchdog import Watchdog


async def pass_through(
    services: Services,
    request: ClientRequest,
    match: Match,
    watchdog: Watchdog,
    writer: ClientWriter,
    own_headers: list[tuple[str, str]],
) -> None:
    """Bring an upstream's JSON to the client. Raises `ExchangeFault`."""
    config = services.config
    body: bytes | None = None
    if request.method != "GET":
        headers.require_json(request.headers)
        body = await read_body(request, watchdog, config.max_request_bytes, config.body_idle_timeout_s)
    forwarded = headers.request_headers(request.headers, has_body=body is not None)
    upstream = await watchdog.within(
        Phase.FIRST_BYTE,
        config.first_byte_timeout_s,
        services.upstream.send(request.method, match.target, forwarded, body),
    )
    try:
        kind = status_kind(upstream.status)
        answer = await _read_json(upstream, watchdog, config.max_response_bytes, config.idle_timeout_s)
    finally:
        upstream.close()
    if kind is StatusKind.ERROR:
        # An error may quote the request; here there is no dialect to scan it by.
        answer = orjson.dumps({"error": {"message": "The model API answered with an error.", "type": "api_error",
                                         "param": None, "code": "upstream_error"}})  # fmt: skip
    pairs = [("Content-Type", headers.JSON_TYPE), *own_headers, *headers.response_headers(upstream.headers)]
    await writer.send_whole(upstream.status, pairs, answer)


async def _read_json(upstream: UpstreamResponse, watchdog: Watchdog, max_bytes: int, idle_s: float) -> bytes:
    if headers.media_type(upstream.headers.getall("content-type", ())) != headers.JSON_TYPE:
        raise UpstreamFault("upstream_type", "The model API's answer is not JSON.")
    decoder = decoder_for(headers.content_codings(upstream.headers.getall("content-encoding", ())), max_bytes)
    body = bytearray()
    while data := await watchdog.within(Phase.IDLE, idle_s, upstream.read()):
        for piece in (data,) if decoder is None else decoder.decode(data):
            body += piece
            if len(body) > max_bytes:
                raise UpstreamFault("upstream_too_large", "The model API's answer is larger than the proxy allows.")
    if decoder is not None:
        decoder.decode_end()
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UpstreamFault("upstream_broken", "The model API's answer is not valid JSON.") from error
    return bytes(body)
