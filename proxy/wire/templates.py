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

import re
from typing import NamedTuple

import orjson

from detectors.types import ChannelKind
from proxy.wire.jsontext import Editor
from proxy.wire.sse import BOM, parse_event
from proxy.wire.types import NO_ENDS, NO_PATHS, Frame, FrameRole, FrameRun, Path, Slot, SlotMode

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
    before: tuple[Slot, ...]
    """Constants that every frame has, as they were in the template's event."""
    after: tuple[Slot, ...]
    tail: bytes
    """The suffix without the blank line that ends it."""
    joint: bytes
    """The suffix and the prefix: what stands between the holes of two events in a row."""
    is_alone: bool
    """Whether the text is the only slot, so that several events can be read as a run."""


def is_left_out(slot: Slot) -> bool:
    """Whether a slot is that of an id, which only the first frame that has it hands out."""
    is_id = slot.mode is SlotMode.CONSTANT and slot.channel.kind is ChannelKind.ID
    return is_id and slot.path != PADDING_PATH


_UNSAFE = re.compile(rb'["\\\x00-\x1f]')
_LF_END = b"\n\n"
_RUN_BYTES = 16 << 10
"""Most bytes that one run is looked for in: some fifty events. Streams whose shapes alternate look again
for each event, so that this bounds their cost."""


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

    def read(self, blocks: list[bytes], position: int, frames: list[Frame | FrameRun]) -> int:
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

    def read_run(self, data: bytes, position: int) -> FrameRun | None:
        """Read as many frames of one shape as stand at `position`; None when no plain template fits there."""
        for turn, template in enumerate(self._templates):
            if template.is_alone and data.startswith(template.prefix, position):
                run = _run_of(template, data, position)
                if run is not None:
                    if turn:
                        self._templates.insert(0, self._templates.pop(turn))
                    self._hits += len(run.sizes)
                    return run
        return None

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
            kept = [other for other in slots if not is_left_out(other) and other.path != PADDING_PATH]
            at = kept.index(slot)
            before, after = tuple(kept[:at]), tuple(kept[at + 1 :])
            is_alone = not before and not after and not paddings and template.suffix.endswith(_LF_END)
            template = template._replace(before=before, after=after, is_alone=is_alone)
            self._templates.insert(0, template)
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
    sound = _sound_pieces(pieces)
    if sound is None:
        return None
    text, sizes = sound
    size = template.size
    raw_sizes = [size + len(piece) for piece in pieces[: len(sizes)]]
    return FrameRun(data[position : position + sum(raw_sizes)], template.slot, text, sizes, raw_sizes)


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


def _sound_pieces(pieces: list[bytes]) -> tuple[str, list[int]] | None:
    """Return text and sizes of the leading pieces that are content of a JSON string; None when the first is not."""
    joined = b"".join(pieces)
    if not pieces or not joined.isascii() or b'"' in joined or not joined.decode("ascii").isprintable():
        return _sound_one_by_one(pieces)
    if b"\\" not in joined:
        return joined.decode("ascii"), list(map(len, pieces))
    said, sizes = list(pieces), list(map(len, pieces))
    for number, piece in enumerate(pieces):
        if b"\\" in piece:
            text = _string_content(piece)
            if text is None:
                del said[number:], sizes[number:]
                break
            said[number], sizes[number] = text.encode(), len(text)
    return (b"".join(said).decode(), sizes) if said else None


def _sound_one_by_one(pieces: list[bytes]) -> tuple[str, list[int]] | None:
    texts: list[str] = []
    for piece in pieces:
        text = _string_content(piece)
        if text is None:
            break
        texts.append(text)
    return ("".join(texts), list(map(len, texts))) if texts else None


def _string_content(piece: bytes) -> str | None:
    """Return what the bytes say between two quotes of JSON; None when they are no such thing."""
    if piece.isascii() and _UNSAFE.search(piece) is None:
        return piece.decode("ascii")
    try:
        value = orjson.loads(b'"%b"' % piece)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, str) else None


def _read_plain(template: _Template, blocks: list[bytes], position: int, frames: list[Frame | FrameRun]) -> int:
    """Read blocks that fit a template with one hole. The innermost loop of the proxy: every call in it counts."""
    prefix, suffix, start, size, slot, _, _, before, after, *_ = template
    stop = start - size
    is_alone = not before and not after
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
        new = _new(Slot, (channel, text, path, _APPEND, False, NO_PATHS, False, False))
        append(_new(Frame, (block, (new,) if is_alone else (*before, new, *after), _DATA, None, False, NO_ENDS)))
    return len(blocks)


def _read_padded(template: _Template, blocks: list[bytes], position: int, frames: list[Frame | FrameRun]) -> int:
    """Read blocks that fit a template with a second hole for padding."""
    prefix, suffix, start, size, slot, between, padding, before, after, *_ = template
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
            *before,
            _new(Slot, (slot.channel, text, slot.path, _APPEND, False, NO_PATHS, False, False)),
            *after,
            _new(Slot, (*padding[:1], last.decode("ascii"), *padding[2:])),
        )
        frames.append(_new(Frame, (block, slots, _DATA, None, False, NO_ENDS)))
    return len(blocks)


def _is_padding(value: bytes) -> bool:
    """The same test that the walk makes, so that the slot's channel is the template's."""
    return value.isalnum() and len(value) <= 256  # noqa: PLR2004 - as in shapes.PADDING_SHAPED


def _proved(frame: Frame, slot: Slot, padding: Slot | None) -> _Template | None:
    """Find the holes and prove that they are the places of the slots; None when they are not."""
    if not _is_plain(slot.text) or (padding is not None and not _is_padding(padding.text.encode("utf-8"))):
        return None
    prefix, suffix = _split(frame.raw, slot.text, last=False)
    between = b""
    if padding is None and prefix and suffix and _stands_once(frame, slot.text):
        return _Template(
            prefix,
            suffix,
            len(prefix),
            len(prefix) + len(suffix),
            slot,
            b"",
            slot,
            (),
            (),
            *_ends(prefix, suffix),
            False,
        )
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
    if not is_proved:
        return None
    return _Template(
        prefix, suffix, len(prefix), size, slot, between, padding or slot, (), (), *_ends(prefix, suffix), False
    )


def _ends(prefix: bytes, suffix: bytes) -> tuple[bytes, bytes]:
    """Return the tail and the joint of a template."""
    return suffix.removesuffix(_LF_END), suffix + prefix


def _stands_once(frame: Frame, text: str) -> bool:
    """Whether compact JSON has the string in one place only: that is the place of the slot, and nothing to prove.

    The payload written again is the event, so the string at the slot's path is in it; written once, it is there.
    """
    needle = b'"' + text.encode("utf-8") + b'"'
    return frame.raw.count(needle) == 1 and frame.raw.endswith(b"data: " + orjson.dumps(frame.payload) + _LF_END)


def _is_plain(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def _split(raw: bytes, text: str, *, last: bool) -> tuple[bytes, bytes]:
    """Return what stands before and after a string, quotes included; two empty ones when it is not there."""
    needle = b'"' + text.encode("utf-8") + b'"'
    before, found, after = raw.rpartition(needle) if last else raw.partition(needle)
    return (before + b'"', b'"' + after) if found else (b"", b"")
