"""Reads an HTTP/1.1 response from bytes, strictly. Sans-io: no socket, no clock.

Where the two readings of a message could differ (both lengths given, a bare line feed, a folded header) it is
refused: RFC 9112, sections 5 and 6.3. What is not a body (interim answers, chunk extensions, trailers) is dropped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_HEADERS: Final = 128
MAX_INTERIM: Final = 8
"""1xx answers before the final one; servers send one or two."""
MAX_CHUNK_LINE_BYTES: Final = 1024
"""A chunk's size is at most 16 digits; the rest is extensions, which nobody uses."""
MAX_TRAILER_BYTES: Final = 8192

_SHORT_SIZE_LINE = 20
"""A chunk size of 16 digits with its line end, and some room; longer lines, with extensions, are rare."""

_STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n\x00]*)?(?=\r\n|\Z)")
_HEADER: Final = re.compile(r"\r\n([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\x00]*)")
_TRAILER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\x00]*")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\x00]*)?")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_NO_BODY: Final = frozenset({204, 304})

_PLAIN_SIZES: Final = {spelled: size for size in range(1, 4096) for spelled in (b"%x" % size, b"%X" % size)}
"""The sizes that chunks have when they hold one event, as they are spelled. Others are read more slowly."""

# What is read next.
_HEAD, _LENGTH_BODY, _CHUNK_LINE, _CHUNK, _CHUNK_END, _TRAILERS, _UNTIL_CLOSE, _DONE = range(8)


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
        self._state = _HEAD
        self._left = 0
        self._trailer = 0
        self._interim = 0

    @property
    def done(self) -> bool:
        """Whether the response is complete."""
        return self._state == _DONE

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes, return pieces of the body. Raises `HttpError`; nothing may be fed after that."""
        pieces: list[bytes] = []
        try:
            if not self._buffer:
                data = self._feed_plain(data, pieces)
                if not data:
                    return pieces
            self._buffer += data
            while self._buffer and self._STEPS[self._state](self, pieces):
                pass
        except HttpError as error:
            error.pieces = pieces
            raise
        return pieces

    def _feed_plain(self, data: bytes, pieces: list[bytes]) -> bytes:
        """Take what can be taken without a copy into the buffer, as nearly all reads can. Returns the rest."""
        if self._state == _HEAD:
            end = data.find(b"\r\n\r\n")
            if not 0 <= end <= self._max_head:
                return data
            self._take_head(data[:end])
            data = data[end + 4 :]
        if self._state == _LENGTH_BODY and len(data) <= self._left:
            self._take(data, pieces)
            return b""
        if self._state == _UNTIL_CLOSE and data:
            pieces.append(data)
            return b""
        if self._state == _CHUNK:
            data = self._finish_chunk(data, pieces)
        if self._state == _CHUNK_LINE and data:
            return self._take_plain_chunks(data, pieces)
        return data

    def _finish_chunk(self, data: bytes, pieces: list[bytes]) -> bytes:
        """Take what `data` has of the open chunk. Returns the rest."""
        left = self._left
        if len(data) <= left:
            self._take_part(data, pieces)
            return b""
        if data[left : left + 2] != b"\r\n":
            return data
        self._take_part(data[:left], pieces)
        self._state = _CHUNK_LINE
        return data[left + 2 :]

    def _take_part(self, part: bytes, pieces: list[bytes]) -> None:
        """Take bytes of the open chunk, as many as it still has at most."""
        pieces.append(part)
        self._left -= len(part)
        self._state = _CHUNK if self._left else _CHUNK_END

    def _take_plain_chunks(self, data: bytes, pieces: list[bytes]) -> bytes:
        """Take the chunks at the start of `data` at once, if no line end is inside of one. Returns the rest.

        Cut at the line ends, `data` is size, chunk, size, chunk ... That is its one reading exactly when each
        chunk is as long as the size before it says. All of it runs in C: a burst has a hundred chunks.
        """
        end = data.find(b"\r\n", 0, _SHORT_SIZE_LINE)
        size = _short_size(data[:end]) if end > 0 else 0
        if 0 < len(data) - end - 2 <= size:  # one large chunk, whose end is still to come
            self._left = size
            self._take_part(data[end + 2 :], pieces)
            return b""
        parts = data.split(b"\r\n")
        ends = parts[-3:] == [b"0", b"", b""] and len(parts) % 2 == 1
        count = len(parts) - 3 if ends else (len(parts) - 1) // 2 * 2
        chunks = parts[1:count:2]
        if list(map(len, chunks)) != list(map(_PLAIN_SIZES.get, parts[0:count:2])):
            return data
        if chunks:
            pieces.append(b"".join(chunks))
        if ends:
            self._state = _DONE
            return b""
        rest = parts[count:]
        if len(rest) == 2 and 0 < len(rest[1]) <= _PLAIN_SIZES.get(rest[0], 0):  # noqa: PLR2004 - size and part
            self._left = _PLAIN_SIZES[rest[0]]
            self._take_part(rest[1], pieces)
            return b""
        return b"\r\n".join(rest)

    def feed_end(self) -> None:
        """Take the end of the connection. Raises `HttpError` when the response is not complete."""
        if self._state == _UNTIL_CLOSE:
            self._state = _DONE
        if not self.done:
            raise HttpError("connection closed inside a response")

    # Each state takes from the buffer, and returns whether the next one may have something to do.

    def _state_head(self, _pieces: list[bytes]) -> bool:
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
        self._take_head(raw)
        return True

    def _take_head(self, raw: bytes) -> None:
        minor, status, headers = _parse_head(raw)
        if status < 200:  # noqa: PLR2004 - interim answers
            self._interim += 1
            if status == 101 or self._interim > MAX_INTERIM:  # noqa: PLR2004 - switching protocols
                raise HttpError("unexpected interim answer")
            return
        self._begin_body(minor, status, headers)

    def _begin_body(self, minor: int, status: int, headers: CIMultiDict[str]) -> None:
        named = headers.getall(hdrs.CONNECTION, ())
        connection = {part.strip().lower() for one in named for part in one.split(",")} if named else ()
        keeps_alive = "close" not in connection and (minor == 1 or "keep-alive" in connection)
        codings = headers.getall(hdrs.TRANSFER_ENCODING, ())
        lengths = headers.getall(hdrs.CONTENT_LENGTH, ())
        if codings:
            if lengths or len(codings) > 1 or codings[0].lower() != "chunked" or minor == 0:
                raise HttpError("unclear framing")
            self._state = _CHUNK_LINE
        elif lengths:
            length = lengths[0]
            if (len(lengths) > 1 and len(set(lengths)) > 1) or not _LENGTH.fullmatch(length):
                raise HttpError("unclear length")
            self._left = int(length)
            self._state = _LENGTH_BODY if self._left else _DONE
        else:
            self._state = _UNTIL_CLOSE
        if status in _NO_BODY:
            self._state = _DONE
        keeps_alive = keeps_alive and self._state != _UNTIL_CLOSE
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
            self._state = _DONE

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
        self._state = _CHUNK if self._left else _TRAILERS
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
        self._take_part(data, pieces)
        return True

    def _state_chunk_end(self, _pieces: list[bytes]) -> bool:
        if len(self._buffer) < 2:  # noqa: PLR2004 - a line end is two bytes
            return False
        if self._buffer[:2] != b"\r\n":
            raise HttpError("chunk is not as long as it says")
        del self._buffer[:2]
        self._state = _CHUNK_LINE
        return True

    def _state_trailer(self, _pieces: list[bytes]) -> bool:
        line = self._line(MAX_TRAILER_BYTES)
        if line is None:
            return False
        self._trailer += len(line) + 2
        if not line:
            self._state = _DONE
        elif self._trailer > MAX_TRAILER_BYTES or not _TRAILER.fullmatch(line):
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

    _STEPS: Final = (
        _state_head, _state_length, _state_chunk_size, _state_chunk,
        _state_chunk_end, _state_trailer, _state_until_close, _state_done,
    )  # fmt: skip
    """What to do in each state, in the order of their numbers."""


@lru_cache(maxsize=4096)
def _short_size(line: bytes) -> int:
    """Return the size that a chunk's first line gives, 0 for one that is not that plain.

    Remembered, because events have few lengths.
    """
    match = _CHUNK_SIZE.fullmatch(line)
    return 0 if match is None else int(match[1], 16)


def _parse_head(raw: bytes) -> tuple[int, int, CIMultiDict[str]]:
    """Return minor version, status and headers."""
    text = raw.decode("latin-1")
    match = _STATUS_LINE.match(text)
    if match is None:
        raise HttpError("not an HTTP/1 status line")
    found = _HEADER.findall(text, match.end())
    # What the search skipped, it left out: then the lengths do not add up.
    if match.end() + sum([len(name) + len(value) + 3 for name, value in found]) != len(text):
        raise HttpError("bad header")
    if len(found) > MAX_HEADERS:
        raise HttpError("too many headers")
    headers = CIMultiDict([(name, value.strip(" \t")) for name, value in found])
    return int(match[1]), int(match[2]), headers


def request_head(
    method: str, target: str, host: str, headers: Sequence[tuple[str, str]], body: bytes | None
) -> bytes:
    """Write a request's head with the length of its body. Raises ValueError for a line break in any part."""
    length = "" if body is None else f"content-length: {len(body)}\r\n"
    rest = "".join([f"{name}: {value}\r\n" for name, value in headers])
    head = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{rest}{length}\r\n"
    lines = len(headers) + (3 if body is None else 4)
    if head.count("\n") != lines or head.count("\r") != lines:
        raise ValueError("line break inside a header")
    return head.encode("latin-1")
