"""The fast path of a stream: most of its events differ from one another in one JSON string.

After such an event was parsed, its bytes around the string are kept; the next event with the same bytes around
another plain string is read without parsing. This changes nothing but the time it takes.

Why it is exact. A template is made only after a proof: the event with its string replaced by a marker was parsed,
and its value is that of the original with the marker at the string's path. So the bytes before the hole leave the
JSON reader just inside that string, with no escape open, and the bytes after the hole begin by closing it. Any
middle without quote, backslash and control character keeps the reader there (RFC 8259, section 7), so the event
parses to the same value with the middle, decoded, at that path. The middle has no line ending either, so the lines
of the event are the same. Keys, depth, duplicates and every other text are those of the template's event, which
was checked; its constants were handed out with it. Whatever depends on the text itself (log-probabilities that
repeat it, unlisted texts whose last piece is remembered) is never made a template.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from detectors.types import ChannelKind
from proxy.wire.jsontext import Editor
from proxy.wire.sse import BOM, parse_event
from proxy.wire.types import NO_PATHS, Frame, FrameRole, Path, Slot, SlotMode

MAX_TEMPLATES = 4
"""Shapes that alternate in real streams: interleaved choices, reasoning and text. Each costs two comparisons."""

MAX_VAIN_LESSONS = 8
"""A stream whose events never look alike (an id or time of its own in each) is not worth a proof per event."""

PADDING_PATH: Path = ("obfuscation",)

_TEXT_MARK = "<sluicegate text hole>"
_PADDING_MARK = "<sluicegate padding hole>"

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
    slot: Slot
    between: bytes
    """What stands between text and padding; empty when there is no padding."""
    padding: Slot


class Templates:
    """The few templates of one stream, the latest used first."""

    __slots__ = ("_hits", "_lessons", "_templates")

    def __init__(self) -> None:
        self._templates: list[_Template] = []
        self._lessons = 0
        self._hits = 0

    def clear(self) -> None:
        """Forget all: something that the templates took for constant has changed."""
        self._templates.clear()

    def read(self, blocks: list[bytes], position: int, frames: list[Frame]) -> int:
        """Read blocks from `position` on while they fit; return the position of the first that has to be parsed."""
        count = len(blocks)
        turn = 0
        while position < count and turn < len(self._templates):
            template = self._templates[turn]
            read = _read_padded if template.between else _read_plain
            after = read(template, blocks, position, frames)
            if after == position:
                turn += 1
                continue
            if turn:
                self._templates.insert(0, self._templates.pop(turn))
                turn = 0
            self._hits += after - position
            position = after
        return position

    def learn(self, frame: Frame, slots: tuple[Slot, ...]) -> None:
        """Make a template of a parsed frame, if it has one plain growing text. `slots`: all, known ones too."""
        if self._lessons >= MAX_VAIN_LESSONS and self._hits < self._lessons * 2:
            return
        growing = [slot for slot in slots if slot.mode is not SlotMode.CONSTANT]
        if len(growing) != 1 or frame.must_encode or frame.raw.startswith(BOM):
            return
        slot = growing[0]
        paddings = [slot for slot in slots if slot.path == PADDING_PATH]
        if paddings and (paddings[0].drop or slots[-1] is not paddings[0]):
            return  # An unlisted key of that name, or a text after it: not the usual shape.
        if slot.mode is not _APPEND or slot.channel.kind is ChannelKind.OTHER or slot.dependents:
            return
        self._lessons += 1
        template = _proved(frame, slot, paddings[0] if paddings else None)
        if template is not None:
            self._templates.insert(0, template)
            del self._templates[MAX_TEMPLATES:]


def _read_plain(template: _Template, blocks: list[bytes], position: int, frames: list[Frame]) -> int:
    """Read blocks that fit a template with one hole. The innermost loop of the proxy: no call in it can be spared."""
    prefix, suffix, start, size, slot, _, _ = template
    stop = start - size
    channel, path = slot.channel, slot.path
    append = frames.append
    for at in range(position, len(blocks)):
        block = blocks[at]
        if not block.startswith(prefix) or not block.endswith(suffix):
            return at
        try:
            text = block[start:stop].decode()
        except UnicodeDecodeError:
            return at
        # The middle is empty where prefix and suffix overlap. Not printable are control characters, and some
        # harmless ones that the parser can have.
        if not text or '"' in text or "\\" in text or not text.isprintable():
            return at
        append(
            _new(Frame, (block, (_new(Slot, (channel, text, path, _APPEND, False, NO_PATHS)),), _DATA, None, False))
        )
    return len(blocks)


def _read_padded(template: _Template, blocks: list[bytes], position: int, frames: list[Frame]) -> int:
    """Read blocks that fit a template with a second hole for padding."""
    prefix, suffix, start, size, slot, between, padding = template
    for at in range(position, len(blocks)):
        block = blocks[at]
        if not block.startswith(prefix) or not block.endswith(suffix):
            return at
        middle, _, last = block[start : start - size].partition(between)
        try:
            text = middle.decode()
        except UnicodeDecodeError:
            return at
        if not text or not _is_padding(last) or '"' in text or "\\" in text or not text.isprintable():
            return at
        slots = (
            _new(Slot, (slot.channel, text, slot.path, _APPEND, False, NO_PATHS)),
            _new(Slot, (*padding[:1], last.decode("ascii"), *padding[2:])),
        )
        frames.append(_new(Frame, (block, slots, _DATA, None, False)))
    return len(blocks)


def _is_padding(value: bytes) -> bool:
    """The same test that the walk makes, so that the slot's channel is the template's."""
    return value.isalnum() and len(value) <= 256  # noqa: PLR2004 - as in walk._PADDING_SHAPED


def _proved(frame: Frame, slot: Slot, padding: Slot | None) -> _Template | None:
    """Find the holes and prove that they are the places of the slots; None when they are not."""
    if not _is_plain(slot.text) or (padding is not None and not _is_padding(padding.text.encode("utf-8"))):
        return None
    prefix, suffix = _split(frame.raw, slot.text, last=False)
    between = b""
    expected = Editor(frame.payload)
    expected.set(slot.path, _TEXT_MARK)
    marked = prefix + _TEXT_MARK.encode()
    if padding is not None:
        between, suffix = _split(suffix, padding.text, last=True)
        expected.set(padding.path, _PADDING_MARK)
        marked += between + _PADDING_MARK.encode()
    event, original = parse_event(marked + suffix), parse_event(frame.raw)
    if not prefix or not suffix or event.data is None or event.lines != original.lines:
        return None
    try:
        is_proved = orjson.loads(event.data) == expected.value
    except orjson.JSONDecodeError:
        return None
    size = len(prefix) + len(suffix)
    return _Template(prefix, suffix, len(prefix), size, slot, between, padding or slot) if is_proved else None


def _is_plain(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def _split(raw: bytes, text: str, *, last: bool) -> tuple[bytes, bytes]:
    """Return what stands before and after a string, quotes included; two empty ones when it is not there."""
    needle = b'"' + text.encode("utf-8") + b'"'
    before, found, after = raw.rpartition(needle) if last else raw.partition(needle)
    return (before + b'"', b'"' + after) if found else (b"", b"")
