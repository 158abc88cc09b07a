"""What a parsed frame teaches about those that will look like it: its one growing text and what is around that.

A frame teaches nothing when what it says depends on the text itself (log-probabilities that repeat it, unlisted
texts whose last piece is remembered), or when it may not leave as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from detectors.types import ChannelKind
from proxy.wire.possessive import compiled
from proxy.wire.shapes import PADDING_SHAPED
from proxy.wire.sse import BOM
from proxy.wire.types import Frame, Path, Slot, SlotMode

if TYPE_CHECKING:
    from collections.abc import Sequence

PADDING_PATH: Path = ("obfuscation",)


class Lesson(NamedTuple):
    """The texts of a frame that others may look like."""

    slot: Slot
    """The growing text."""
    padding: Slot | None
    """Random letters that hide the length of the text; the last text of the frame."""
    before: tuple[Slot, ...]
    """Constants that every frame of the sort has."""
    after: tuple[Slot, ...]

    @property
    def is_alone(self) -> bool:
        """Whether there is no text but the growing one and the padding, so that frames can be read as a run."""
        return not self.before and not self.after


def is_left_out(slot: Slot) -> bool:
    """Whether a slot is that of an id, which only the first frame that has it hands out."""
    is_id = slot.mode is SlotMode.CONSTANT and slot.channel.kind is ChannelKind.ID
    return is_id and slot.path != PADDING_PATH


def grows_alone(slot: Slot) -> bool:
    """Whether a slot is a piece of a growing text that is the string at its path, and that nothing depends on.

    A JSON value is written there without quotes, and a signature is not the (empty) text of its slot.
    """
    is_growing = slot.mode is SlotMode.APPEND and slot.channel.kind is not ChannelKind.OTHER
    return is_growing and bool(slot.text) and not (slot.dependents or slot.is_json or slot.drop)


def lesson_of(frame: Frame, slots: tuple[Slot, ...]) -> Lesson | None:
    """Return what a frame teaches, None when that is nothing. `slots`: all of it, known ones too."""
    growing = [slot for slot in slots if slot.mode is not SlotMode.CONSTANT]
    if len(growing) != 1 or frame.must_encode or frame.ends or frame.raw.startswith(BOM):
        return None
    slot = growing[0]
    if not grows_alone(slot):
        return None
    paddings = [slot for slot in slots if slot.path == PADDING_PATH]
    if any(one.drop or slots[-1] is not one or not PADDING_SHAPED(one.text) for one in paddings):
        return None  # An unlisted key of that name, another text in it, or one after it: not the usual shape.
    kept = [other for other in slots if not is_left_out(other) and other.path != PADDING_PATH]
    at = kept.index(slot)
    return Lesson(slot, paddings[0] if paddings else None, tuple(kept[:at]), tuple(kept[at + 1 :]))


def is_plain(text: str) -> bool:
    """Whether JSON writes a text as it is."""
    return text.isprintable() and '"' not in text and "\\" not in text


def content_of(piece: bytes) -> str | None:
    """Return what the bytes say between two quotes of JSON; None when they are no such thing."""
    try:
        value = orjson.loads(b'"%b"' % piece)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, str) else None


def sound_pieces(pieces: Sequence[bytes]) -> tuple[str, list[int]] | None:
    """Return text and sizes of the leading pieces that are content of a JSON string; None when the first is not."""
    joined = b"".join(pieces)
    has_quotes = b'"' in joined
    if (
        not has_quotes
        and b"\\" not in joined
        and joined.isascii()
        and (text := joined.decode("ascii")).isprintable()
    ):
        return (text, list(map(len, pieces))) if pieces else None
    texts = _texts_of(pieces) if not has_quotes or _ALL_CLOSED(b"\n".join(pieces)) else ()
    if not texts:
        return _sound_one_by_one(pieces)
    return "".join(texts), list(map(len, texts))


_ALL_CLOSED = compiled(rb'(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f]|\n)*+').fullmatch
"""Of pieces with a line end between them: no quote in them is bare, and no backslash takes the quote after one."""


def _texts_of(pieces: Sequence[bytes]) -> Sequence[str]:
    """Return what pieces without bare quotes say, read as one list; nothing when one of them is no content.

    A backslash at the end of a piece takes the quote that ends it. Then there are fewer strings than pieces.
    """
    try:
        texts = orjson.loads(b'["%b"]' % b'","'.join(pieces))
    except orjson.JSONDecodeError:
        return ()
    return texts if len(texts) == len(pieces) else ()


def _sound_one_by_one(pieces: Sequence[bytes]) -> tuple[str, list[int]] | None:
    texts: list[str] = []
    for piece in pieces:
        text = content_of(piece)
        if text is None:
            break
        texts.append(text)
    return ("".join(texts), list(map(len, texts))) if texts else None
