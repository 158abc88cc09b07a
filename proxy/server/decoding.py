"""Content encodings of the upstream undone in small steps, with limits, so that no bomb fits through.

We ask for identity. An upstream that compresses all the same is decoded here (gzip, deflate, br, zstd); an
unknown or nested encoding is refused, never passed on raw. It knows nothing of HTTP but the coding's name.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Final, Protocol

import brotli

from proxy.server.faults import UpstreamFault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STEP_BYTES: Final = 64 << 10
"""Most bytes produced at once: what a bomb can cost in memory before a limit is checked again."""

RATIO_FREE_BYTES: Final = 1 << 20
"""Output that is always allowed; the ratio is judged beyond it."""

MAX_RATIO: Final = 200
"""Most output for one byte of input. Repeated log-probability JSON compresses about 1:40; a bomb about 1:1000."""


class _Inflater(Protocol):
    """One format: give it input once, then ask for output until it has none."""

    @property
    def finished(self) -> bool:
        """Whether the format's own end has come."""

    def inflate(self, data: bytes) -> bytes:
        """Return at most `STEP_BYTES` of output; b"" when more input is needed."""


class Decoder:
    """Undoes one content coding. Raises `UpstreamFault` on damage, cut input, excess, or bytes after the end."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        """`coding` is a key of `INFLATERS`; `max_bytes` bounds the whole output."""
        self._inflater = INFLATERS[coding]()
        self._max_bytes = max_bytes
        self._read = 0
        self._written = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the output that `data` completes, piece by piece."""
        self._read += len(data)
        piece = self._inflate(data)
        while piece:
            self._written += len(piece)
            self._check_limits()
            yield piece
            piece = self._inflate(b"")

    def decode_end(self) -> None:
        """Check that the coding ended properly."""
        if self._read and not self._inflater.finished:
            raise UpstreamFault("upstream_encoding", "The model API's compressed answer was cut short.")

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inflater.inflate(data)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError) as error:
            raise UpstreamFault("upstream_encoding", "The model API's compressed answer is damaged.") from error

    def _check_limits(self) -> None:
        over_ratio = self._written > RATIO_FREE_BYTES and self._written > self._read * MAX_RATIO
        if self._written > self._max_bytes or over_ratio:
            raise UpstreamFault("upstream_encoding", "The model API's compressed answer is too large.")


def decoder_for(codings: Sequence[str], max_bytes: int) -> Decoder | None:
    """Return a decoder for an answer's content codings, None for plain bytes. Raises `UpstreamFault`."""
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in INFLATERS:
        raise UpstreamFault("upstream_encoding", "The model API's answer has an unsupported content encoding.")
    return Decoder(codings[0], max_bytes)


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._object = zlib.decompressobj(wbits)
        self.finished = False

    def inflate(self, data: bytes) -> bytes:
        if self.finished:
            if data:
                raise ValueError("bytes after the end")
            return b""
        out = self._object.decompress(self._object.unconsumed_tail + data, STEP_BYTES)
        if self._object.eof:
            self.finished = True
            if self._object.unused_data:
                raise ValueError("bytes after the end")
        return out


class _Deflate:
    """`deflate` is the zlib format (RFC 9110, 8.4.1.2), and raw deflate from servers that read it literally."""

    def __init__(self) -> None:
        self._zlib: _Zlib | None = None
        self._head = b""

    @property
    def finished(self) -> bool:
        return self._zlib is not None and self._zlib.finished

    def inflate(self, data: bytes) -> bytes:
        if self._zlib is None:
            self._head += data
            if len(self._head) < 2:  # noqa: PLR2004 - the zlib header is two bytes
                return b""
            data, self._head = self._head, b""
            wrapped = data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
            self._zlib = _Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        return self._zlib.inflate(data)


class _Brotli:
    def __init__(self) -> None:
        self._object = brotli.Decompressor()
        self._waiting = b""

    @property
    def finished(self) -> bool:
        return bool(self._object.is_finished()) and not self._waiting

    def inflate(self, data: bytes) -> bytes:
        self._waiting += data
        if self._object.is_finished():
            if self._waiting:
                raise ValueError("bytes after the end")
            return b""
        if self._object.can_accept_more_data():
            data, self._waiting = self._waiting, b""
        else:
            data = b""
        out: bytes = self._object.process(data, output_buffer_limit=STEP_BYTES)
        return out


class _Zstd:
    def __init__(self) -> None:
        # A window above 8 MiB is not meant for HTTP (RFC 9659); refusing it bounds the decoder's own memory.
        self._object = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})
        self.finished = False

    def inflate(self, data: bytes) -> bytes:
        if self.finished:
            if data:
                raise ValueError("bytes after the end")
            return b""
        if not data and self._object.needs_input:
            return b""
        out = self._object.decompress(data, STEP_BYTES)
        if self._object.eof:
            self.finished = True
            if self._object.unused_data:
                raise ValueError("bytes after the end")
        return out


INFLATERS: Final[dict[str, Callable[[], _Inflater]]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
