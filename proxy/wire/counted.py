"""The fast path of a stream whose events are numbered: they differ in a number, in one string and in padding.

It is for formats in which `templates` finds no two events alike. As there, a pattern is made only after a proof:
the event with a mark in each hole was parsed, and its value is that of the original with the marks at the places
of the number, the text and the padding. A number of JSON, the content of a string, and letters and digits in those
holes leave everything around them as it was. The number has no slot: a table lists it as one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from detectors.types import ChannelKind
from proxy.wire.jsontext import Editor
from proxy.wire.scope import MAX_NUMBER
from proxy.wire.sse import BOM, parse_event
from proxy.wire.templates import MAX_TEMPLATES, MAX_VAIN_LESSONS, PADDING_PATH, is_left_out
from proxy.wire.types import Frame, FrameRun, Slot, SlotMode

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTER = "sequence_number"

_COUNTER = re.compile(rb'"sequence_number": ?(0|[1-9][0-9]{0,11})(?=[,}])')
_NUMBER = rb"(?P<number>0|[1-9][0-9]{0,11})"
_TEXT = rb'(?P<text>(?>[^"\\\x00-\x1f]+|\\.)*+)'
_PADDING = rb"(?P<padding>[A-Za-z0-9]{1,256})"
_NUMBER_MARK = 918273645546
_TEXT_MARK = "<sluicegate counted text>"
_PADDING_MARK = "sluicegateCountedPadding"

_RUN_BYTES = 16 << 10
"""Most bytes that one run is looked for in, as in `templates`."""


_new = tuple.__new__


class _Pattern(NamedTuple):
    match: Callable[[bytes, int], re.Match[bytes] | None]
    slot: Slot
    padding: Slot | None
    before: tuple[Slot, ...]
    """Constants that every frame has, as they were in the pattern's event."""
    after: tuple[Slot, ...]

    @property
    def is_alone(self) -> bool:
        """Whether the text is the only slot, so that several events can be read as a run."""
        return self.padding is None and not self.before and not self.after


class CountedTemplates:
    """The few patterns of one stream, the latest used first."""

    __slots__ = ("_hits", "_lessons", "_patterns", "last")

    def __init__(self) -> None:
        self._patterns: list[_Pattern] = []
        self._lessons = 0
        self._hits = 0
        self.last = -1
        """The last number that was read here."""

    def clear(self) -> None:
        """Forget all: something that the patterns took for constant has changed."""
        self._patterns.clear()

    def read(self, block: bytes) -> Frame | None:
        """Read one event; None when it has to be parsed."""
        for turn, pattern in enumerate(self._patterns):
            found = pattern.match(block, 0)
            if found is not None and found.end() == len(block):
                text = _content(found["text"])
                if not text:
                    return None
                self._used(turn, found, 1)
                slot, padding = pattern.slot, pattern.padding
                said = Slot(slot.channel, text, slot.path)
                if padding is None:
                    return Frame(block, (*pattern.before, said, *pattern.after))
                last = _new(Slot, (padding.channel, found["padding"].decode("ascii"), *padding[2:]))
                return Frame(block, (*pattern.before, said, *pattern.after, last))
        return None

    def read_run(self, data: bytes, position: int) -> FrameRun | None:
        """Read as many events of one shape as stand at `position`; None when no plain pattern fits there."""
        for turn, pattern in enumerate(self._patterns):
            if not pattern.is_alone:
                continue
            match, at, stop = pattern.match, position, position + _RUN_BYTES
            events: list[re.Match[bytes]] = []
            while at < stop and (found := match(data, at)) is not None:
                events.append(found)
                at = found.end()
            said = _sound([found["text"] for found in events])
            if said is not None:
                text, sizes = said
                del events[len(sizes) :]
                self._used(turn, events[-1], len(events))
                raw_sizes = [found.end() - found.start() for found in events]
                return FrameRun(data[position : events[-1].end()], pattern.slot, text, sizes, raw_sizes)
        return None

    def _used(self, turn: int, found: re.Match[bytes], events: int) -> None:
        self.last = int(found["number"])
        self._hits += events
        if turn:
            self._patterns.insert(0, self._patterns.pop(turn))

    def learn(self, frame: Frame, slots: tuple[Slot, ...]) -> None:
        """Make a pattern of a parsed frame, if it has a number and one plain growing text. `slots`: all of it."""
        if self._lessons >= MAX_VAIN_LESSONS and self._hits < self._lessons * 2:
            return
        growing = [slot for slot in slots if slot.mode is not SlotMode.CONSTANT]
        if len(growing) != 1 or frame.must_encode or frame.raw.startswith(BOM):
            return
        slot = growing[0]
        if slot.mode is not SlotMode.APPEND or slot.channel.kind is ChannelKind.OTHER or slot.dependents:
            return
        paddings = [slot for slot in slots if slot.path == PADDING_PATH]
        if len(paddings) > 1 or any(one.drop or slots[-1] is not one for one in paddings):
            return
        if any(other.path[:1] == (COUNTER,) for other in slots):
            return  # Nobody listed it as a number.
        self._lessons += 1
        match = _proved(frame, slot, paddings[0] if paddings else None)
        if match is not None:
            kept = [other for other in slots if not is_left_out(other) and other.path != PADDING_PATH]
            at = kept.index(slot)
            padding = paddings[0] if paddings else None
            self._patterns.insert(0, _Pattern(match, slot, padding, tuple(kept[:at]), tuple(kept[at + 1 :])))
            del self._patterns[MAX_TEMPLATES:]


