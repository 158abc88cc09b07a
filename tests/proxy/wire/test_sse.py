"""Event framing: the rules of the WHATWG standard, at every cut."""

from __future__ import annotations

import random

import httpx
import httpx_sse
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.sse import SseSplitter, parse_event, write_event
from proxy.wire.types import WireError
from tests.support.wire import cut_at, cuts

Event = tuple[str, str]
"""Type and data, as a client would be given them."""

M = "message"

ENDS = (b"\n\n", b"\r\r", b"\n\r", b"\r\n\r\n", b"\r\n\r")
"""Of blocks: two line ends in a row."""

# name, stream, the events that the standard dispatches
CASES: list[tuple[str, bytes, list[Event]]] = [
    ("empty stream", b"", []),
    ("one event", b"data: a\n\n", [(M, "a")]),
    ("two events", b"data: a\n\ndata: b\n\n", [(M, "a"), (M, "b")]),
    ("no space after the colon", b"data:a\n\n", [(M, "a")]),
    ("only the first space goes", b"data:  a\n\n", [(M, " a")]),
    ("a tab stays", b"data:\ta\n\n", [(M, "\ta")]),
    ("space before the colon is another field", b"data : a\n\n", []),
    ("trailing space stays", b"data: a \n\n", [(M, "a ")]),
    ("two data lines", b"data: a\ndata: b\n\n", [(M, "a\nb")]),
    ("three data lines, one empty", b"data: a\ndata:\ndata: b\n\n", [(M, "a\n\nb")]),
    ("field without colon is an empty value", b"data\n\n", [(M, "")]),
    ("empty data line", b"data:\n\n", [(M, "")]),
    ("two empty data lines", b"data\ndata\n\n", [(M, "\n")]),
    ("the standard's example of empty data", b"data\n\ndata\ndata\n\ndata:", [(M, ""), (M, "\n")]),
    ("the standard's stock example", b"data: YHOO\ndata: +2\ndata: 10\n\n", [(M, "YHOO\n+2\n10")]),
    (
        "the standard's four blocks",
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [(M, "first event"), (M, "second event"), (M, " third event")],
    ),
    ("the standard's equal events", b"data:test\n\ndata: test\n\n", [(M, "test"), (M, "test")]),
    ("named events", b"event: add\ndata: 1\n\nevent: remove\ndata: 2\n\n", [("add", "1"), ("remove", "2")]),
    ("name after the data", b"data: 1\nevent: add\n\n", [("add", "1")]),
    ("the last name wins", b"event: a\nevent: b\ndata: 1\n\n", [("b", "1")]),
    ("an empty name is message", b"event:\ndata: 1\n\n", [(M, "1")]),
    ("a name ends with its event", b"event: a\ndata: 1\n\ndata: 2\n\n", [("a", "1"), (M, "2")]),
    ("a name without data dispatches nothing", b"event: a\n\ndata: 1\n\n", [(M, "1")]),
    ("comment", b": hi\n\ndata: 1\n\n", [(M, "1")]),
    ("comment without space", b":hi\n\n", []),
    ("empty comment", b":\n\n", []),
    ("comment inside an event", b"data: 1\n: hi\ndata: 2\n\n", [(M, "1\n2")]),
    ("comment that looks like data", b":data: 1\n\n", []),
    ("unknown field", b"foo: bar\ndata: 1\n\n", [(M, "1")]),
    ("names are case-sensitive", b"Data: 1\n\n", []),
    ("unknown field without colon", b"foo\n\n", []),
    ("longer name", b"database: 1\n\n", []),
    ("colon in the value", b"data: a:b\n\n", [(M, "a:b")]),
    ("value that begins with a colon", b"data::a\n\n", [(M, ":a")]),
    ("id alone dispatches nothing", b"id: 1\n\n", []),
    ("retry alone dispatches nothing", b"retry: 100\n\n", []),
    ("bad retry is ignored", b"retry: soon\ndata: 1\n\n", [(M, "1")]),
    ("id with NUL is ignored", b"id: a\x00b\ndata: 1\n\n", [(M, "1")]),
    ("blank lines at the start", b"\n\n\ndata: 1\n\n", [(M, "1")]),
    ("one blank line at the start", b"\ndata: 1\n\n", [(M, "1")]),
    ("three blank lines between", b"data: 1\n\n\n\ndata: 2\n\n", [(M, "1"), (M, "2")]),
    ("two blank lines between", b"data: 1\n\n\ndata: 2\n\n", [(M, "1"), (M, "2")]),
    ("no final blank line", b"data: 1\n\ndata: 2\n", [(M, "1")]),
    ("no final line ending", b"data: 1\n\ndata: 2", [(M, "1")]),
    ("CRLF", b"data: 1\r\n\r\ndata: 2\r\n\r\n", [(M, "1"), (M, "2")]),
    ("CRLF, two lines", b"event: a\r\ndata: 1\r\n\r\n", [("a", "1")]),
    ("CRLF, blank lines", b"\r\n\r\ndata: 1\r\n\r\n\r\n\r\ndata: 2\r\n\r\n", [(M, "1"), (M, "2")]),
    ("CR", b"data: 1\r\rdata: 2\r\r", [(M, "1"), (M, "2")]),
    ("CR, two lines", b"data: 1\rdata: 2\r\r", [(M, "1\n2")]),
    ("CR, three", b"data: 1\r\r\rdata: 2\r\r", [(M, "1"), (M, "2")]),
    ("CR then CRLF", b"data: 1\r\r\ndata: 2\r\r\n", [(M, "1"), (M, "2")]),
    ("CRLF then CR", b"data: 1\r\n\rdata: 2\r\n\r", [(M, "1"), (M, "2")]),
    ("CRLF then LF", b"data: 1\r\n\ndata: 2\r\n\n", [(M, "1"), (M, "2")]),
    ("LF then CRLF", b"data: 1\n\r\ndata: 2\n\r\n", [(M, "1"), (M, "2")]),
    ("LF then CR", b"data: 1\n\rdata: 2\n\r", [(M, "1"), (M, "2")]),
    ("CR after LF streams", b"data: 1\n\ndata: 2\r\n\r\ndata: 3\n\n", [(M, "1"), (M, "2"), (M, "3")]),
    ("LF CR LF CR", b"data: 1\n\r\n\rdata: 2\n\n", [(M, "1"), (M, "2")]),
    ("mixed endings inside an event", b"data: 1\rdata: 2\ndata: 3\r\n\r\n", [(M, "1\n2\n3")]),
    ("CRLF CRLF CR LF soup", b"\r\n\r\r\n\n\rdata: 1\r\n\n\r", [(M, "1")]),
    ("BOM", b"\xef\xbb\xbfdata: 1\n\n", [(M, "1")]),
    ("BOM and nothing", b"\xef\xbb\xbf", []),
    ("BOM before a comment", b"\xef\xbb\xbf: hi\n\ndata: 1\n\n", [(M, "1")]),
    ("two BOMs", b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [(M, "2")]),
    ("BOM later is text", b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [(M, "1")]),
    ("BOM in the value stays", b"data: \xef\xbb\xbf1\n\n", [(M, "\ufeff1")]),
    ("two-byte character", "data: é\n\n".encode(), [(M, "é")]),
    ("four-byte character", "data: 🌊\n\n".encode(), [(M, "🌊")]),
    ("U+2028 ends no line", "data: a\u2028b\n\n".encode(), [(M, "a\u2028b")]),
    ("U+0085 ends no line", "data: a\x85b\n\n".encode(), [(M, "a\x85b")]),
    ("vertical tab and form feed end no line", b"data: a\x0b\x0cb\n\n", [(M, "a\x0b\x0cb")]),
    ("NUL in the data", b"data: a\x00b\n\n", [(M, "a\x00b")]),
    ("JSON with braces and blanks", b'data: {"a": "b\\n\\nc"}\n\n', [(M, '{"a": "b\\n\\nc"}')]),
    ("terminator", b"data: 1\n\ndata: [DONE]\n\n", [(M, "1"), (M, "[DONE]")]),
    ("unfinished comment", b"data: 1\n\n: bye", [(M, "1")]),
    ("long line", b"data: " + b"x" * 5000 + b"\n\n", [(M, "x" * 5000)]),
]


