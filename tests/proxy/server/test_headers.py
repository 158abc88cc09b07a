"""Header hygiene in both directions, no SSRF, no theft of keys (D5)."""

from __future__ import annotations

import asyncio
import json

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.faults import ClientFault
from proxy.server.headers import content_codings, media_type, request_headers, require_json, response_headers
from proxy.server.upstream import joined_target, split_upstream
from tests.support.gateway import guarded
from tests.support.upstream import Call, completion, says

KEY = "sk-" + "k" * 30
BODY = b'{"model":"m","messages":[]}'


def proxied(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


DROPPED = [
    ("X-Forwarded-Host", "evil.test"), ("X-Forwarded-For", "10.0.0.1"),
    ("X-Forwarded-Proto", "http"), ("Forwarded", "host=evil.test"), ("X-Real-IP", "10.0.0.1"),
    ("X-Host", "evil.test"),
    ("X-Original-URL", "http://evil.test/"), ("X-Rewrite-URL", "/v1/files"), ("X-Original-Host", "evil.test"),
    ("X-HTTP-Method-Override", "GET"), ("X-Upstream", "http://evil.test"), ("X-Target-URL", "http://evil.test"),
    ("Helicone-Target-URL", "http://evil.test"), ("x-portkey-custom-host", "http://evil.test"),
    ("X-Base-URL", "http://evil.test"), ("Origin", "http://evil.test"), ("Referer", "http://evil.test"),
    ("Cookie", "session=1"), ("Proxy-Authorization", "Basic eA=="), ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"), ("Trailer", "X-A"), ("Upgrade-Insecure-Requests", "1"), ("Via", "1.1 evil"),
    ("Max-Forwards", "0"), ("Range", "bytes=0-1"), ("If-None-Match", "x"), ("Accept-Encoding", "br, gzip"),
    ("Accept", "text/html"), ("Destination", "http://evil.test"), ("Keep-Alive", "timeout=9"), ("Via", "x"),
    ("X-Custom-IP-Authorization", "127.0.0.1"), ("Client-IP", "127.0.0.1"), ("True-Client-IP", "127.0.0.1"),
    ("X-ProxyUser-Ip", "127.0.0.1"), ("X-Wap-Profile", "http://evil.test/x.xml"), ("X-Sluicegate-Policy", "none"),
]  # fmt: skip
SSRF_BODIES = [
    {name: "http://127.0.0.1:9/steal"}
    for name in (
        "url", "base_url", "api_base", "endpoint", "callback", "webhook", "proxy", "upstream", "target", "host",
        "image_url", "file_url", "redirect_uri", "api_key_url", "server_url",
    )
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), DROPPED)
async def test_headers_steer_nothing(name: str, value: str) -> None:
    """A header that other proxies obey changes neither where the request goes nor what is in it."""
    async with guarded(says("ok")) as proxy:
        answer = await proxy.post("/v1/chat/completions", BODY, (name, value), ("Authorization", f"Bearer {KEY}"))
        (request,) = proxy.upstream.requests
        port = proxy.upstream.url.rpartition(":")[2]
    assert answer.status == 200
    assert request.header("host") == f"127.0.0.1:{port}"
    assert request.header("authorization") == f"Bearer {KEY}"
    assert value not in [held for key, held in request.headers if key.lower() != "host"]
    assert KEY not in str(answer.headers) + answer.body.decode()


