"""A minimal incremental reader of HTTP/1.1 messages for the two ends of a measurement.

It reads what well-behaved peers on loopback send (content-length or chunked bodies, keep-alive) and is no
parser for the open network: it has no limits and refuses nothing but what it cannot frame.
"""

from __future__ import annotations

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_CHUNKED = b"\r\ntransfer-encoding: chunked"


class MessageReader:
    """Reads one message after another from the bytes of a connection."""

    __slots__ = ("_buffer", "_chunked", "_left", "body", "complete", "head")

    def __init__(self) -> None:
        self._buffer = b""
        self._chunked = False
        self._left = -1
        """Bytes still to come of the body or the open chunk, with its line end; -1 before the head was read."""
        self.head = b""
        self.body = bytearray()
        """The body so far, free of its framing."""
        self.complete = False

    def start_next(self) -> None:
        """Forget the finished message; bytes of the next one that already came are kept."""
        self._left = -1
        self.head = b""
        self.body = bytearray()
        self.complete = False

    def receive(self, data: bytes) -> None:
        """Take bytes. Afterwards look at `complete`, `head` and `body`. Raises ValueError on bad framing."""
        buffer = self._buffer + data if self._buffer else data
        self._buffer = b""
        if self._left < 0:
            end = buffer.find(_HEAD_END)
            if end < 0:
                self._buffer = buffer
                return
            self._receive_head(buffer[: end + 2])
            buffer = buffer[end + 4 :]
        if self._chunked:
            self._receive_chunks(buffer)
        else:
            self._receive_plain(buffer)

    def _receive_head(self, head: bytes) -> None:
        self.head = head
        lowered = head.lower()
        self._chunked = _CHUNKED in lowered
        self._left = 0
        at = lowered.find(_LENGTH)
        if not self._chunked and at >= 0:
            start = at + len(_LENGTH)
            self._left = int(lowered[start : lowered.index(b"\r\n", start)])

    def _receive_plain(self, buffer: bytes) -> None:
        taken = buffer[: self._left]
        self.body += taken
        self._left -= len(taken)
        self._buffer = buffer[len(taken) :]
        self.complete = self._left == 0

    def _receive_chunks(self, buffer: bytes) -> None:
        at, parts = self._receive_open_chunk(buffer)
        while not self._left:
            line_end = buffer.find(b"\r\n", at)
            if line_end < 0:
                self._buffer = buffer[at:]
                break
            size = int(buffer[at:line_end], 16)
            start, stop = line_end + 2, line_end + 2 + size
            if size == 0:
                self.complete = len(buffer) >= start + 2
                self._buffer = buffer[start + 2 :] if self.complete else buffer[at:]
                break
            parts.append(buffer[start:stop])
            self._left = max(0, stop + 2 - len(buffer))
            at = stop + 2
        self.body += b"".join(parts)

    def _receive_open_chunk(self, buffer: bytes) -> tuple[int, list[bytes]]:
        """Take what belongs to the chunk begun in an earlier read. Returns where it stopped, and the bytes."""
        if not self._left:
            return 0, []
        taken = buffer[: self._left]
        self._left -= len(taken)
        # The two last bytes of a chunk are its line end, which may come in a read of its own.
        return len(taken), [taken[: max(0, len(taken) - max(0, 2 - self._left))]]
