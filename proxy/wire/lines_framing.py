"""One JSON value a line (NDJSON, JSON Lines) as a layout of frames.

A line ends with LF; a CR before it belongs to the ending. Blank lines hold no frame. The last line may lack its
ending. It cuts and writes; what the lines say is the codec's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.jsontext import Json, dumps
from proxy.wire.sse import BOM, SseEvent, too_long
from proxy.wire.types import DEFAULT_MAX_FRAME_BYTES, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK = b" \t\r\n"


class LinesFraming:
    """Lines of one stream. Joined again, the blocks and the rest are the input, byte for byte."""

    form = Form.LINES
    terminator = None
    known_events: frozenset[str] = frozenset()

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._open = bytearray()

    @property
    def open_bytes(self) -> int:
        """Length of the line that is not ended yet."""
        return len(self._open)

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes, return the lines they complete. Lines over the limit are the caller's to refuse."""
        first, ending, rest = data.partition(b"\n")
        if not ending:
            self._open += data
            return []
        blocks = [bytes(self._open) + first + b"\n"]
        self._open.clear()
        parts = rest.split(b"\n")
        self._open += parts.pop()
        blocks += [part + b"\n" for part in parts]
        return blocks

    def receive_end(self) -> bytes:
        """Return what is left: a line that nothing ended, or b""."""
        rest = bytes(self._open)
        self._open.clear()
        return rest

    def take_open(self, data: bytes) -> bytes | None:
        """Return the open line, which is forgotten here, and `data`, which ends it; None when it does not."""
        if b"\n" not in data:
            return None
        whole = bytes(self._open) + data
        self._open.clear()
        return whole

    def end_of(self, data: bytes, position: int) -> int:
        """Return where the line at `position` ends; -1 when it does not."""
        return data.find(b"\n", position) + 1 or -1

    def is_steady(self, block: bytes) -> bool:
        """Whether the line is ended: there is no LF in JSON on one line but that."""
        return block.endswith(b"\n")

    def check_open(self) -> None:
        """Raise `WireError` when the open line is already longer than a line may be."""
        if len(self._open) > self._max_frame_bytes:
            raise too_long(self._max_frame_bytes)

    def parse(self, block: bytes, *, first: bool) -> SseEvent:
        """Return the value on a line, None for a blank one. Only the `first` may begin with a byte order mark."""
        if first:
            block = block.removeprefix(BOM)
        return SseEvent(block.strip(_BLANK) or None, ())

    def write(self, lines: list[bytes], data: bytes | None, block: bytes) -> bytes:
        """Write a line with the ending of `block`, so that it stands as open or closed as it was."""
        del lines  # There is nothing but values.
        if data is None:
            return block
        return data + block[len(block.rstrip(b"\r\n")) :]

    def sent(self, block: bytes) -> None:
        """Nothing to learn: lines stand alone."""

    def write_ending(self, payloads: Sequence[Json], *, after_open: bool) -> bytes:
        """Write the last lines."""
        return (b"\n" if after_open else b"") + b"".join(dumps(payload) + b"\n" for payload in payloads)
