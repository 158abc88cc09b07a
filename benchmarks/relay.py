"""The peer to measure against: the barest fair proxy that aiohttp allows, server and client, with no guard.

It forwards what it reads as soon as it has read it, and looks at nothing. Run as
`python -m benchmarks.relay --upstream http://HOST:PORT --port PORT`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from benchmarks.machine import pin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers that each connection has for itself (RFC 9110 section 7.6.1), with the length, which aiohttp writes."""


class Relay:
    """Forwards every request to one upstream over a pool of kept connections."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def run_session(self, _: web.Application) -> AsyncIterator[None]:
        """Open the pool when the server starts and close it when it stops."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("user-agent", "accept", "accept-encoding"),
        ) as session:
            self._session = session
            yield

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Relay one exchange."""
        if self._session is None:
            raise web.HTTPServiceUnavailable
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP]
        body = await request.read()
        url = self._upstream + request.raw_path
        async with self._session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as upstream:
            response = web.StreamResponse(status=upstream.status)
            for name, value in upstream.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    response.headers.add(name, value)
            response.content_length = upstream.content_length
            await response.prepare(request)
            async for data in upstream.content.iter_any():
                await response.write(data)
            await response.write_eof()
            return response


def application(upstream: str) -> web.Application:
    """Build the relay before an upstream such as `http://127.0.0.1:8000`."""
    relay = Relay(upstream)
    app = web.Application(client_max_size=1 << 24)
    app.cleanup_ctx.append(relay.run_session)
    app.router.add_route("*", "/{path:.*}", relay.handle)
    return app


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int, help="pin to this core")
    options = parser.parse_args()
    pin(options.core)
    import uvloop  # noqa: PLC0415 - only the process that serves installs the loop

    web.run_app(
        application(options.upstream),
        host="127.0.0.1",
        port=options.port,
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
        handler_cancellation=True,
    )


if __name__ == "__main__":
    main()
