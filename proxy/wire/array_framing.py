"""One JSON array, written element by element, as a layout of frames (Gemini's streams without `alt=sse`).

Each element is an object. A block is what stands before an element (the bracket or the comma, white space) and the
element; the last block is the closing bracket. It cuts and writes; what the elements say is the codec's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proxy.wire.jsontext import Json, dumps
from proxy.wire.possessive import compiled
from proxy.wire.sse import BOM, SseEvent, too_long
from proxy.wire.types import DEFAULT_MAX_FRAME_BYTES, Form, WireError

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK = b" \t\r\n"
_INSIDE = compiled(rb'(?:[^"\\]++|\\[\s\S])*+')
_OUTSIDE = compiled(rb'(?:[^"{}]++|"(?:[^"\\]++|\\[\s\S])*+")*+')
"""Up to the quote that ends a string; and past whole strings up to a brace or to a string that is not whole."""
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")

_QUOTE, _OPEN = b'"{'
_BEFORE_ELEMENT = {b"start": b"[", b"first": b"{]", b"after": b",]", b"next": b"{", b"end": b""}
"""What may come, besides white space, in each state between elements."""
_NEXT = {b"[": b"first", b",": b"next", b"]": b"end"}

_MAX_READ_TWICE = 16 << 10
_USUAL_DEPTH = 12


def _element() -> bytes:
    """Return a pattern of an object that is nested no deeper than usual."""
    string = rb'"(?:[^"\\]++|\\[\s\S])*+"'
    inner = rb'\{(?:[^"{}]++|%b)*+\}' % string
    for _ in range(_USUAL_DEPTH):
        inner = rb'\{(?:[^"{}]++|%b|%b)*+\}' % (string, inner)
    return inner


_FIRST = compiled(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\[[ \t\r\n]*" + _element())
_LATER = compiled(rb"[ \t\r\n]*,[ \t\r\n]*" + _element())
"""An element with what stands before it, the first one and any other."""

_NO_ARRAY = "the upstream sent an array that is not one of JSON objects"
_CUT_SHORT = "the upstream ended the stream before the end of its array"


class ArrayFraming:
    """Elements of one array. Joined again, the blocks and the rest are the input, byte for byte."""

    form = Form.ARRAY
    terminator = None
    known_events: frozenset[str] = frozenset()

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._open = bytearray()
        self._searched = 0
        self._state = b"start"
        self._begun = b"start"
        self._depth = 0
        self._in_string = False
        self._is_broken = False
        self._has_left = False

    @property
    def open_bytes(self) -> int:
        """Length of the block that is not complete."""
        return len(self._open)

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes, return the blocks they complete. What breaks the array is told by `check_open`."""
        blocks: list[bytes] = []
        buffer = self._open
        buffer += data
        start = 0
        if len(buffer) < len(BOM) and BOM.startswith(buffer):
            return blocks  # A byte order mark, perhaps not all of it.
        while not self._is_broken and (end := self._element_end()) is not None:
            blocks.append(bytes(buffer[start:end]))
            start = end
        del buffer[:start]
        self._searched -= start
        return blocks

    def _element_end(self) -> int | None:
        """Return where the next element ends, None when that is not known yet. Goes on where it stopped."""
        while not self._depth:
            if not self._read_between():
                return None
        buffer, size = self._open, len(self._open)
        while True:
            skipped = (_INSIDE if self._in_string else _OUTSIDE).match(buffer, self._searched)
            self._searched = skipped.end() if skipped is not None else size
            if self._searched == size or (self._in_string and buffer[self._searched] != _QUOTE):
                return None  # A backslash that is the last byte waits for what it escapes.
            byte = buffer[self._searched]
            self._searched += 1
            if byte == _QUOTE:
                self._in_string = not self._in_string
            else:
                self._depth += 1 if byte == _OPEN else -1
            if not self._depth:
                self._state = self._begun = b"after"
                return self._searched

    def _read_between(self) -> bool:
        """Read the next byte between elements that is not blank; False when there is none, or a wrong one."""
        if self._state == b"start" and self._open.startswith(BOM):
            self._searched = max(self._searched, len(BOM))
        mark = _NOT_BLANK.search(self._open, self._searched)
        if mark is None:
            self._searched = len(self._open)
            return False
        byte = bytes(mark[0])
        if byte not in _BEFORE_ELEMENT[self._state]:
            self._is_broken = True
            return False
        self._searched = mark.end()
        if byte == b"{":
            self._depth = 1
        else:
            self._state = _NEXT[byte]
        return True

    def receive_end(self) -> bytes:
        """Return the closing bracket and what is around it. Raises `WireError` when the array is not closed."""
        self.check_open()
        if self._state != b"end":
            raise WireError(_CUT_SHORT)
        rest = bytes(self._open)
        self._open.clear()
        return rest

    def take_open(self, data: bytes) -> bytes | None:
        """Return the open block, which is forgotten here, and `data`, which may end it, to be read as one.

        None, and nothing forgotten, when it cannot, and when so much is open that it is not read twice.
        """
        if self._is_broken or self._state == b"end" or b"}" not in data or len(self._open) > _MAX_READ_TWICE:
            return None
        whole = bytes(self._open) + data
        self._open.clear()
        self._searched, self._depth, self._in_string, self._state = 0, 0, False, self._begun
        return whole

    def end_of(self, data: bytes, position: int) -> int:
        """Return where the element at `position` ends; -1 when it does not, or is nested deeper than usual."""
        found = (_FIRST if self._begun == b"start" else _LATER).match(data, position)
        if found is None:
            return -1
        self._state = self._begun = b"after"
        return found.end()

    def is_steady(self, block: bytes) -> bool:
        """Whether the element follows another one."""
        return block.lstrip(_BLANK).startswith(b",")

    def check_open(self) -> None:
        """Raise `WireError` when what came is no array of objects, or its open block is too long."""
        if self._is_broken:
            raise WireError(_NO_ARRAY)
        if len(self._open) > self._max_frame_bytes:
            raise too_long(self._max_frame_bytes)

    def parse(self, block: bytes, *, first: bool) -> SseEvent:
        """Return the element in a block, None for the closing bracket."""
        del first
        start = block.find(b"{")
        return SseEvent(block[start:] if start >= 0 else None, ())

    def write(self, lines: list[bytes], data: bytes | None, block: bytes) -> bytes:
        """Write an element in the place of the one in `block`, after what stands before that."""
        del lines  # There is nothing but values.
        return block if data is None else block[: block.find(b"{")] + data

    def sent(self, block: bytes) -> None:
        """Learn that an element has left, so that the array is open."""
        del block
        self._has_left = True

    def write_ending(self, payloads: Sequence[Json], *, after_open: bool) -> bytes:
        """Write the last elements and close the array."""
        del after_open
        elements = b"\n,\n".join(dumps(payload) for payload in payloads)
        return (b"\n,\n" if self._has_left else b"[") + elements + b"\n]\n"