def _sound(pieces: list[bytes]) -> tuple[str, list[int]] | None:
    """Return text and sizes of the leading pieces that are content of a JSON string; None when the first is not."""
    joined = b"".join(pieces)
    if pieces and joined.isascii() and b"\\" not in joined:
        return joined.decode("ascii"), list(map(len, pieces))
    texts: list[str] = []
    for piece in pieces:
        text = _content(piece)
        if text is None:
            break
        texts.append(text)
    return ("".join(texts), list(map(len, texts))) if texts else None


def _content(piece: bytes) -> str | None:
    """Return what the bytes say between two quotes of JSON; None when they are no such thing."""
    try:
        if b"\\" not in piece:
            return piece.decode()
        value = orjson.loads(b'"%b"' % piece)
    except (UnicodeDecodeError, orjson.JSONDecodeError):
        return None
    return value if isinstance(value, str) else None


def _proved(
    frame: Frame, slot: Slot, padding: Slot | None
) -> Callable[[bytes, int], re.Match[bytes] | None] | None:
    """Find the holes and prove that they are the places of number and slots; None when they are not."""
    raw, number = frame.raw, frame.payload.get(COUNTER)
    counters = list(_COUNTER.finditer(raw))
    if number.__class__ is not int or not 0 <= number < MAX_NUMBER or len(counters) != 1:
        return None
    wanted = [(_quoted(slot.text), slot, _TEXT, _TEXT_MARK)]
    if padding is not None:
        wanted.append((_quoted(padding.text), padding, _PADDING, _PADDING_MARK))
    expected = Editor(frame.payload)
    expected.set((COUNTER,), _NUMBER_MARK)
    holes = [(*counters[0].span(1), _NUMBER, str(_NUMBER_MARK).encode())]
    for needle, one, pattern, mark in wanted:
        if raw.count(needle) != 1:
            return None
        start = raw.index(needle) + 1
        holes.append((start, start + len(needle) - 2, pattern, mark.encode()))
        expected.set(one.path, mark)
    marked, source, at = b"", b"", 0
    for start, end, pattern, mark_bytes in sorted(holes):
        if start < at:
            return None
        marked += raw[at:start] + mark_bytes
        source += re.escape(raw[at:start]) + pattern
        at = end
    event = parse_event(marked + raw[at:])
    if event.data is None or event.lines != parse_event(raw).lines or not raw.endswith(b"\n\n"):
        return None
    try:
        is_proved = orjson.loads(event.data) == expected.value
    except orjson.JSONDecodeError:
        return None
    return re.compile(source + re.escape(raw[at:])).match if is_proved else None


def _quoted(text: str) -> bytes:
    return b'"' + text.encode("utf-8") + b'"'
