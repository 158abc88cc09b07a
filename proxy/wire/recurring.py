"""Frames that recur from stream to stream: the first one with the role, the first with text, the last ones.

Templates pass what recurs within a stream; here it is remembered for all streams of a dialect. A mold is made of a
frame that was parsed and walked: its bytes, with holes where an id, a listed number or the growing text stands.
Another frame that fits differs in the holes only, and each hole holds what the walk treats alike: a string that
looks like an id, a small whole number, plain text. So it is JSON with one meaning, and its slots are those of the
mold with other texts.

Nothing that a person wrote is kept in a mold: a frame with any other slot than holes makes none.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from proxy.wire.fields import FieldClass, Leaf, Obj, Within
from proxy.wire.jsontext import Editor, loads
from proxy.wire.lessons import grows_alone
from proxy.wire.shapes import ID_SHAPED
from proxy.wire.types import Path, Slot, SlotMode, WireError
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json

MAX_MOLDS = 12
"""Most frames remembered: each costs a look at the end of a frame, and those of one server are about five."""

MAX_MOLD_BYTES = 2048
"""Longest frame remembered."""

MAX_VAIN_MOLDS = 64
"""After so many molds that no frame ever fitted nothing more is learned: frames here do not recur."""

MAX_HOLES = 24

_HEAD, _TAIL = b"data: ", b"\n\n"
_ID = rb"([A-Za-z0-9._:/+-]{1,128})"
_NUMBER = rb"(?:0|[1-9][0-9]{0,10})"
_TEXT = rb"([ !#-\[\]-~]+)"
_SMALL_NUMBER = 10**11
_new = tuple.__new__


class _Hole(NamedTuple):
    """A place in a payload that may hold something else in another frame."""

    path: Path
    pattern: bytes
    other: Json
    """Something else that fits."""


class _Mold:
    """One remembered frame."""

    __slots__ = ("fullmatch", "is_used", "slots", "tail")

    def __init__(self, pattern: bytes, tail: bytes, slots: tuple[tuple[Slot, int], ...]) -> None:
        """`slots` with the numbers of the groups that hold their texts."""
        self.fullmatch = re.compile(pattern, re.DOTALL).fullmatch
        self.tail = tail
        self.slots = slots
        self.is_used = False

    def read(self, block: bytes) -> tuple[Slot, ...] | None:
        """Return the slots of a frame; None when it does not fit."""
        found = self.fullmatch(block) if block.endswith(self.tail) else None
        if found is None:
            return None
        return tuple([_new(Slot, (slot[0], found[group].decode("ascii"), *slot[2:])) for slot, group in self.slots])


class RecurringFrames:
    """The molds of one dialect's streams, the latest used first. Holds only what can be worked out again."""

    def __init__(self, table: Node) -> None:
        self._table = table
        self._molds: list[_Mold] = []
        self._vain = 0

    def read(self, block: bytes) -> tuple[tuple[Slot, ...], Json] | None:
        """Return slots and payload of a frame that fits a mold."""
        for turn, mold in enumerate(self._molds):
            slots = mold.read(block)
            if slots is not None:
                mold.is_used = True
                if turn:
                    self._molds.insert(0, self._molds.pop(turn))
                return slots, orjson.loads(block[len(_HEAD) : -len(_TAIL)])
        return None

    def learn(self, block: bytes, payload: Json, slots: Sequence[Slot]) -> None:
        """Make a mold of a frame that was parsed and walked, if it can have one."""
        if self._vain >= MAX_VAIN_MOLDS or len(block) > MAX_MOLD_BYTES or not block.startswith(_HEAD):
            return
        holes = [*_listed_holes(self._table, payload, ())]
        growing = [slot for slot in slots if slot.mode is not SlotMode.CONSTANT]
        if growing:
            if len(growing) > 1 or not grows_alone(growing[0]):
                return
            holes.append(_Hole(growing[0].path, _TEXT, "other words"))
        if len(holes) > MAX_HOLES or not {slot.path for slot in slots} <= {hole.path for hole in holes}:
            return
        mold = self._proved(block, payload, holes, slots)
        if mold is not None:
            self._molds.insert(0, mold)
            self._vain += sum(not one.is_used for one in self._molds[MAX_MOLDS:])
            del self._molds[MAX_MOLDS:]

    def _proved(self, block: bytes, payload: Json, holes: list[_Hole], slots: Sequence[Slot]) -> _Mold | None:
        """Return the mold of a frame, after it was held against the walk; None where they differ."""
        data = block[len(_HEAD) : -len(_TAIL)]
        write = next((write for write in _WRITERS if write(payload) == data), None)
        if write is None or not block.endswith(_TAIL):
            return None
        mold = _mold(write, payload, holes, slots)
        if mold is None or mold.read(block) != tuple(slots):
            return None
        other = Editor(payload)
        for hole in holes:
            other.set(hole.path, hole.other)
        again = _HEAD + write(other.value) + _TAIL
        for frame in (block, again):
            try:
                parsed = loads(frame[len(_HEAD) : -len(_TAIL)])
            except WireError:
                return None
            walker = Walker(is_stream=True)
            walked = walker.walk(self._table, parsed.value)
            is_same = mold.read(frame) == walked.slots and not (walked.must_encode or walked.ends)
            if not is_same or walker.changes or parsed.is_ambiguous:
                return None
        return mold


def _listed_holes(node: Node, value: Json, path: Path) -> Iterator[_Hole]:
    """Yield ids and numbers in objects that number nothing and end nothing, at the top and within each other."""
    if not isinstance(node, Obj) or value.__class__ is not dict:
        return
    if node.within is not Within.SAME or node.numbers or node.series or node.ends or node.vouchers or node.first:
        return
    for key, child in value.items():
        known = node.members.get(key)
        place = (*path, key)
        if isinstance(known, Obj):
            yield from _listed_holes(known, child, place)
        elif not isinstance(known, Leaf):
            continue
        elif known.cls is FieldClass.ID and child.__class__ is str and ID_SHAPED(child):
            yield _Hole(place, _ID, "aB/3:x_"[:-1])
        elif known.cls is FieldClass.NUMBER and child.__class__ is int and 0 <= child < _SMALL_NUMBER:
            yield _Hole(place, _NUMBER, 7_000_000)


def _compact(value: Json) -> bytes:
    return orjson.dumps(value)


def _spaced(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


_WRITERS: tuple[Callable[[Json], bytes], ...] = (_compact, _spaced)
"""How servers write JSON: without blanks, and as Python's standard library does."""


def _mold(write: Callable[[Json], bytes], payload: Json, holes: list[_Hole], slots: Sequence[Slot]) -> _Mold | None:
    """Cut a frame at its holes: each is written with a mark in it, which shows where it stands."""
    marked = Editor(payload)
    marks = []
    for number, hole in enumerate(holes):
        mark = 987_650_000_123 + 1000 * number if hole.pattern is _NUMBER else f"<hole {number}>"
        marked.set(hole.path, mark)
        marks.append(str(mark).encode())
    data = _HEAD + write(marked.value) + _TAIL
    if any(data.count(mark) != 1 for mark in marks):
        return None
    order = sorted(range(len(holes)), key=lambda number: data.index(marks[number]))
    pattern, groups = b"", dict[tuple[str | int, ...], int]()
    for number in order:
        literal, _, data = data.partition(marks[number])
        pattern += re.escape(literal) + holes[number].pattern
        if holes[number].pattern is not _NUMBER:
            groups[holes[number].path] = len(groups) + 1
    return _Mold(pattern + re.escape(data), data, tuple((slot, groups[slot.path]) for slot in slots))
