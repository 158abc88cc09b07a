"""Who a request comes from: a tenant, by the API key that it carries, or by a header. Keys are known by hashes.

A tenant that has key hashes is known by its keys alone: nobody becomes it by writing a header.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from proxy.server.faults import ClientFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multidict import CIMultiDictProxy

    from proxy.server.config import ServerConfig

CREDENTIAL_HEADERS: Final = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
CREDENTIAL_PARAMETERS: Final = frozenset({"key", "access_token"})
"""Where Google's APIs take credentials in the query."""

NO_TENANT: Final = ""


class TenantBook:
    """All tenants."""

    def __init__(self, config: ServerConfig, hash_key: bytes) -> None:
        """`hash_key` is the secret that the hashes were made with."""
        self._hash_key = hash_key
        self._by_hash = {one: tenant.name for tenant in config.tenants for one in tenant.key_hashes}
        self._by_header = frozenset(tenant.name for tenant in config.tenants if not tenant.key_hashes)
        self._header = config.tenant_header

    def tenant_of(self, headers: CIMultiDictProxy[str], query: str) -> str:
        """Return the tenant's name, or `NO_TENANT`. Raises `ClientFault` 400 when the request names two."""
        found: set[str] = set()
        if self._by_hash:
            hashes = (key_hash(self._hash_key, key) for key in credentials(headers, query))
            found = {self._by_hash[one] for one in hashes if one in self._by_hash}
        if not found and self._header:
            named = headers.getall(self._header, [])
            if len(named) > 1:
                raise ClientFault("bad_header", f"The request header {self._header} was sent twice.")
            found = set(named) & self._by_header
        if len(found) > 1:
            raise ClientFault("bad_header", "The request carries the keys of two tenants.")
        return next(iter(found), NO_TENANT)


def credentials(headers: CIMultiDictProxy[str], query: str) -> Iterator[str]:
    """Give every credential in a request, without `Bearer`."""
    for name in CREDENTIAL_HEADERS:
        for value in headers.getall(name, ()):
            scheme, blank, key = value.partition(" ")
            yield key.strip() if blank and scheme.lower() == "bearer" else value
    for parameter in query.split("&") if query else ():
        name, _, value = parameter.partition("=")
        if is_credential(name):
            yield unquote_plus(value)


def is_credential(parameter: str) -> bool:
    """Whether a parameter of the query, by its name as written, holds a credential."""
    return unquote_plus(parameter).lower() in CREDENTIAL_PARAMETERS


def key_hash(hash_key: bytes, api_key: str) -> str:
    """Return the hash by which a tenant's API key is known: HMAC-SHA256 with the server's key, in hex."""
    return hmac.new(hash_key, api_key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
