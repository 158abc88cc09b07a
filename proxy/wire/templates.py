"""The fast path of a stream: most of its events differ from one another in one JSON string.

After such an event was parsed, its bytes around the string are kept; the next event with the same bytes around
another plain string is read without parsing. This changes nothing but the time it takes.

Why it is exact. A template is made only after a proof: the event with its string replaced by a marker was parsed,
and its value is that of the original with the marker at the string's path. So the bytes before the hole leave the
JSON reader just inside that string, with no escape open, and the bytes after the hole begin by closing it. Any
middle without quote, backslash and control character keeps the reader there (RFC 8259, section 7), so the event
parses to the same value with the middle, decoded, at that path. The middle has no line ending either, so the lines
of the event are the same. Keys, depth, duplicates and every other text are those of the template's event, which
was checked. Whatever depends on the text itself (log-probabilities that
repeat it, unlisted texts whose last piece is remembered) is never made a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from proxy.wire.jsontext import Editor
from proxy.wire.lessons import Lesson, is_plain, sound_pieces
from proxy.wire.sse import parse_event
from proxy.wire.types import NO_ENDS, NO_PATHS, Frame, FrameRole, FrameRun, Slot, SlotMode

if TYPE_CHECKING:
    from proxy.wire.holes import Cut

MAX_TEMPLATES = 4
"""Shapes that alternate in real streams: interleaved choices, reasoning and text. Each costs two comparisons."""

_TEXT_MARK = "<sluicegate text hole>"

_APPEND = SlotMode.APPEND
_DATA = FrameRole.DATA
_new = tuple.__new__


class _Template(NamedTuple):
    prefix: bytes
    suffix: bytes
    start: int
    """Length of the prefix."""
    size: int
    """Length of prefix and suffix: they may not overlap."""
    lesson: Lesson
    tail: bytes
    """The suffix without the blank line that ends it."""
    joint: bytes
    """The suffix and the prefix: what stands between the holes of two events in a row."""


_LF_END = b"\n\n"
_RUN_BYTES = 16 << 10
"""Most bytes that one run is looked for in: some fifty events. Streams whose shapes alternate look again
for each event, so that this bounds their cost."""


class Templates:
    """The few templates of one stream, the latest used first."""

    __slots__ = ("_templates",)

    def __init__(self) -> None:
        self._templates: list[_Template] = []

    def clear(self) -> None:
        """Forget all: something that the templates took for constant has changed."""
        self._templates.clear()

    def read(self, block: bytes) -> Frame | None:
        """Read one event; None when it has to be parsed."""
        for turn, template in enumerate(self._templates):
            frame = _read_plain(template, block)
            if frame is not None:
                self._used(turn)
                return frame
        return None

    def read_run(self, data: bytes, position: int) -> FrameRun | None:
        """Read as many events of one shape as stand at `position`; None when no template for runs fits there."""
        for turn, template in enumerate(self._templates):
            if template.lesson.is_alone and data.startswith(template.prefix, position):
                run = _run_of(template, data, position)
                if run is not None:
                    self._used(turn)
                    return run
        return None

    def _used(self, turn: int) -> None:
        if turn:
            self._templates.insert(0, self._templates.pop(turn))

    def learn(self, frame: Frame, lesson: Lesson, cut: Cut | None = None) -> None:
        """Make a template of an event that ends with two LFs and has no padding.

        `cut`: it was proved elsewhere, and is cut at its text alone.
        """
        sides = _sides(frame, lesson.slot) if cut is None else (cut.between[0], cut.rest)
        if sides is not None:
            self._templates.insert(0, _template(*sides, lesson))
            del self._templates[MAX_TEMPLATES:]


def _run_of(template: _Template, data: bytes, position: int) -> FrameRun | None:
    """Read consecutive events of one template, the bytes at `position` begin with its prefix.

    Each event is one block: neither its ends nor a middle that is content of a JSON string can hold a line end. A
    middle that is not plain is parsed as a JSON string by itself.
    """
    end = data.find(_LF_END, position)
    if end < 0:
        return None
    start = position + template.start
    if data.startswith(template.prefix, end + 2):
        pieces = _pieces_of(template, data[position : position + _RUN_BYTES])
    elif end - position >= template.size - 2 and data.endswith(template.tail, position, end):
        pieces = [data[start : end - len(template.tail)]]
    else:
        return None
    sound = sound_pieces(pieces)
    if sound is None:
        return None
    text, sizes = sound
    size = template.size
    raw_sizes = [size + len(piece) for piece in pieces[: len(sizes)]]
    return FrameRun(data[position : position + sum(raw_sizes)], template.lesson.slot, text, sizes, raw_sizes)


def _pieces_of(template: _Template, data: bytes) -> list[bytes]:
    """Return what stands in the hole of each of the events, one after the other, that fit a template."""
    prefix, tail, start = template.prefix, template.tail, template.start
    size = template.size - 2
    stop = -len(tail)
    above, _, lead = prefix.rpartition(b"\n")
    step = above.count(b"\n") + (3 if above else 2)
    # The lines with the hole, between others (a name, a blank one): one byte is found sooner than two.
    lines = data.split(b"\n")[step - 2 : -1 : step]
    from_lead = len(lead)
    while lines and not _fits(lines[-1], lead, tail, from_lead - stop):
        del lines[-1]
    pieces = [line[from_lead:stop] for line in lines]
    # Put together again, are they what stands there? That asks of all events at once whether they fit.
    if pieces and data.startswith(prefix + template.joint.join(pieces) + template.suffix):
        return pieces
    blocks = data.split(_LF_END)[:-1]
    misfit = next((n for n, block in enumerate(blocks) if not _fits(block, prefix, tail, size)), len(blocks))
    return [block[start:stop] for block in blocks[:misfit]]


def _fits(block: bytes, prefix: bytes, tail: bytes, size: int) -> bool:
    return block.startswith(prefix) and block.endswith(tail) and len(block) >= size


def _read_plain(template: _Template, block: bytes) -> Frame | None:
    start = template.start
    if not block.startswith(template.prefix) or not block.endswith(template.suffix):
        return None
    try:
        text = block[start : start - template.size].decode()
    except UnicodeDecodeError:
        return None
    # The middle is empty where prefix and suffix overlap. Not printable are control characters, and some
    # harmless ones that the parser can have.
    if not text or not is_plain(text):
        return None
    slot, _, before, after = template.lesson
    new = _new(Slot, (slot.channel, text, slot.path, _APPEND, False, NO_PATHS, False, False))
    return _new(Frame, (block, (*before, new, *after), _DATA, None, False, NO_ENDS))


def _sides(frame: Frame, slot: Slot) -> tuple[bytes, bytes] | None:
    """Find the hole of a parsed event and prove that it is the place of the slot; None when it is not."""
    if not is_plain(slot.text):
        return None
    prefix, suffix = _split(frame.raw, slot.text)
    if not prefix or not (_stands_once(frame, slot.text) or _is_place(prefix, suffix, frame, slot)):
        return None
    return prefix, suffix


def _template(prefix: bytes, suffix: bytes, lesson: Lesson) -> _Template:
    tail, joint = suffix.removesuffix(_LF_END), suffix + prefix
    return _Template(prefix, suffix, len(prefix), len(prefix) + len(suffix), lesson, tail, joint)


def _is_place(prefix: bytes, suffix: bytes, frame: Frame, slot: Slot) -> bool:
    """Whether the hole is the place of the slot: a mark that is not the text is parsed at its path."""
    if slot.text == _TEXT_MARK:
        return False
    expected = Editor(frame.payload)
    expected.set(slot.path, _TEXT_MARK)
    event = parse_event(prefix + _TEXT_MARK.encode() + suffix)
    if event.data is None or event.lines != parse_event(frame.raw).lines:
        return False
    try:
        return bool(orjson.loads(event.data) == expected.value)
    except orjson.JSONDecodeError:
        return False


def _stands_once(frame: Frame, text: str) -> bool:
    """Whether compact JSON has the string in one place only: that is the place of the slot, and nothing to prove.

    The payload written again is the last line, so the string at the slot's path is in it; written once, it is
    there. Not once is it where one of its quotes is that of another place: the text `:` in `{"a":":"}`.
    """
    needle, raw = b'"' + text.encode("utf-8") + b'"', frame.raw
    line = b"data: " + orjson.dumps(frame.payload) + _LF_END
    return raw.find(needle) == raw.rfind(needle) and (raw == line or raw.endswith(b"\n" + line))


def _split(raw: bytes, text: str) -> tuple[bytes, bytes]:
    """Return what stands before and after a string, quotes included; two empty ones when it is not there."""
    before, found, after = raw.partition(b'"' + text.encode("utf-8") + b'"')
    return (before + b'"', b'"' + after) if found else (b"", b"")
