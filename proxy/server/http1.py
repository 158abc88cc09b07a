"""Reads an HTTP/1.1 response from bytes, strictly. Sans-io: no socket, no clock.

Where the two readings of a message could differ (both lengths given, a bare line feed, a folded header) it is
refused: RFC 9112, sections 5 and 6.3. What is not a body (interim answers, chunk extensions, trailers) is dropped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_HEADERS: Final = 128
MAX_INTERIM: Final = 8
"""1xx answers before the final one; servers send one or two."""
MAX_CHUNK_LINE_BYTES: Final = 1024
"""A chunk's size is at most 16 digits; the rest is extensions, which nobody uses."""
MAX_TRAILER_BYTES: Final = 8192

_SHORT_SIZE_LINE = 20
"""A chunk size of 16 digits with its line end, and some room; longer lines, with extensions, are rare."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n\x00]*)?")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*?)[ \t]*")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\x00]*)?")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_NO_BODY: Final = frozenset({204, 304})


class HttpError(ValueError):
    """The peer broke HTTP. Its bytes are not in the message."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.pieces: list[bytes] = []
        """Body that came properly before the error."""


class ResponseHead(NamedTuple):
    """Status line and headers. The reason phrase is dropped: it is text that nobody checks."""

    status: int
    headers: CIMultiDictProxy[str]
    keeps_alive: bool


