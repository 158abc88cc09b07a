"""The admin address: `/healthz`, `/readyz`, `/metrics`. Not on the clients' address, without any text of theirs.

Loopback needs no token; any other address does not start without one.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from proxy.server.config_fields import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler, Middleware
    from prometheus_client import CollectorRegistry


class AdminError(ValueError):
    """The admin address may not be opened like this; the message says what to do."""


def check_admin_address(host: str, token: str | None) -> None:
    """Refuse an address that others can reach when there is no token. Raises `AdminError`."""
    if token is None and not is_loopback(host):
        raise AdminError(
            f"admin address {host!r} can be reached from other machines: set an admin token, or use 127.0.0.1"
        )


def admin_app(
    ready: Callable[[], bool], registry: Callable[[], CollectorRegistry], token: str | None
) -> web.Application:
    """Return the admin application. `registry` is asked at every scrape."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        return web.Response(text="ready\n") if ready() else web.Response(status=503, text="not ready\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry()), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(middlewares=[_authorised(token)])
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


def _authorised(token: str | None) -> Middleware:
    wanted = None if token is None else f"Bearer {token}".encode(errors="surrogateescape")

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if wanted is not None and not hmac.compare_digest(given, wanted):
            return web.Response(status=401, text="unauthorised\n", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return check
