"""The reader of HTTP messages that both ends of a measurement use."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.http1 import MessageReader

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1\r\n \r\n" + b"1A\r\nabcdefghijklmnopqrstuvwxyz\r\n" + b"0\r\n\r\n"
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
MESSAGES = {
    CHUNKED: b"hello abcdefghijklmnopqrstuvwxyz",
    PLAIN: b"hello world",
    EMPTY: b"",
}


def read_all(pieces: list[bytes]) -> list[bytes]:
    """Return the bodies of the messages in the pieces."""
    reader, bodies = MessageReader(), []
    for piece in pieces:
        reader.receive(piece)
        while reader.complete:
            bodies.append(bytes(reader.body))
            reader.start_next()
            reader.receive(b"")
    return bodies


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut the data at the places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(
    st.lists(st.sampled_from(list(MESSAGES)), min_size=1, max_size=4), st.lists(st.integers(0, 10_000), max_size=12)
)
def test_any_cut_gives_the_same_bodies(messages: list[bytes], places: list[int]) -> None:
    """However the bytes are cut, the bodies are those that were sent."""
    assert read_all(cut(b"".join(messages), places)) == [MESSAGES[message] for message in messages]


@pytest.mark.parametrize("message", list(MESSAGES))
def test_byte_by_byte(message: bytes) -> None:
    """A message that comes byte by byte is complete at its last byte and not before."""
    reader = MessageReader()
    for at in range(len(message) - 1):
        reader.receive(message[at : at + 1])
        assert not reader.complete
    reader.receive(message[-1:])
    assert reader.complete
    assert bytes(reader.body) == MESSAGES[message]


def test_bad_chunk_size_is_an_error() -> None:
    """Framing that is no framing is not guessed at."""
    with pytest.raises(ValueError, match="invalid literal"):
        MessageReader().receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
