"""Routes that pass: JSON of a bounded size, nothing else, and no error of the upstream in its own words."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
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


async def test_what_passes_unread_is_not_looked_at() -> None:
    """Any type, streamed as it comes; the request's own type crosses; DELETE has no body."""

    async def script(call: Call) -> None:
        await call.head(
            "200 OK", "audio/mpeg; rate=8", ("Transfer-Encoding", "chunked"), ("Content-Disposition", "inline")
        )
        await call.chunk(b"\x00\xff")
        await call.chunk(call.request.body)
        await call.end_stream()

    async with guarded(script, passed_paths=("/v1/files/*",)) as proxy:
        kind = ("Content-Type", "multipart/form-data; boundary=xyz")
        answer = await proxy.post("/v1/files/f?a=b", b"--xyz", kind)
        await proxy.raw(b"DELETE /v1/files/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        first, second = proxy.upstream.requests
    assert (answer.status, answer.body, answer.complete) == (200, b"\x00\xff--xyz", True)
    assert answer.headers["content-type"] == "audio/mpeg; rate=8"
    assert "content-disposition" not in answer.headers
    assert (first.header("content-type"), second.line) == (kind[1], "DELETE /v1/files/f HTTP/1.1")


@pytest.mark.parametrize("kind", ["", "text", "text/html\x00", "a/b, c/d", "a/b; " + "x" * 300])
async def test_an_odd_content_type_is_refused(kind: str) -> None:
    """It would cross as it is."""
    async with guarded(_never, passed_paths=("/v1/files",)) as proxy:
        answer = await proxy.raw(
            f"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 1\r\n"
            "Connection: close\r\n\r\nx".encode()
        )
        assert proxy.upstream.requests == []
    assert answer.startswith((b"HTTP/1.1 415", b"HTTP/1.1 400", b"HTTP/1.0 400"))


async def _never(call: Call) -> None:
    raise AssertionError(call)


async def test_an_unread_answer_that_breaks_off_is_seen_to() -> None:
    """The client gets no proper end."""

    async def script(call: Call) -> None:
        await call.head("200 OK", "text/plain", ("Content-Length", "9"))
        await call.send(b"abc")
        call.reset()

    async with guarded(script, passed_paths=("/v1/files/f",)) as proxy:
        raw = await proxy.raw(b"GET /v1/files/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert not raw.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("coding", ["sluice", "gzip"])
async def test_an_unread_answer_that_fails_before_its_first_byte(coding: str) -> None:
    """The client gets the envelope, framed so that the next answer on the connection is not taken for its rest."""

    async def script(call: Call) -> None:
        await call.whole(b"zebra", "200 OK", "text/plain", ("Content-Encoding", coding))

    async with guarded(script, passed_paths=("/v1/files/f",)) as proxy:
        raw = await proxy.raw(b"GET /v1/files/f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502")
    assert f"content-length: {len(body)}".encode() in head.lower().split(b"\r\n")
    assert orjson.loads(body)["error"]["code"] == "upstream_encoding"


@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        (
            "/v1/models",
            ("anthropic-version", "2023-06-01"),
            {"type": "error", "error": {"type": "not_found_error"}},
        ),
        ("/v1beta/models", ("X-A", "b"), {"error": {"code": 404, "status": "NOT_FOUND"}}),
        ("/api/tags", ("X-A", "b"), {"error": "The model API answered with an error."}),
    ],
)
async def test_an_error_of_a_passed_path(path: str, header: tuple[str, str], expected: dict[str, Any]) -> None:
    """It is ours, in the form that the client understands."""

    async def script(call: Call) -> None:
        await call.whole(b'{"error":"zebra"}', "404 Not Found")

    async with guarded(script) as proxy:
        answer = await proxy.get(path, header)
    assert (answer.status, b"zebra" in answer.body) == (404, False)
    found = answer.json()
    assert found.get("type") == expected.get("type")
    error = expected["error"]
    assert found["error"] == error if isinstance(error, str) else error.items() <= found["error"].items()
