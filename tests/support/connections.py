"""A bare `GuardedServer` around any handler, and a client of raw bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from proxy.server.protocol import ConnectionLimits, GuardedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from proxy.server.client_request import ClientRequest

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def serving(handler: Callable[[ClientRequest], Awaitable[None]], **limits: Any) -> AsyncIterator[int]:
    """Serve on an ephemeral loopback port, which is given."""
    given: dict[str, Any] = {
        "header_timeout_s": 5.0, "keepalive_timeout_s": 5.0, "max_header_bytes": 8192, "max_sockets": 64, **limits
    }  # fmt: skip
    guarded = GuardedServer(handler, ConnectionLimits(**given), lambda status: b'{"status":%d}' % status)
    server = await asyncio.get_running_loop().create_server(guarded, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await guarded.shutdown(1.0)


async def sent(port: int, data: bytes, timeout_s: float = 5.0) -> bytes:
    """Send bytes and return all that comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(timeout_s):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