def dispatched(blocks: list[bytes]) -> list[Event]:
    """Return what the standard dispatches for blocks that ended."""
    events = []
    for number, block in enumerate(blocks):
        event = parse_event(block, first=number == 0)
        if event.data is not None:
            names = [line.text for line in event.lines if line.field == "event"]
            events.append(((names or [""])[-1] or M, event.data.decode("utf-8", "replace")))
    return events


def split(parts: list[bytes]) -> tuple[list[bytes], bytes]:
    splitter = SseSplitter()
    blocks = [block for part in parts for block in splitter.receive(part)]
    rest = splitter.receive_end()
    # Only the end shows that the CR of CR LF CR was a blank line.
    return ([*blocks, rest], b"") if rest.endswith(b"\r\n\r") else (blocks, rest)


def test_there_are_enough_cases() -> None:
    """Promise D3 names sixty."""
    assert len(CASES) >= 60
    assert len({name for name, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(("stream", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_conformance(stream: bytes, expected: list[Event]) -> None:
    """Each case gives its events, whole and at every cut, with the same blocks, and no byte lost."""
    whole = split([stream])
    assert dispatched(whole[0]) == expected
    assert b"".join(whole[0]) + whole[1] == stream
    for parts in cuts(stream):
        assert split(parts) == whole
    assert all(block == b"\n" or block.endswith(ENDS) for block in whole[0])


# httpx-sse cannot tell a stream that begins with a byte order mark, and dispatches an id without data.
_DIFFERS = ("BOM", "BOM before a comment", "two BOMs")


@pytest.mark.parametrize(("name", "stream"), [case[:2] for case in CASES if case[0] not in _DIFFERS])
def test_httpx_sse_agrees(name: str, stream: bytes) -> None:
    """An independent reader dispatches the same events."""
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    theirs = [(sse.event or M, sse.data) for sse in httpx_sse.EventSource(response).iter_sse()]
    ours = dispatched(split([stream])[0])
    # It also dispatches events whose data is empty, for a name, an id or a retry time alone.
    assert [event for event in theirs if event[1].strip()] == [event for event in ours if event[1].strip()]


_ALPHABET = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b":", b" ", b"data", b"data: ", b"event:", b"x", b"\xef\xbb\xbf", b"\xc3"]
)


@given(st.lists(_ALPHABET, max_size=40).map(b"".join), st.integers(0, 2**32))
def test_any_cut_gives_the_same_blocks(stream: bytes, seed: int) -> None:
    """Framing depends on the bytes alone, and loses none."""
    whole = split([stream])
    assert b"".join(whole[0]) + whole[1] == stream
    assert split(cut_at(stream, random.Random(seed))) == whole
    assert split([stream[i : i + 1] for i in range(len(stream))]) == whole


@given(st.lists(_ALPHABET, max_size=40).map(b"".join))
def test_random_streams_dispatch_what_a_line_reader_dispatches(stream: bytes) -> None:
    """Blocks cut by us, read one by one, are the events of a reader that knows only lines."""
    blocks, _ = split([stream])
    assert dispatched(blocks) == by_lines(stream)


def by_lines(stream: bytes) -> list[Event]:
    """Read a stream as the standard words it: decode, split into lines, interpret."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    events, data, name = [], [], ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append((name or M, "\n".join(data)))
            data, name = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return events


def test_a_cr_stream_does_not_wait_for_the_next_event() -> None:
    """An event ended by CR CR, or LF CR, leaves at once."""
    assert SseSplitter().receive(b"data: 1\r\r") == [b"data: 1\r\r"]
    assert SseSplitter().receive(b"data: 1\n\r") == [b"data: 1\n\r"]


def test_a_cut_crlf_stays_whole() -> None:
    """The LF of a CRLF that a read cut stays with its event."""
    splitter = SseSplitter()
    assert splitter.receive(b"data: 1\r\n\r") == []
    assert splitter.receive(b"\ndata") == [b"data: 1\r\n\r\n"]


def test_an_open_block_over_the_limit_is_refused() -> None:
    """A line without end does not fill the memory."""
    splitter = SseSplitter(10)
    splitter.receive(b"data: 1234")
    splitter.check_open()
    splitter.receive(b"5")
    with pytest.raises(WireError, match="longer than 10 bytes"):
        splitter.check_open()


@given(
    st.lists(
        st.sampled_from([b"data: a", b"\n", b"\n\n", b"\r", b"x", b"\r\n", b"\r\n\r\n", b"a\r\n\r\n"]), max_size=12
    ).map(b"".join),
    st.integers(0),
)
def test_an_open_block_is_taken_with_the_data_that_ends_it(stream: bytes, seed: int) -> None:
    """Taken or not, what comes out is the input in the same blocks."""
    expected, taken = SseSplitter(), SseSplitter()
    blocks = expected.receive(stream)
    found: list[bytes] = []
    for part in cut_at(stream, random.Random(seed)):
        whole = taken.take_open(part)
        assert whole is None or (whole.endswith(part) and taken.open_bytes == 0)
        at = 0
        while whole is not None and (end := taken.end_of(whole, at)) >= 0:
            found.append(whole[at:end])
            at = end
        found += taken.receive(part if whole is None else whole[at:])
    assert (found, taken.receive_end()) == (blocks, expected.receive_end())


def test_an_open_block_that_goes_on_is_not_taken() -> None:
    splitter = SseSplitter()
    splitter.receive(b"data: a\n")
    assert splitter.take_open(b"data: b\n") is None
    assert splitter.open_bytes == len(b"data: a\n")
    assert splitter.take_open(b"\ndata: b") == b"data: a\n\ndata: b"


def test_lines_beside_the_data_are_told() -> None:
    """Comments, names, ids and unknown fields are text, and kept as they came."""
    event = parse_event(b": hi\nevent: x\nid:7\nretry: 5\nfoo:bar\n\xff\ndata: 1\n\n")
    assert [(line.field, line.text) for line in event.lines] == [
        ("comment", "hi"),
        ("event", "x"),
        ("id", "7"),
        ("retry", "5"),
        ("field", "foo:bar"),
        ("field", "\ufffd"),
    ]
    assert event.data == b"1"
    assert not event.is_utf8


def test_write_event() -> None:
    """Written events read back; nothing to say is nothing written."""
    assert write_event([b": hi"], b"{}") == b": hi\ndata: {}\n\n"
    assert write_event([], None) == b""
