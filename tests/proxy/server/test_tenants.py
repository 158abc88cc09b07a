"""Who a request comes from: by its key, wherever that stands, or by a header; never by guessing."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.config import ServerConfig, TenantConfig
from proxy.server.faults import ClientFault
from proxy.server.tenants import TenantBook, credentials, is_credential, key_hash

HASH_KEY = b"k" * 32
KEY, OTHER = "sk-" + "a" * 20, "sk-" + "b" * 20
BOOK = TenantBook(
    ServerConfig(
        upstream_url="http://x",
        tenants=(
            TenantConfig("research", (key_hash(HASH_KEY, KEY),)),
            TenantConfig("sales", (key_hash(HASH_KEY, OTHER), "0" * 64)),
            TenantConfig("support"),
        ),
        tenant_header="x-team",
    ),
    HASH_KEY,
)


def tenant(*pairs: tuple[str, str], query: str = "") -> str:
    return BOOK.tenant_of(CIMultiDictProxy(CIMultiDict(pairs)), query)


@pytest.mark.parametrize(
    "pair",
    [("Authorization", f"Bearer {KEY}"), ("authorization", f"bearer  {KEY}"), ("AUTHORIZATION", KEY),
     ("x-api-key", KEY), ("api-key", KEY), ("x-goog-api-key", KEY)],
)  # fmt: skip
def test_a_key_is_known_wherever_it_stands(pair: tuple[str, str]) -> None:
    """In every header that carries credentials."""
    assert tenant(pair) == "research"


@pytest.mark.parametrize(
    "query", [f"key={KEY}", f"a=b&KEY={KEY}", f"k%65y={KEY}", f"access_token={KEY[:4]}%61{KEY[5:]}"]
)
def test_a_key_in_the_query(query: str) -> None:
    """However it is spelled."""
    assert tenant(query=query) == "research"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((), ""),
        ((("authorization", "Bearer unknown"),), ""),
        ((("x-team", "support"),), "support"),
        ((("X-Team", "Support"),), ""),
        ((("x-team", "research"),), ""),
        ((("x-team", ""),), ""),
        ((("x-team", "support"), ("x-api-key", KEY)), "research"),
        ((("x-api-key", "unknown"), ("authorization", f"Bearer {OTHER}")), "sales"),
        ((("authorization", f"Basic {KEY}"),), ""),
    ],
)
def test_who_it_is(pairs: tuple[tuple[str, str], ...], expected: str) -> None:
    """A tenant with keys cannot be claimed by a header, and a key says more than a header."""
    assert tenant(*pairs) == expected


@pytest.mark.parametrize(
    "pairs",
    [(("x-api-key", KEY), ("authorization", f"Bearer {OTHER}")), (("x-team", "support"), ("X-Team", "x"))],
)
def test_two_at_once(pairs: tuple[tuple[str, str], ...]) -> None:
    """Which one is meant cannot be known."""
    with pytest.raises(ClientFault) as caught:
        tenant(*pairs)
    assert caught.value.status == 400
    assert KEY not in caught.value.public


def test_hashes_are_keyed() -> None:
    """Another server's hash of the same key is another one."""
    assert key_hash(HASH_KEY, KEY) != key_hash(b"other", KEY)
    assert len(key_hash(HASH_KEY, KEY)) == 64
    assert list(credentials(CIMultiDictProxy(CIMultiDict()), "")) == []
    assert not is_credential("monkey")