class ResponseReader:
    """Reads one response to a GET or POST. Feed it bytes; take `head`, and the pieces that `feed` returns."""

    __slots__ = ("_buffer", "_interim", "_left", "_max_head", "_searched", "_state", "_trailer", "head", "rest")

    def __init__(self, max_head_bytes: int) -> None:
        self.head: ResponseHead | None = None
        self.rest = b""
        """Bytes that came behind the response: the connection must not be used again."""
        self._max_head = max_head_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._state: Callable[[list[bytes]], bool] = self._state_head
        self._left = 0
        self._trailer = 0
        self._interim = 0

    @property
    def done(self) -> bool:
        """Whether the response is complete."""
        return self._state == self._state_done

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes, return pieces of the body. Raises `HttpError`; nothing may be fed after that."""
        pieces: list[bytes] = []
        if self._state == self._state_until_close:
            return [data] if data else pieces
        if self._state == self._state_length and not self._buffer and len(data) <= self._left:
            self._take(data, pieces)  # the common case copies nothing
            return pieces
        self._buffer += data
        try:
            while self._buffer and self._state(pieces):
                pass
        except HttpError as error:
            error.pieces = pieces
            raise
        return pieces

    def feed_end(self) -> None:
        """Take the end of the connection. Raises `HttpError` when the response is not complete."""
        if self._state == self._state_until_close:
            self._state = self._state_done
        if not self.done:
            raise HttpError("connection closed inside a response")

    # Each state takes from the buffer, and returns whether the next one may have something to do.

    def _state_head(self, pieces: list[bytes]) -> bool:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            self._searched = len(self._buffer)
            if len(self._buffer) > self._max_head:
                raise HttpError("head too long")
            return False
        if end > self._max_head:
            raise HttpError("head too long")
        raw = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._searched = 0
        minor, status, headers = _parse_head(raw)
        if status < 200:  # noqa: PLR2004 - interim answers
            self._interim += 1
            if status == 101 or self._interim > MAX_INTERIM:  # noqa: PLR2004 - switching protocols
                raise HttpError("unexpected interim answer")
            return True
        self._begin_body(minor, status, headers)
        if self._state == self._state_until_close and self._buffer:
            pieces.append(bytes(self._buffer))
            self._buffer.clear()
        return True

    def _begin_body(self, minor: int, status: int, headers: CIMultiDict[str]) -> None:
        connection = {part.strip().lower() for one in headers.getall("connection", ()) for part in one.split(",")}
        keeps_alive = "close" not in connection and (minor == 1 or "keep-alive" in connection)
        codings = headers.getall("transfer-encoding", ())
        lengths = set(headers.getall("content-length", ()))
        if codings:
            if lengths or len(codings) > 1 or codings[0].lower() != "chunked" or minor == 0:
                raise HttpError("unclear framing")
            self._state = self._state_chunk_size
        elif lengths:
            length = lengths.pop()
            if lengths or not _LENGTH.fullmatch(length):
                raise HttpError("unclear length")
            self._left = int(length)
            self._state = self._state_length if self._left else self._state_done
        else:
            self._state = self._state_until_close
        if status in _NO_BODY:
            self._state = self._state_done
        keeps_alive = keeps_alive and self._state != self._state_until_close
        self.head = ResponseHead(status, CIMultiDictProxy(headers), keeps_alive)

    def _state_length(self, pieces: list[bytes]) -> bool:
        data = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._take(data, pieces)
        return True

    def _take(self, data: bytes, pieces: list[bytes]) -> None:
        if data:
            pieces.append(data)
            self._left -= len(data)
        if self._left == 0:
            self._state = self._state_done

    def _state_chunk_size(self, pieces: list[bytes]) -> bool:
        if self._take_whole_chunks(pieces):
            return True
        line = self._line(MAX_CHUNK_LINE_BYTES)
        if line is None:
            return False
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise HttpError("bad chunk size")
        self._left = int(match[1], 16)
        self._state = self._state_chunk if self._left else self._state_trailer
        return True

    def _take_whole_chunks(self, pieces: list[bytes]) -> bool:
        """Take the chunks that are there from size to end, as most are. What is odd is left to the states."""
        data, at = bytes(self._buffer), 0
        while (end := data.find(b"\r\n", at, at + _SHORT_SIZE_LINE)) >= 0:
            size = _short_size(data[at:end])
            stop = end + 2 + size
            if not size or data[stop : stop + 2] != b"\r\n":
                break
            pieces.append(data[end + 2 : stop])
            at = stop + 2
        if at:
            del self._buffer[:at]
            self._searched = 0
        return at > 0

    def _state_chunk(self, pieces: list[bytes]) -> bool:
        data = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        pieces.append(data)
        self._left -= len(data)
        if self._left == 0:
            self._state = self._state_chunk_end
        return True

    def _state_chunk_end(self, _pieces: list[bytes]) -> bool:
        if len(self._buffer) < 2:  # noqa: PLR2004 - a line end is two bytes
            return False
        if self._buffer[:2] != b"\r\n":
            raise HttpError("chunk is not as long as it says")
        del self._buffer[:2]
        self._state = self._state_chunk_size
        return True

    def _state_trailer(self, _pieces: list[bytes]) -> bool:
        line = self._line(MAX_TRAILER_BYTES)
        if line is None:
            return False
        self._trailer += len(line) + 2
        if not line:
            self._state = self._state_done
        elif self._trailer > MAX_TRAILER_BYTES or not _HEADER.fullmatch(line):
            raise HttpError("bad trailer")
        return True

    def _state_until_close(self, pieces: list[bytes]) -> bool:
        pieces.append(bytes(self._buffer))
        self._buffer.clear()
        return False

    def _state_done(self, _pieces: list[bytes]) -> bool:
        self.rest += bytes(self._buffer)
        self._buffer.clear()
        return False

    def _line(self, max_bytes: int) -> bytes | None:
        end = self._buffer.find(b"\r\n", max(0, self._searched - 1))
        if end < 0:
            self._searched = len(self._buffer)
            if len(self._buffer) > max_bytes:
                raise HttpError("line too long")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        if len(line) > max_bytes:
            raise HttpError("line too long")
        return line


@lru_cache(maxsize=4096)
def _short_size(line: bytes) -> int:
    """Return the size that a chunk's first line gives, 0 for one that is not that plain.

    Remembered, because events have few lengths.
    """
    match = _CHUNK_SIZE.fullmatch(line)
    return 0 if match is None else int(match[1], 16)


def _parse_head(raw: bytes) -> tuple[int, int, CIMultiDict[str]]:
    """Return minor version, status and headers."""
    first, *lines = raw.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise HttpError("not an HTTP/1 status line")
    if len(lines) > MAX_HEADERS:
        raise HttpError("too many headers")
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        field = _HEADER.fullmatch(line)
        if field is None:
            raise HttpError("bad header")
        headers.add(field[1].decode("ascii"), field[2].decode("latin-1"))
    return int(match[1]), int(match[2]), headers


def request_head(
    method: str, target: str, host: str, headers: Sequence[tuple[str, str]], body: bytes | None
) -> bytes:
    """Write a request's head with the length of its body. Raises ValueError for a line break in any part."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", *(f"{name}: {value}" for name, value in headers)]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("line break inside a header")
    return f"{head}\r\n\r\n".encode("latin-1")
