"""The codec of a streamed response whose frames are JSON, in any layout.

It joins framing, parsing, the walk over the dialect's table and the dialect's ending. It decides nothing about
the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.types import ChannelKind
from proxy.wire.alike import Alike
from proxy.wire.details import without_details
from proxy.wire.edits import apply_edits
from proxy.wire.framing import BLANK
from proxy.wire.jsontext import Json, dumps, loads
from proxy.wire.lessons import is_left_out
from proxy.wire.shapes import ID_SHAPED
from proxy.wire.sse import SseEvent, SseLine, check_block
from proxy.wire.types import (
    DEFAULT_MAX_FRAME_BYTES,
    Channel,
    Frame,
    FrameRole,
    FrameRun,
    Slot,
    SlotMode,
    WireError,
)
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.wire.endings import StreamEnding
    from proxy.wire.fields import Node
    from proxy.wire.framing import Framing
    from proxy.wire.recurring import RecurringFrames
    from proxy.wire.types import Said

MAX_KNOWN_CONSTANTS = 256
"""Ids that are handed out once instead of with every frame; a stream has a dozen."""

_SHORT_NUMBER = re.compile(r"[0-9]{0,6}").fullmatch
_CUT_SHORT = "the upstream ended the stream inside an event"


class StreamCodec:
    """Reads and writes one streamed response."""

    def __init__(  # noqa: PLR0913 - what a format is made of
        self,
        table: Node,
        ending: StreamEnding,
        framing: Framing,
        max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
        *,
        use_templates: bool = True,
        repeats_text: bool = False,
        alike: Alike | None = None,
        recurring: RecurringFrames | None = None,
    ) -> None:
        """`repeats_text`: the table has snapshots, which are rebuilt from the edited texts.

        `alike`: for an ending that asks it something. `recurring`: what is known from other streams.
        """
        self._table = table
        self._ending = ending
        self._framing = framing
        self.repeats_text = repeats_text
        self._max_frame_bytes = max_frame_bytes
        self._use_templates = use_templates
        self._walker = Walker(is_stream=True)
        self._alike = alike or Alike(table, framing)
        self._recurring = recurring if use_templates else None
        self._known: set[tuple[Channel, str]] = set()
        self._constant_edits: dict[tuple[Channel, str], str | None] = {}
        self._first: bytes | None = None
        self._open_frame: Frame | None = None
        self._is_done = False
        self._needs_gap = False
        self._fault: str | None = None
        self._has_details = True

    def leave_out_details(self) -> None:
        """Take log-probabilities out of every frame."""
        self._has_details = False
        self._recurring = None  # Its frames were walked with what says nothing of them.

    # --- Reading

    def receive(self, data: bytes) -> list[Frame | FrameRun]:
        """Take bytes, return the frames they complete; none after the terminator.

        Raises `WireError` at the first fault; its `frames` are those before it.
        """
        if self._is_done:
            return []
        if self._fault is not None:
            raise WireError(self._fault)
        frames: list[Frame | FrameRun] = []
        try:
            # A read that could hold an event over the limit is parsed event by event, with a look at each length.
            if self._framing.open_bytes + len(data) > self._max_frame_bytes:
                self._read_each(self._framing.receive(data), frames)
            elif self._use_templates and (whole := self._framing.take_open(data)) is not None:
                rest = self._read_runs(whole, frames)
                if rest and not self._is_done:
                    self._read_blocks(self._framing.receive(rest), frames)
            else:
                self._read_blocks(self._framing.receive(data), frames)
            if not self._is_done:
                self._framing.check_open()
        except WireError as fault:
            self._fault = fault.public
            raise WireError(fault.public, tuple(frames)) from None
        return frames

    def _read_runs(self, data: bytes, frames: list[Frame | FrameRun]) -> bytes:
        """Read frames, several at a time where they are alike. Returns what is not ended, or not known to be."""
        position = 0
        while position < len(data) and not self._is_done:
            run = self._alike.read_run(data, position)
            if run is not None:
                frames.append(run)
                position += len(run.raw)
                continue
            end = self._framing.end_of(data, position)
            if end < 0:
                break
            self._read_blocks([data[position:end]], frames)
            position = end
        return data[position:]

    def _read_blocks(self, blocks: list[bytes], frames: list[Frame | FrameRun]) -> None:
        for block in blocks:
            if self._is_done:
                return
            frame = self._alike.read(block) if self._use_templates else None
            frames.append(self._read(block) if frame is None else frame)

    def _read_each(self, blocks: list[bytes], frames: list[Frame | FrameRun]) -> None:
        for block in blocks:
            if self._is_done:
                return
            frames.append(self._read(block))

    def receive_end(self) -> list[Frame]:
        """Take the end of input. A last event that is whole but for its blank line is a frame."""
        if self._is_done:
            return []
        if self._fault is not None:
            raise WireError(self._fault)
        self._is_done = True
        rest = self._framing.receive_end()
        if not rest:
            return []
        event = self._framing.parse(rest, first=self._first is None)
        says_nothing = event.data is None and all(line.field == "comment" for line in event.lines)
        if not says_nothing and not (event.data or b"").strip(BLANK):
            raise WireError(_CUT_SHORT)
        try:
            self._open_frame = self._read(rest)
        except WireError:
            raise WireError(_CUT_SHORT) from None
        return [self._open_frame]

    def _read(self, block: bytes) -> Frame:
        """Parse one block."""
        check_block(block, self._max_frame_bytes)
        is_first = self._first is None
        if is_first:
            self._first = block
        if self._recurring is not None:
            known = self._recurring.read(block, self._walker.series.standing)
            if known is not None:
                frame = Frame(block, self._fresh(known.slots), payload=known.payload, ends=known.ends)
                self._alike.learn(frame, known.slots, known)
                return frame
        event = self._framing.parse(block, first=is_first)
        slots = self._line_slots(event)
        data = event.data
        if data is None or not data.strip(BLANK):
            return Frame(block, self._fresh(slots), FrameRole.KEEPALIVE, None, not event.is_utf8)
        if data.strip(BLANK) == self._framing.terminator:
            self._is_done = True
            return Frame(block, self._fresh(slots), FrameRole.TERMINATOR, None, not event.is_utf8)
        return self._read_json(block, event, data, slots)

    def _read_json(self, block: bytes, event: SseEvent, data: bytes, slots: tuple[Slot, ...]) -> Frame:
        parsed = loads(data)
        if parsed.value.__class__ is not dict:
            raise WireError("the upstream sent an event that is not a JSON object")
        changes = self._walker.changes
        value = parsed.value if self._has_details else without_details(self._table, parsed.value)
        walked = self._walker.walk(self._table, value)
        slots = (*slots, *walked.slots) if slots else walked.slots
        is_failure = parsed.value.get("error") or any(line.text == "error" for line in _events(event))
        role = FrameRole.FAILURE if is_failure else FrameRole.DATA
        must_encode = walked.must_encode or parsed.is_ambiguous or not event.is_utf8 or value is not parsed.value
        frame = Frame(block, self._fresh(slots), role, walked.payload, must_encode, walked.ends)
        if changes != self._walker.changes:
            self._alike.clear()
        elif self._use_templates and role is FrameRole.DATA:
            self._alike.learn(frame, slots)
            if self._recurring is not None:
                self._recurring.learn(frame, slots, self._framing, self._walker.series.standing)
        return frame

    def _fresh(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """Leave out ids that an earlier frame had: the id of the stream, the model, the fingerprint.

        They were, or are being, judged there; when they are edited there, `encode` edits them here too. Constants
        that people read stay, in every frame.
        """
        known = self._known
        fresh = []
        for slot in slots:
            if is_left_out(slot):
                key = _constant_key(slot)
                if key in known:
                    continue
                if len(known) < MAX_KNOWN_CONSTANTS:
                    known.add(key)
            fresh.append(slot)
        return slots if len(fresh) == len(slots) else tuple(fresh)

    # --- Writing

    @property
    def edits_constants(self) -> bool:
        """True once an id was edited that other frames have too, without a slot for it.

        From then on every frame has to go through `encode`, also one without edits of its own.
        """
        return bool(self._constant_edits)

    def encode(self, frame: Frame, edits: Mapping[int, str | None]) -> bytes:
        """Write a frame with `edits`, the bytes that came when there is nothing to change."""
        if not edits and not frame.must_encode and not self._constant_edits:
            return frame.raw
        event = self._event_of(frame)
        slots, edits = self._with_constants(frame, event, edits)
        if not edits and not frame.must_encode:
            return frame.raw
        data = event.data
        if frame.role in {FrameRole.DATA, FrameRole.FAILURE}:
            data = dumps(apply_edits(self._payload_of(frame, event), slots, edits))
        elif data is not None:
            data = data.strip(BLANK)
        return self._framing.write(_kept_lines(event, slots, edits), data, frame.raw)

    def _with_constants(
        self, frame: Frame, event: SseEvent, edits: Mapping[int, str | None]
    ) -> tuple[tuple[Slot, ...], Mapping[int, str | None]]:
        """Return slots and edits, with those of constants that were edited in another frame."""
        for number, text in edits.items():
            slot = frame.slots[number]
            key = _constant_key(slot)
            if is_left_out(slot) and key in self._known:
                self._constant_edits[key] = text
                self._ending.rename(slot, text or "")
        if not self._constant_edits:
            return frame.slots, edits
        again = self._line_slots(event)
        if frame.role in {FrameRole.DATA, FrameRole.FAILURE}:
            again += Walker(is_stream=True).walk(self._table, self._payload_of(frame, event)).slots
        again = tuple(slot for slot in again if _constant_key(slot) in self._constant_edits)
        more = enumerate((self._constant_edits[_constant_key(slot)] for slot in again), len(frame.slots))
        return (*frame.slots, *again), {**edits, **dict(more)}

    def sent(self, frame: Frame, edits: Mapping[int, str | None]) -> None:
        """Learn that a frame left for the client."""
        # A frame read without parsing has no payload and nothing new: the template's own frame left before it.
        if frame.payload is not None:
            self._ending.sent(apply_edits(frame.payload, frame.slots, edits) if edits else frame.payload)
            self._framing.sent(frame.raw)
        if frame is self._open_frame:
            self._needs_gap = True

    def encode_blocked(
        self, frame: Frame, edits: Mapping[int, str | None], slot: int, message: str, said: Said
    ) -> bytes:
        """Write what remains of the blocked frame, the filtered ending and the terminator."""
        event = self._event_of(frame)
        slots, edits = self._with_constants(frame, event, edits)
        edited = [slots[number] for number in edits]
        payload = None
        if frame.role is FrameRole.DATA:
            payload = apply_edits(self._payload_of(frame, event), slots, edits)
        ending = self._ending.blocked(payload, edited, slots[slot], message, said)
        return self._framing.write_ending(ending, after_open=self._needs_gap)

    def end_failed(self, message: str, code: str) -> bytes:
        """Write the dialect's error and the terminator: the SDK raises its own exception."""
        return self._framing.write_ending(self._ending.failed(message, code), after_open=self._needs_gap)

    def _event_of(self, frame: Frame) -> SseEvent:
        return self._framing.parse(frame.raw, first=frame.raw is self._first)

    @staticmethod
    def _payload_of(frame: Frame, event: SseEvent) -> Json:
        if frame.payload is not None:
            return frame.payload
        return loads(event.data or b"").value  # Read without parsing: proved to be JSON with one meaning.

    def _line_slots(self, event: SseEvent) -> tuple[Slot, ...]:
        if not event.lines:
            return ()
        return tuple(slot for line in event.lines if (slot := self._line_slot(line)) is not None)

    def _line_slot(self, line: SseLine) -> Slot | None:
        """Return the slot of a line outside the payload, None when it can carry no text."""
        text = line.text
        if not text or (line.field == "event" and text in self._framing.known_events):
            return None
        if line.field in {"retry", "id"} and _SHORT_NUMBER(text):
            return None
        kind = ChannelKind.ID if line.field == "id" and ID_SHAPED(text) else ChannelKind.OTHER
        return Slot(Channel(kind, name=f"sse.{line.field}"), text, (), SlotMode.CONSTANT, drop=True)


def _constant_key(slot: Slot) -> tuple[Channel, str]:
    """Name a constant. Its part may come from the frames before, which are not there when one is read again."""
    channel = slot.channel
    return channel._replace(part=0) if channel.part else channel, slot.text


def _events(event: SseEvent) -> list[SseLine]:
    return [line for line in event.lines if line.field == "event"]


def _kept_lines(event: SseEvent, slots: tuple[Slot, ...], edits: Mapping[int, str | None]) -> list[bytes]:
    """Return the lines outside the payload that no edit takes away; bytes that are no UTF-8 are replaced."""
    edited = {(slots[number].channel.name, slots[number].text) for number in edits if not slots[number].path}
    return [
        line.raw.decode("utf-8", "replace").encode("utf-8")
        for line in event.lines
        if (f"sse.{line.field}", line.text) not in edited
    ]
