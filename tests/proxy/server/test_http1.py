"""The response reader: any cut gives the same answer, unclear framing is refused, nothing makes it crash."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.server.http1 import HttpError, ResponseReader, request_head
from tests.support.scale import examples

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CASES: dict[str, tuple[bytes, bytes, bool]] = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    "two equal lengths": (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
        b"hello",
        True,
    ),
    "until close": (OK + b"\r\nhello", b"hello", False),
    "interim": (b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", b"hi", True),
    "close": (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
    "http 1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", b"hi", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
}


def read(raw: bytes, cuts: tuple[int, ...] = ()) -> tuple[ResponseReader, bytes]:
    reader = ResponseReader(4096)
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    body = b"".join(b"".join(reader.feed(raw[a:b])) for a, b in pairwise(edges) if b > a)
    if not reader.done:
        reader.feed_end()
    return reader, body


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=examples(80), deadline=None)
@given(cuts=st.lists(st.integers(0, 500), max_size=12).map(tuple))
def test_any_cut_reads_the_same(name: str, cuts: tuple[int, ...]) -> None:
    """The body and whether the connection may go on do not depend on the reads."""
    raw, body, keeps_alive = CASES[name]
    reader, got = read(raw, cuts)
    assert reader.head is not None
    assert (got, reader.head.keeps_alive, reader.rest) == (body, keeps_alive, b"")


@pytest.mark.parametrize("name", CASES)
def test_byte_by_byte(name: str) -> None:
    """One byte at a time is a cut like any other."""
    raw, body, _ = CASES[name]
    assert read(raw, tuple(range(len(raw))))[1] == body


WRONG: dict[str, bytes] = {
    "both framings": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "length list": OK + b"Content-Length: 2, 2\r\n\r\n",
    "signed length": OK + b"Content-Length: +2\r\n\r\n",
    "odd coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "coding twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunked in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi\r\n\r\n",
    "folded": OK + b"A: b\r\n c\r\n\r\n",
    "blank before colon": OK + b"A : b\r\n\r\n",
    "no colon": OK + b"A\r\n\r\n",
    "null": OK + b"A: \x00\r\n\r\n",
    "bare cr": OK + b"A: b\rc\r\n\r\n",
    "not http": b"SSH-2.0-x\r\n\r\n",
    "http 2": b"HTTP/2 200 OK\r\n\r\n",
    "short status": b"HTTP/1.1 20 OK\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "endless interim": b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
    "bad chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "huge chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 16 + b"\r\n",
    "long chunk line": OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2000,
    "chunk too long": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "bad trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
    "endless trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 3000,
    "endless head": OK + b"A: " + b"x" * 5000,
    "too many headers": OK + b"A: b\r\n" * 200 + b"\r\n",
    "cut body": OK + b"Content-Length: 9\r\n\r\nhi",
    "cut chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhi",
    "cut head": OK,
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("whole", [True, False])
def test_unclear_framing_is_refused(name: str, whole: bool) -> None:
    """What two readers could read differently is an error, at any cut."""
    with pytest.raises(HttpError):
        read(WRONG[name], () if whole else tuple(range(len(WRONG[name]))))


def test_bytes_behind_the_response_are_noticed() -> None:
    """They are not body, and the connection is known to be unusable."""
    reader, body = read(OK + b"Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n")
    assert body == b"hi"
    assert reader.rest.startswith(b"HTTP/1.1")


CHUNK = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"0", b"5", b"0\r\n\r\n", b"data: x\n\n", b"a" * 300]),
    min_size=1,
    max_size=6,
).map(b"".join)


@settings(max_examples=examples(400), deadline=None)
@given(
    chunks=st.lists(CHUNK, max_size=8),
    spell=st.sampled_from([b"%x", b"%X", b"0%x", b"%x;a=b"]),
    cuts=st.lists(st.integers(0, 4000), max_size=6).map(tuple),
    behind=st.sampled_from([b"", b"HTTP"]),
)
def test_chunks_hold_anything(chunks: list[bytes], spell: bytes, cuts: tuple[int, ...], behind: bytes) -> None:
    """Chunks that look like framing, sizes spelled in odd ways: the body is what the sizes say, at any cut."""
    framed = b"".join((spell % len(one)) + b"\r\n" + one + b"\r\n" for one in chunks)
    reader, body = read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n" + behind, cuts)
    assert (body, reader.done, reader.rest) == (b"".join(chunks), True, behind)


@settings(max_examples=examples(300), deadline=None)
@given(chunks=st.lists(CHUNK, min_size=1, max_size=6), at=st.integers(0, 5), off=st.sampled_from([-1, 1]))
def test_a_size_that_lies_is_refused_or_read_to_the_letter(chunks: list[bytes], at: int, off: int) -> None:
    """One wrong size among right ones gives the same outcome in one read as byte by byte."""
    sizes = [len(one) + (off if number == at % len(chunks) else 0) for number, one in enumerate(chunks)]
    framed = b"".join(b"%x\r\n%b\r\n" % pair for pair in zip(sizes, chunks, strict=True))
    raw = OK + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    outcomes = []
    for cuts in ((), tuple(range(len(raw)))):
        try:
            reader, body = read(raw, cuts)
            outcomes.append((body, reader.rest))
        except HttpError as error:
            outcomes.append((str(error), b""))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=examples(400), deadline=None)
@given(data=st.lists(st.binary(max_size=60) | st.sampled_from([raw for raw, _, _ in CASES.values()]), max_size=8))
def test_nothing_crashes_it(data: list[bytes]) -> None:
    """Any bytes are a response or an HttpError (D12)."""
    reader = ResponseReader(4096)
    try:
        for piece in data:
            reader.feed(piece)
        if not reader.done:
            reader.feed_end()
    except HttpError:
        pass


@pytest.mark.parametrize("bad", ["a\r\nb: c", "a\nb", "a\rb"])
def test_no_line_break_gets_into_a_request(bad: str) -> None:
    """A line break in any part is a bug of ours, not a second header."""
    for target, value in ((bad, "x"), ("/", bad)):
        with pytest.raises(ValueError, match="line break"):
            request_head("POST", target, "h", [("a", value)], b"")


def test_request_head() -> None:
    """A request is framed by its length."""
    assert request_head("POST", "/v1?a=b", "h:1", [("a", "b")], b"hi") == (
        b"POST /v1?a=b HTTP/1.1\r\nhost: h:1\r\na: b\r\ncontent-length: 2\r\n\r\n"
    )
