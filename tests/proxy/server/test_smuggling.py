"""D1: raw requests meant to reach the upstream as something else. A logging origin sees the intended ones, only."""

from __future__ import annotations

import pytest

from proxy.server.faults import ClientFault
from proxy.server.routes import RouteTable, Treatment
from proxy.wire.openai_chat import CHAT
from proxy.wire.registry import DIALECTS
from tests.support.gateway import guarded
from tests.support.upstream import completion, says

BODY = b'{"model":"m","messages":[]}'
EVIL = b"POST /v1/evil HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def request(
    line: bytes = b"POST /v1/chat/completions HTTP/1.1", *headers: bytes, body: bytes = BODY, length: bool = True
) -> bytes:
    fixed = [b"Host: proxy", b"Content-Type: application/json"]
    if length:
        fixed.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([line, *fixed, *headers]) + b"\r\n\r\n" + body


def chunked(body: bytes, *headers: bytes) -> bytes:
    return request(b"POST /v1/chat/completions HTTP/1.1", *headers, body=body, length=False)


GOOD_CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
TE = b"Transfer-Encoding: chunked"

NONE: dict[str, bytes] = {
    "content length and transfer encoding": request(b"POST /v1/chat/completions HTTP/1.1", TE) + EVIL,
    "two lengths": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: 4"),
    "two equal lengths": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: %d" % len(BODY)),
    "length list": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: 27, 27", length=False),
    "signed length": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: +27", length=False),
    "negative length": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: -1", length=False),
    "hex length": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: 0x1b", length=False),
    "huge length": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length: " + b"9" * 20, length=False),
    "blank before the colon": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Length : 27", length=False),
    "folded header": request(b"POST /v1/chat/completions HTTP/1.1", b"X-A: b\r\n c"),
    "transfer encoding xchunked": chunked(GOOD_CHUNKS, b"Transfer-Encoding: xchunked") + EVIL,
    "transfer encoding identity": chunked(GOOD_CHUNKS, b"Transfer-Encoding: identity") + EVIL,
    "chunked twice": chunked(GOOD_CHUNKS, TE, TE) + EVIL,
    "chunked not last": chunked(GOOD_CHUNKS, b"Transfer-Encoding: chunked, gzip") + EVIL,
    "transfer encoding with a tab": chunked(GOOD_CHUNKS, b"Transfer-Encoding:\x0bchunked") + EVIL,
    "bad chunk size": chunked(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n", TE),
    "negative chunk size": chunked(b"-1\r\n" + BODY + b"\r\n0\r\n\r\n", TE),
    "chunk size overflow": chunked(b"fffffffffffffffff\r\n" + BODY, TE),
    "chunk without its end": chunked(b"%x\r\n%sXX0\r\n\r\n" % (len(BODY), BODY), TE),
    "null in a header": request(b"POST /v1/chat/completions HTTP/1.1", b"X-A: b\x00c"),
    "bare cr in a header": request(b"POST /v1/chat/completions HTTP/1.1", b"X-A: b\rX-B: c"),
    "header without a colon": request(b"POST /v1/chat/completions HTTP/1.1", b"nonsense"),
    "no blank after the method": request(b"POST/v1/chat/completions HTTP/1.1"),
    "http 0.9": b"GET /v1/models\r\n\r\n",
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown version": request(b"POST /v1/chat/completions HTTP/3.7"),
    "upgrade websocket": request(
        b"GET /v1/models HTTP/1.1", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", body=b"", length=False,
    ) + EVIL,
    "upgrade h2c": request(
        b"POST /v1/chat/completions HTTP/1.1", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAAQAAP__",
    ) + EVIL,
    "connect": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n" + EVIL,
    "trace": request(b"TRACE /v1/models HTTP/1.1", body=b""),
    "options star": request(b"OPTIONS * HTTP/1.1", body=b""),
    "put": request(b"PUT /v1/chat/completions HTTP/1.1"),
    "delete": request(b"DELETE /v1/models/m HTTP/1.1", body=b""),
    "head": request(b"HEAD /v1/models HTTP/1.1", body=b""),
    "lower case method": request(b"post /v1/chat/completions HTTP/1.1"),
    "get with a body": request(b"GET /v1/models HTTP/1.1", body=b"smuggled"),
    "absolute form": request(b"POST http://127.0.0.1:1/v1/chat/completions HTTP/1.1"),
    "authority in the path": request(b"POST //evil/v1/chat/completions HTTP/1.1"),
    "double slash": request(b"POST /v1//chat/completions HTTP/1.1"),
    "dot segment": request(b"POST /v1/./chat/completions HTTP/1.1"),
    "dot dot segment": request(b"POST /v1/x/../chat/completions HTTP/1.1"),
    "dot dot after models": request(b"GET /v1/models/../files HTTP/1.1", body=b"", length=False),
    "dot dot as a name": request(b"GET /v1/models/.. HTTP/1.1", body=b"", length=False),
    "encoded dot dot": request(b"GET /v1/models/%2e%2e HTTP/1.1", body=b"", length=False),
    "encoded slash": request(b"GET /v1/models/a%2f..%2fb HTTP/1.1", body=b"", length=False),
    "encoded letter": request(b"POST /v1/chat/c%6fmpletions HTTP/1.1"),
    "backslash": request(b"GET /v1/models\\..\\files HTTP/1.1", body=b"", length=False),
    "case": request(b"POST /V1/Chat/Completions HTTP/1.1"),
    "trailing slash": request(b"POST /v1/chat/completions/ HTTP/1.1"),
    "matrix parameter": request(b"POST /v1/chat/completions;x=1 HTTP/1.1"),
    "fragment": request(b"POST /v1/chat/completions#x HTTP/1.1"),
    "query with a fragment": request(b"POST /v1/chat/completions?a=b#c HTTP/1.1"),
    "query with a quote": request(b'POST /v1/chat/completions?a="b" HTTP/1.1'),
    "empty query": request(b"POST /v1/chat/completions? HTTP/1.1"),
    "blank in the path": request(b"POST /v1/chat/completions evil HTTP/1.1"),
    "null in the path": request(b"POST /v1/chat/completions\x00 HTTP/1.1"),
    "utf-8 in the path": request("POST /v1/ch\u0430t/completions HTTP/1.1".encode()),
    "other encoding of the body": request(b"POST /v1/chat/completions HTTP/1.1", b"Content-Encoding: gzip"),
    "other expectation": request(b"POST /v1/chat/completions HTTP/1.1", b"Expect: something"),
    "two authorisations": request(
        b"POST /v1/chat/completions HTTP/1.1", b"Authorization: Bearer a", b"Authorization: Bearer b"
    ),
    "body is no json": request(body=EVIL),
    "body is two values": request(body=BODY + BODY),
    "request for another route": EVIL,
    "length in a trailer": chunked(b"%x\r\n%s\r\n0\r\nContent-Length: 5\r\n\r\n" % (len(BODY), BODY), TE),
    "two hosts": request(b"POST /v1/chat/completions HTTP/1.1", b"Host: evil"),
}  # fmt: skip

ONE: dict[str, bytes] = {
    "plain": request(),
    "chunked": chunked(GOOD_CHUNKS, TE),
    "chunked in capitals": chunked(GOOD_CHUNKS, b"TRANSFER-ENCODING: Chunked"),
    "chunk extension": chunked(b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), TE),
    "trailer": chunked(b"%x\r\n%s\r\n0\r\nX-A: 5\r\n\r\n" % (len(BODY), BODY), TE),
    "expect continue": request(b"POST /v1/chat/completions HTTP/1.1", b"Expect: 100-continue"),
    "evil behind it": request() + EVIL,
    "evil behind its chunks": chunked(GOOD_CHUNKS, TE) + EVIL,
    "hop by hop": request(
        b"POST /v1/chat/completions HTTP/1.1", b"Connection: X-Evil", b"X-Evil: 1", b"Keep-Alive: 5",
        b"Proxy-Authorization: Basic eA==", b"TE: trailers", b"X-Forwarded-Host: evil", b"Forwarded: host=evil",
        b"X-HTTP-Method-Override: DELETE", b"X-Original-URL: /v1/evil", b"Cookie: a=b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
async def test_no_request_reaches_the_origin(name: str) -> None:
    """The vector is refused with a client error (or the connection closed), and the origin hears nothing."""
    async with guarded(says("ok")) as proxy:
        raw = await proxy.raw(_last(NONE[name]), timeout_s=8)
        assert [one.line for one in proxy.upstream.requests] == []
        assert proxy.upstream.broken == []
    assert raw == b"" or raw.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), raw[:80]
    assert raw.count(b"HTTP/1.1 2") == 0


@pytest.mark.parametrize("name", ONE)
async def test_one_request_reaches_the_origin(name: str) -> None:
    """The origin sees the intended request, framed by us, with headers of the allow-list only."""
    async with guarded(says("ok")) as proxy:
        raw = await proxy.raw(_last(ONE[name]), timeout_s=8)
        requests = proxy.upstream.requests
        assert [(one.line, one.body) for one in requests] == [("POST /v1/chat/completions HTTP/1.1", BODY)]
        assert proxy.upstream.broken == []
        names = {key.lower() for key, _ in requests[0].headers}
    assert names == {"host", "accept", "accept-encoding", "content-type", "content-length"}
    assert completion("ok") in raw


def _last(raw: bytes) -> bytes:
    """Add a request that makes the proxy close the connection after its answers."""
    return raw + b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_query_is_kept_as_it_is() -> None:
    """A sane query string crosses byte by byte."""
    async with guarded(says("ok")) as proxy:
        await proxy.post("/v1/chat/completions?api-version=2024-10-21&a=%2F%20b", BODY)
    assert proxy.upstream.requests[0].line == (
        "POST /v1/chat/completions?api-version=2024-10-21&a=%2F%20b HTTP/1.1"
    )


def test_every_route_of_every_dialect_is_guarded() -> None:
    """Each dialect's routes are found, and guarded by it; a spelling that differs by one byte is not (E11)."""
    table = RouteTable(DIALECTS.values())
    for dialect in DIALECTS.values():
        for route in dialect.routes:
            path = route.path.replace("{", "").replace("}", "")
            match = table.match(route.method, path)
            assert (match.treatment, match.dialect, match.path) == (Treatment.GUARDED, dialect, path)
            for wrong in (path + "/", path.upper(), "/" + path, path[:-1], path + "%00"):
                with pytest.raises(ClientFault):
                    table.match(route.method, wrong)


@pytest.mark.parametrize(
    ("method", "path", "status", "hint"),
    [
        ("POST", "/v1/new", 403, 'open_paths: ["/v1/new"]'),
        ("GET", "/v1/new", 403, 'passed_paths: ["/v1/new"]'),
        ("GET", "/v1/chat/completions", 405, "POST only"),
        ("POST", '/v1/"x', 403, "exact spelling"),
    ],
)
def test_refusals_say_what_to_do(method: str, path: str, status: int, hint: str) -> None:
    """The message names the line of configuration that opens a path."""
    with pytest.raises(ClientFault) as caught:
        RouteTable(DIALECTS.values()).match(method, path)
    assert caught.value.status == status
    assert hint in caught.value.public


def test_opened_paths_are_guarded() -> None:
    """A path that the configuration opens belongs to the dialect given for it."""
    table = RouteTable([], opened={"/v9/chat": CHAT})
    assert table.match("POST", "/v9/chat").dialect is CHAT
