"""The model APIs that requests are sent to, each with its own client, timeouts and headers.

Where the proxy has a credential of its own for one, the client's is taken out of the request, and the proxy's is
kept from every answer. It moves no bytes itself: `upstream` does.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.faults import UpstreamFault
from proxy.server.tenants import CREDENTIAL_HEADERS, is_credential
from proxy.server.upstream import Http1Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.server.config import ServerConfig, UpstreamConfig
    from proxy.server.upstream import UpstreamClient, UpstreamResponse


UNAUTHORIZED: Final = 401
"""Where the proxy's own credential was sent, that is nothing that the client could mend."""


@dataclass(frozen=True, slots=True)
class ModelApi:
    """One upstream as exchanges use it."""

    name: str
    client: UpstreamClient
    config: ServerConfig
    """The server's settings with this upstream's URL and timeouts in them."""
    headers: tuple[tuple[str, str], ...] = dataclasses.field(default=(), repr=False)
    """Names in lower case. They stand in place of the client's."""
    secrets: tuple[bytes, ...] = dataclasses.field(default=(), repr=False)
    """The credentials among them: what no client may see."""

    @property
    def host(self) -> str | None:
        """Where it is."""
        return _host_of(self.config.upstream_url)

    @property
    def has_credential(self) -> bool:
        """Whether the proxy's credential takes the place of the client's."""
        return any(name in CREDENTIAL_HEADERS for name, _ in self.headers)

    async def send(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes | None
    ) -> UpstreamResponse:
        """Send a request as `UpstreamClient.send` does, with this upstream's headers. Raises as it does."""
        if not self.headers:
            return await self.client.send(method, target, headers, body)
        names = {name for name, _ in self.headers}
        if self.has_credential:
            names.update(CREDENTIAL_HEADERS)
            target = without_credentials(target)
        merged = [*(pair for pair in headers if pair[0] not in names), *self.headers]
        response = await self.client.send(method, target, merged, body)
        if response.status == UNAUTHORIZED and self.has_credential:
            response.close()
            raise UpstreamFault("upstream_credential", "The model API did not accept the proxy's own credential.")
        return _Watched(response, self.secrets) if self.secrets else response


@lru_cache(maxsize=256)
def _host_of(url: str) -> str | None:
    return urlsplit(url).hostname


def without_credentials(target: str) -> str:
    """Return a target without the parameters of its query that hold credentials."""
    path, _, query = target.partition("?")
    kept = [one for one in query.split("&") if not is_credential(one.partition("=")[0])]
    return f"{path}?{'&'.join(kept)}" if any(kept) else path


class _Watched:
    """An answer in which no secret may be. What could be the beginning of one waits for what follows."""

    __slots__ = ("_held", "_response", "_secrets", "headers", "status")

    def __init__(self, response: UpstreamResponse, secrets: tuple[bytes, ...]) -> None:
        self._response = response
        self._secrets = secrets
        self._held = b""
        self.status = response.status
        words = [secret.decode("latin-1") for secret in secrets]
        self.headers: CIMultiDictProxy[str] = CIMultiDictProxy(
            CIMultiDict(
                (name, value) for name, value in response.headers.items() if not any(one in value for one in words)
            )
        )

    def take(self) -> bytes | None:
        """See `UpstreamResponse.take`. Raises as `read` does."""
        while (data := self._response.take()) is not None:
            if not data:
                return self._rest()
            if out := self._sifted(data):
                return out
        return None

    async def read(self) -> bytes:
        """See `UpstreamResponse.read`. Raises `UpstreamFault` when the answer holds a secret."""
        while data := await self._response.read():
            if out := self._sifted(data):
                return out
        return self._rest()

    def close(self) -> None:
        """See `UpstreamResponse.close`."""
        self._response.close()

    def finish(self) -> None:
        """See `UpstreamResponse.finish`."""
        self._response.finish()

    def _sifted(self, data: bytes) -> bytes:
        """Return what can leave of what was held and `data`."""
        data = self._held + data
        if any(secret in data for secret in self._secrets):
            raise UpstreamFault("upstream_echo", "The model API's answer holds what belongs to the proxy.")
        keep = max(_overlap(data, secret) for secret in self._secrets)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def _rest(self) -> bytes:
        rest, self._held = self._held, b""
        return rest


def _overlap(data: bytes, secret: bytes) -> int:
    """Return the length of the longest end of `data` with which the secret begins."""
    first, at = secret[:1], max(0, len(data) - len(secret) + 1)
    while (at := data.find(first, at)) >= 0:
        if secret.startswith(data[at:]):
            return len(data) - at
        at += 1
    return 0


def make_upstreams(config: ServerConfig) -> dict[str, ModelApi]:
    """Return every upstream by name; "" is the default. Raises OSError or ssl.SSLError for bad certificates."""
    made = {one.name: _made(config, one) for one in config.upstreams}
    made[""] = made[config.upstream_name] if config.upstream_name else ModelApi("", Http1Upstream(config), config)
    return made


async def close_upstreams(upstreams: Mapping[str, ModelApi]) -> None:
    """Close all connections."""
    for client in {id(one.client): one.client for one in upstreams.values()}.values():
        await client.close()


def _made(config: ServerConfig, one: UpstreamConfig) -> ModelApi:
    waits = {
        name: value
        for name in ("connect_timeout_s", "first_byte_timeout_s", "idle_timeout_s")
        if (value := getattr(one, name)) is not None
    }
    own = dataclasses.replace(config, upstream_url=one.url, tls_ca_file=one.tls_ca_file, **waits)
    return ModelApi(one.name, Http1Upstream(own), own, one.headers, one.secrets)
