"""The way to the model API: one small interface, and a lean implementation of it.

It moves bytes and reports faults. It follows no redirect, keeps no cookie, reads no proxy from the environment,
decodes nothing, retries nothing and decides nothing.

aiohttp's client would do, at 2.3 times the cost, and it reads ahead by hundreds of kilobytes (docs/adr).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from proxy.server.faults import ExchangeTimeout, Phase, UpstreamFault
from proxy.server.http1 import ResponseHead, request_head
from proxy.server.upstream_connection import READ_BYTES, UpstreamConnection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from multidict import CIMultiDictProxy

    from proxy.server.config import ServerConfig

KEEPALIVE_S: Final = 15.0
"""How long an idle connection is kept: shorter than servers do, so that they are not the ones to close it."""

MAX_IDLE: Final = 256
"""Idle connections kept: more are closed after use."""


class UpstreamResponse(Protocol):
    """An answer whose head has come."""

    @property
    def status(self) -> int:
        """Status code."""

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """Headers as sent."""

    def take(self) -> bytes | None:
        """Return what has come, at least one byte; b"" at the proper end of the body; None: wait with `read`.

        Raises as `read` does.
        """

    async def read(self) -> bytes:
        """Return what has come, at least one byte; b"" at the proper end of the body. Waits for it.

        Raises `UpstreamFault` when the connection broke, or the body is not as long as its framing says; not
        before what came first has been returned.
        """

    def close(self) -> None:
        """Done with it: the connection is kept when the body was read to its end, and closed now otherwise."""

    def finish(self) -> None:
        """Done with it, complete by its own format: the connection may take a moment to end its framing."""


class UpstreamClient(Protocol):
    """Sends requests to one origin. Pooled; one for a process."""

    async def send(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes | None
    ) -> UpstreamResponse:
        """Send a request (GET or POST) and return when the answer's head is there.

        `target` is path and query, spelled as they go onto the wire. Raises `UpstreamFault`, `ExchangeTimeout`.
        """

    async def close(self) -> None:
        """Close all connections."""


class Http1Upstream:
    """The interface over plain asyncio transports. Make it inside a running event loop."""

    def __init__(self, config: ServerConfig) -> None:
        """Raises OSError or ssl.SSLError when the file of certificates cannot be used."""
        self._scheme, self._host, self._port, self._prefix = split_upstream(config.upstream_url)
        self._tls = tls_context(config.tls_ca_file) if self._scheme == "https" else None
        default_port = 443 if self._tls is not None else 80
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self._host_header = shown if self._port == default_port else f"{shown}:{self._port}"
        self._connect_timeout_s = config.connect_timeout_s
        self._max_head_bytes = config.max_header_bytes
        self._loop = asyncio.get_running_loop()
        self._idle: list[UpstreamConnection] = []
        self._live: set[UpstreamConnection] = set()
        self._scratch = bytearray(READ_BYTES)
        """One for all connections: a read is taken out of it before the next one begins."""

    async def send(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes | None
    ) -> UpstreamResponse:
        """See `UpstreamClient.send`."""
        head = request_head(method, joined_target(self._prefix, target), self._host_header, headers, body)
        connection = self._reused() or await self._connect()
        try:
            return _Response(connection, await connection.exchange(head, body, self._max_head_bytes))
        except BaseException:
            connection.abort()
            raise

    async def close(self) -> None:
        """See `UpstreamClient.close`."""
        for connection in list(self._live):
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # transports tell their protocols in the loop's next turn

    def keep(self, connection: UpstreamConnection) -> None:
        """Take a connection back after a complete response."""
        if len(self._idle) < MAX_IDLE:
            connection.rest_until = self._loop.time() + KEEPALIVE_S
            self._idle.append(connection)
        else:
            connection.abort()

    def forget(self, connection: UpstreamConnection) -> None:
        """Hear that a connection is gone."""
        self._live.discard(connection)
        if connection.rest_until:
            self._idle = [kept for kept in self._idle if kept is not connection]

    def _reused(self) -> UpstreamConnection | None:
        now = self._loop.time()
        while self._idle:
            connection = self._idle.pop()
            fresh = connection.rest_until > now
            connection.rest_until = 0.0
            if fresh and connection.is_open():
                return connection
            connection.abort()
            if not fresh:  # those below rest even longer
                for older in self._idle:
                    older.rest_until = 0.0
                    older.abort()
                self._idle.clear()
        return None

    async def _connect(self) -> UpstreamConnection:
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, protocol = await self._loop.create_connection(
                    lambda: UpstreamConnection(self, self._loop, self._scratch),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls is not None else None,
                )
        except TimeoutError as error:
            raise ExchangeTimeout(Phase.CONNECT) from error
        except ssl.SSLCertVerificationError as error:
            raise UpstreamFault("upstream_tls", "The model API's certificate could not be verified.") from error
        except ssl.SSLError as error:
            raise UpstreamFault("upstream_tls", "No TLS connection to the model API could be made.") from error
        except (OSError, UnicodeError) as error:
            raise UpstreamFault("upstream_unreachable", "The model API could not be reached.") from error
        self._live.add(protocol)
        return protocol


class _Response:
    """An answer on a connection."""

    __slots__ = ("_connection", "headers", "status")

    def __init__(self, connection: UpstreamConnection, head: ResponseHead) -> None:
        self._connection: UpstreamConnection | None = connection
        self.status = head.status
        self.headers = head.headers

    def take(self) -> bytes | None:
        """See `UpstreamResponse.take`."""
        return b"" if self._connection is None else self._connection.take()

    async def read(self) -> bytes:
        """See `UpstreamResponse.read`."""
        return b"" if self._connection is None else await self._connection.read()

    def close(self) -> None:
        """See `UpstreamResponse.close`."""
        if self._connection is not None:
            self._connection.release()
            self._connection = None

    def finish(self) -> None:
        """See `UpstreamResponse.finish`."""
        if self._connection is not None:
            self._connection.release_at_end()
            self._connection = None


def split_upstream(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path prefix of the configured upstream: `("https", "host", 443, "/v1")`."""
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")


def joined_target(prefix: str, target: str) -> str:
    """Put the upstream's path prefix before a target.

    People write the base URL of their SDK, which ends in `/v1`; the routes begin with it. A segment that ends
    the prefix and begins the target is meant once.
    """
    head, slash, last = prefix.rpartition("/")
    if slash and target.startswith(f"/{last}/"):
        return head + target
    return prefix + target


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and name, against the system's authorities or a file of them."""
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
