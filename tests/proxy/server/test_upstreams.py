"""Headers in place of the client's, and a credential that no client sees."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.config import UpstreamConfig
from proxy.server.faults import UpstreamFault
from proxy.server.upstreams import ModelApi, _Watched, close_upstreams, make_upstreams, without_credentials
from tests.support.gateway import config_for

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET = b"sk-own-" + b"s" * 12
CONFIG = config_for("http://127.0.0.1:9")


class Pieces:
    """An answer in pieces."""

    status = 200

    def __init__(self, pieces: Sequence[bytes], headers: dict[str, str] | None = None) -> None:
        self._pieces = list(pieces)
        self.headers = CIMultiDictProxy(CIMultiDict(headers or {}))
        self.closed = self.finished = False

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def take(self) -> bytes | None:
        """Every second piece has to be waited for."""
        if len(self._pieces) % 2:
            return None
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self.closed = True

    def finish(self) -> None:
        self.finished = True


class Client:
    """Keeps what it is asked to send."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, *request: Any) -> Pieces:
        self.sent.append(request)
        return Pieces([b"ok"])

    async def close(self) -> None:
        self.sent.append("closed")


async def sent(api_headers: Sequence[tuple[str, str]], target: str, headers: list[tuple[str, str]]) -> Any:
    client = Client()
    await ModelApi("a", client, CONFIG, tuple(api_headers), (SECRET,)).send("POST", target, headers, b"{}")
    return client.sent[0]


async def test_a_credential_takes_the_place_of_all_others() -> None:
    """Whatever form the client's has; the rest of its headers stay."""
    client = [("authorization", "Bearer c"), ("api-key", "c"), ("x-goog-api-key", "c"), ("user-agent", "u")]
    _, target, headers, body = await sent([("x-api-key", "own")], "/v1/x?key=c&alt=sse&access_token=c", client)
    assert (target, body) == ("/v1/x?alt=sse", b"{}")
    assert headers == [("user-agent", "u"), ("x-api-key", "own")]


async def test_another_header_leaves_the_credential() -> None:
    """Only what is named is replaced."""
    client = [("authorization", "Bearer c"), ("anthropic-version", "1")]
    _, target, headers, _ = await sent([("anthropic-version", "2")], "/v1/x?key=c", client)
    assert (target, headers) == ("/v1/x?key=c", [("authorization", "Bearer c"), ("anthropic-version", "2")])


@pytest.mark.parametrize(
    ("target", "expected"),
    [("/a", "/a"), ("/a?b=c", "/a?b=c"), ("/a?key=x", "/a"), ("/a?b=c&KEY=x&d", "/a?b=c&d"), ("/a?k%65y=x", "/a"),
     ("/a?b&key", "/a?b"), ("/a?keys=x", "/a?keys=x")],
)  # fmt: skip
def test_queries_without_credentials(target: str, expected: str) -> None:
    """Names are compared as servers read them."""
    assert without_credentials(target) == expected


def read_all(pieces: Sequence[bytes], *, taking: bool) -> tuple[bytes, bool]:
    async def run() -> tuple[bytes, bool]:
        watched, out = _Watched(Pieces(pieces), (SECRET, b"other-secret")), b""
        try:
            while data := watched.take() if taking else await watched.read():
                out += data
            while data := await watched.read():
                out += data
        except UpstreamFault:
            return out, True
        return out, False

    return asyncio.run(run())


@given(
    st.lists(st.sampled_from([b"sk-", b"own-", b"s", b"ss", b"x", b"other-", SECRET[:9]]), max_size=12),
    st.booleans(),
    st.data(),
)
def test_no_part_of_a_secret_comes_out(parts: list[bytes], planted: bool, data: st.DataObject) -> None:
    """However an answer is cut: all of it, or nothing from the secret's first byte on."""
    text = b"".join(parts) + (SECRET + b"tail" if planted else b"")
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if a < b]
    out, cut = read_all(pieces, taking=data.draw(st.booleans()))
    found = text.find(SECRET)
    assert cut is (found >= 0)
    assert out == (text if found < 0 else text[: len(out)])
    assert found < 0 or len(out) <= found


def test_a_header_that_holds_a_secret_is_left_out() -> None:
    """The others stay, and closing reaches the answer."""
    answer = Pieces([], {"x-request-id": "1", "x-ratelimit-key": "a" + SECRET.decode()})
    watched = _Watched(answer, (SECRET,))
    assert dict(watched.headers) == {"x-request-id": "1"}
    watched.close()
    watched.finish()
    assert (watched.status, answer.closed, answer.finished) == (200, True, True)


async def test_upstreams_are_made_from_the_configuration() -> None:
    """Each has its own timeouts; a name can be the default; every client is closed once."""
    one = UpstreamConfig(name="one", url="http://127.0.0.1:8", idle_timeout_s=1.5, headers=(("a", "b"),))
    config = dataclasses.replace(CONFIG, upstreams=(one,), upstream_name="one")
    made = make_upstreams(config)
    assert made[""] is made["one"]
    assert (made["one"].config.idle_timeout_s, made["one"].config.connect_timeout_s) == (1.5, 2.0)
    assert made["one"].config.upstream_url == "http://127.0.0.1:8"
    assert not made["one"].has_credential
    await close_upstreams(made)
    assert set(make_upstreams(CONFIG)) == {""}


def test_secrets_are_not_shown() -> None:
    """A configuration in a log line or a traceback gives nothing away."""
    word = SECRET.decode()
    config = UpstreamConfig(name="a", url="http://x", headers=(("x-api-key", word),), secrets=(SECRET,))
    assert word not in repr(dataclasses.replace(CONFIG, upstreams=(config,)))
    assert word not in repr(ModelApi("a", Client(), CONFIG, config.headers, config.secrets))
