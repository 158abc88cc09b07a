"""How the frames of a streamed response lie in its bytes: server-sent events, and what other layouts must offer.

It cuts, takes apart and writes; what the payloads say is the codec's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from proxy.wire.jsontext import Json, dumps
from proxy.wire.sse import SseEvent, SseSplitter, has_crlf_only, parse_event, write_event
from proxy.wire.types import DEFAULT_MAX_FRAME_BYTES, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

BLANK = b" \t\n"
DONE = b"[DONE]"


class Framing(Protocol):
    """One layout of frames, for one stream. A block is the bytes of one frame; joined, they are the input."""

    @property
    def form(self) -> Form:
        """Which layout it is."""

    @property
    def terminator(self) -> bytes | None:
        """Payload, not JSON, after which nothing follows."""

    @property
    def known_events(self) -> frozenset[str]:
        """Names of events that are no text."""

    @property
    def open_bytes(self) -> int:
        """Length of the block that is not complete."""

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes, return the blocks they complete. Raises `WireError`."""

    def receive_end(self) -> bytes:
        """Return what is left at the end of input: a block that nothing ended, or b""."""

    def take_open(self, data: bytes) -> bytes | None:
        """Return the open bytes, which are forgotten here, and `data` as one, to be read with `end_of`.

        None, and nothing forgotten, when `data` ends no block, or when blocks in it may end in more than one way.
        """

    def end_of(self, data: bytes, position: int) -> int:
        """Return where the block at `position` of what `take_open` gave ends; -1 when that is not easily told."""

    def is_steady(self, block: bytes) -> bool:
        """Whether a block as this one, with other content in its strings and numbers, ends as this one does."""

    def check_open(self) -> None:
        """Raise `WireError` when the open block is already longer than a block may be."""

    def parse(self, block: bytes, *, first: bool) -> SseEvent:
        """Take a block apart: its payload, and lines of the layout that can carry text."""

    def write(self, lines: list[bytes], data: bytes | None, block: bytes) -> bytes:
        """Write a frame in the place of `block`: the lines that stay, and the payload."""

    def sent(self, block: bytes) -> None:
        """Learn that a frame that came as `block` has left. Not called for frames without payload."""

    def write_ending(self, payloads: Sequence[Json], *, after_open: bool) -> bytes:
        """Write the last frames and what ends the stream. `after_open`: the frame before is not ended."""


class SseFraming:
    """Server-sent events, with or without names and a last event that is not JSON."""

    form = Form.EVENTS

    def __init__(
        self,
        max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
        *,
        terminator: bytes | None = DONE,
        writes_terminator: bool = True,
        name_member: str = "",
        known_events: frozenset[str] = frozenset({"message", "error"}),
    ) -> None:
        """`name_member` is the member of a payload that its event is named after; "" for events without a name.

        `writes_terminator`: whether our own endings have the terminator, too.
        """
        self.terminator = terminator
        self.known_events = known_events
        self._writes_terminator = writes_terminator
        self._name_member = name_member
        self._splitter = SseSplitter(max_frame_bytes)
        self.receive = self._splitter.receive
        self.receive_end = self._splitter.receive_end
        self.take_open = self._splitter.take_open
        self.end_of = self._splitter.end_of
        self.check_open = self._splitter.check_open

    @property
    def open_bytes(self) -> int:
        """Length of the event that is not ended yet."""
        return self._splitter.open_bytes

    def parse(self, block: bytes, *, first: bool) -> SseEvent:
        """Take an event apart."""
        return parse_event(block, first=first)

    def is_steady(self, block: bytes) -> bool:
        """Whether the event has line ends of one kind, LF or CR LF."""
        if b"\r" not in block:
            return block.endswith(b"\n\n")
        return block.endswith(b"\r\n\r\n") and has_crlf_only(block)

    def write(self, lines: list[bytes], data: bytes | None, block: bytes) -> bytes:
        """Write an event."""
        del block  # Events stand alone.
        return write_event(lines, data)

    def sent(self, block: bytes) -> None:
        """Nothing to learn: events stand alone."""

    def write_ending(self, payloads: Sequence[Json], *, after_open: bool) -> bytes:
        """Write the last events."""
        events = [write_event(self._name_line(payload), dumps(payload)) for payload in payloads]
        if self.terminator is not None and self._writes_terminator:
            events.append(write_event([], self.terminator))
        return (b"\n\n" if after_open else b"") + b"".join(events)

    def _name_line(self, payload: Json) -> list[bytes]:
        return [b"event: " + payload[self._name_member].encode()] if self._name_member else []
