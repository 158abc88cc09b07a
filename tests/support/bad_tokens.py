"""Asks an address with a token that no client library would send."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


async def status_for(url: str, authorization: bytes) -> int:
    """Ask for `/healthz` and return the status."""
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: " + authorization + b"\r\n\r\n")
        await writer.drain()
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        await writer.wait_closed()