@pytest.mark.parametrize("more", SSRF_BODIES, ids=[next(iter(more)) for more in SSRF_BODIES])
async def test_bodies_steer_nothing(more: dict[str, str]) -> None:
    """An address in the body is the upstream's business: the proxy connects nowhere else."""
    async with guarded(says("ok")) as proxy:
        answer = await proxy.post("/v1/chat/completions", json.dumps({"messages": [], **more}).encode())
        assert (answer.status, len(proxy.upstream.requests)) == (200, 1)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """The key does not travel to where a redirect points, and the client does not learn where that is."""
    contacted = asyncio.Event()

    async def elsewhere(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        contacted.set()
        writer.close()

    other = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    target = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/v1/chat/completions"

    async def script(call: Call) -> None:
        await call.whole(
            b"{}", f"{status} Moved", "application/json", ("Location", target), ("Refresh", f"0;{target}")
        )

    async with guarded(script) as proxy:
        answer = await proxy.post("/v1/chat/completions", BODY, ("Authorization", f"Bearer {KEY}"))
    other.close()
    assert answer.status == 502
    assert answer.code == "upstream_redirect" or status == 304  # a body on a 304 breaks its framing, too
    assert not contacted.is_set()
    assert "location" not in answer.headers


async def test_proxy_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """`HTTP_PROXY` and `.netrc` do not redirect traffic."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with guarded(says("ok")) as proxy:
        assert (await proxy.chat(stream=False)).status == 200


async def test_response_headers_are_an_allow_list() -> None:
    """What an upstream says of itself stays outside; limits and ids pass."""
    kept = {
        "x-request-id": "req-1", "openai-processing-ms": "12", "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-requests": "6m0s", "retry-after": "3",
    }  # fmt: skip
    lost = {
        "Set-Cookie": "a=b", "Location": "http://evil.test", "X-Powered-By": "said", "Refresh": "0",
        "Link": "<x>", "Content-Disposition": "attachment", "Access-Control-Allow-Origin": "*", "Via": "1.1 x",
        "X-Model-Text": "said", "openai-note": "the model said this", "Alt-Svc": "h3",
        "X-Sluicegate-Policy": "said",
        "Strict-Transport-Security": "max-age=1", "Content-Language": "said", "X-Ratelimit-Note": "x" * 300,
    }  # fmt: skip

    async def script(call: Call) -> None:
        await call.whole(completion("ok"), "200 Said So", "application/json", *kept.items(), *lost.items())

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=False)
    for name, value in kept.items():
        assert answer.headers[name] == value
    assert "said" not in str(answer.headers).lower()
    assert not {name.lower() for name in lost} & (set(answer.headers) - {"x-sluicegate-policy"})
    assert (answer.reason, answer.headers["server"]) == ("OK", "sluicegate")


def test_forwarded_request_headers() -> None:
    """Credentials and the SDK's own headers cross; the rest does not."""
    sent = dict(
        request_headers(
            proxied(
                ("Authorization", "Bearer x"),
                ("OpenAI-Organization", "org"),
                ("X-Stainless-Lang", "python"),
                ("Anthropic-Version", "2023-06-01"),
                ("Cookie", "a=b"),
                ("X-Secret", "y"),
            ),
            has_body=True,
        )
    )
    assert set(sent) == {
        "authorization", "openai-organization", "x-stainless-lang", "anthropic-version", "accept",
        "accept-encoding", "content-type",
    }  # fmt: skip


def test_headers_of_the_messages_api() -> None:
    """Version, betas and key go up; ids, limits and accounts come back, sentences do not."""
    up = {"x-api-key": "k", "anthropic-version": "2023-06-01", "anthropic-beta": "one-2026-01-01,two-2026-02-02"}
    assert up.items() <= dict(request_headers(proxied(*up.items()), has_body=True)).items()
    back = {
        "request-id": "req_011CSHoEeqs5C35K2UUqR7Fy",
        "anthropic-organization-id": "1b7d1f0e-7a3c-4c5e-9d43-0f2e8d8b8f11",
        "anthropic-workspace-id": "wrkspc_01",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-tokens-reset": "2026-08-01T12:00:00Z",
        "retry-after": "12",
    }
    assert dict(response_headers({**back, "anthropic-note": "a few words", "cf-ray": "1"})) == back


def test_headers_named_in_connection_stay() -> None:
    """What a client names in Connection is for this hop."""
    sent = dict(request_headers(proxied(("Connection", "OpenAI-Beta"), ("OpenAI-Beta", "x")), has_body=False))
    assert "openai-beta" not in sent


@pytest.mark.parametrize("value", ["a\x80b", "\u0430", "x" * 9000, "a\x7f"])
def test_odd_request_values_are_refused(value: str) -> None:
    """A header that would cross holds plain ASCII of sane length."""
    with pytest.raises(ClientFault):
        request_headers(proxied(("Authorization", value)), has_body=False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["application/json"], "application/json"),
        (["Application/JSON; charset=utf-8"], "application/json"),
        (["text/event-stream;charset=UTF-8"], "text/event-stream"),
        ([], ""),
        (["nonsense"], ""),
        (["application/json, text/html"], ""),
        (["application/json", "text/html"], ""),
    ],
)
def test_media_type(values: list[str], expected: str) -> None:
    """A media type is read strictly; what is unclear is none."""
    assert media_type(values) == expected


def test_content_codings() -> None:
    """Codings come in order, over several headers."""
    assert content_codings(["gzip, identity", "BR"]) == ["gzip", "br"]


@pytest.mark.parametrize(
    "pairs",
    [
        [], [("Content-Type", "text/plain")], [("Content-Type", "application/x-www-form-urlencoded")],
        [("Content-Type", "application/json; charset=utf-16")],
        [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        [("Content-Type", "multipart/form-data; boundary=x")],
    ],
)  # fmt: skip
def test_only_plain_json_is_taken(pairs: list[tuple[str, str]]) -> None:
    """Another type, charset or encoding is 415."""
    with pytest.raises(ClientFault) as caught:
        require_json(proxied(*pairs))
    assert caught.value.status == 415


def test_retry_after_forms() -> None:
    """Seconds and dates pass, words do not."""
    for value in ("3", "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert response_headers({"Retry-After": value}) == [("retry-after", value)]
    assert response_headers({"Retry-After": "when the model says so"}) == []


@pytest.mark.parametrize(
    ("url", "target", "sent"),
    [
        ("https://api.test", "/v1/models", "/v1/models"),
        ("https://api.test/", "/v1/models", "/v1/models"),
        ("https://api.test/v1", "/v1/models", "/v1/models"),
        ("https://api.test/api/v1", "/v1/models?a=b", "/api/v1/models?a=b"),
        ("https://api.test/api", "/v1/models", "/api/v1/models"),
    ],
)
def test_upstream_prefix(url: str, target: str, sent: str) -> None:
    """A base URL as SDKs take it, with or without `/v1`, means the same."""
    scheme, host, _, prefix = split_upstream(url)
    assert (scheme, host, joined_target(prefix, target)) == ("https", "api.test", sent)
