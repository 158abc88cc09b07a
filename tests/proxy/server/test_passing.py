"""Routes that pass: JSON of a bounded size, nothing else, and no error of the upstream in its own words."""

from __future__ import annotations

import gzip

import pytest

from tests.support.gateway import guarded
from tests.support.upstream import Call

CASES = [
    (b"{", "200 OK", "application/json", (502, "upstream_broken")),
    (b"", "200 OK", "application/json", (502, "upstream_broken")),
    (b"{} {}", "200 OK", "application/json", (502, "upstream_broken")),
    (b"{}", "200 OK", "text/plain", (502, "upstream_type")),
    (b'{"a":"%s"}' % (b"x" * 2000), "200 OK", "application/json", (502, "upstream_too_large")),
    (b'{"error":{"message":"zebra"}}', "404 Not Found", "application/json", (404, "upstream_error")),
    (b"{}", "302 Found", "application/json", (502, "upstream_redirect")),
]


@pytest.mark.parametrize(("body", "status", "kind", "expected"), CASES)
async def test_what_does_not_pass(body: bytes, status: str, kind: str, expected: tuple[int, str]) -> None:
    """Each gets an envelope with none of the upstream's words."""

    async def script(call: Call) -> None:
        await call.whole(body, status, kind)

    async with guarded(script, max_response_bytes=1000) as proxy:
        answer = await proxy.get("/v1/models")
    assert (answer.status, answer.code) == expected
    assert b"zebra" not in answer.body


async def test_packed_json_passes_unpacked() -> None:
    """An answer that was packed unasked is unpacked, byte for byte."""

    async def script(call: Call) -> None:
        await call.whole(
            gzip.compress(b'{ "data": [] }'), "200 OK", "application/json", ("Content-Encoding", "gzip")
        )

    async with guarded(script) as proxy:
        answer = await proxy.get("/v1/models/m-1")
    assert (answer.status, answer.body) == (200, b'{ "data": [] }')
    assert "content-encoding" not in answer.headers


async def test_a_path_that_is_passed_by_name() -> None:
    """Its request's body goes on as it came, within the limit."""

    async def script(call: Call) -> None:
        await call.whole(b'{"got":%d}' % len(call.request.body))

    async with guarded(script, passed_paths=("/v1/embeddings",), max_request_bytes=20) as proxy:
        answer = await proxy.post("/v1/embeddings", b'{ "input": "x" }')
        large = await proxy.post("/v1/embeddings", b'{ "input": "xxxxxxxx" }')
    assert answer.json() == {"got": 16}
    assert (large.status, large.code) == (413, "request_too_large")
