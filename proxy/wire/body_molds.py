"""Bodies that recur with other texts: a mold is such a body with holes; what fits it is neither parsed nor walked.

One server writes its whole answers alike, one application its requests: the same members in the same order, with
other texts, ids and counts. A mold is made of a body that was parsed, skimmed and walked. Its holes are growing
texts, ids, settings and counts; all bytes around them are fixed. What fits differs from that body in the holes
alone, and each hole holds what is read there alike: the content of a JSON string, a string that looks like an id, a
small whole number. So it is JSON with one meaning, and it says what that body said with other texts.

Why a text may hold anything: its bytes are parsed by themselves as one JSON string, so that they leave the reader
of JSON where they found it. Nothing that a person wrote is kept: a body with a text that is no hole makes no mold.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from detectors.types import ChannelKind
from proxy.wire.fields import FieldClass, Leaf, Obj, Within
from proxy.wire.jsontext import Editor
from proxy.wire.lessons import content_of, grows_alone
from proxy.wire.possessive import compiled
from proxy.wire.shapes import ID_SHAPED
from proxy.wire.skim import Skimmed, skim
from proxy.wire.types import Path
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proxy.wire.fields import Node
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Channel

    Find = Callable[[bytes, int], re.Match[bytes] | None]

MAX_MOLDS = 12
"""Most molds of one table: each costs a glance at the beginning of a body that it does not fit."""

MAX_BYTES = 64 << 10
"""Longest body that is looked at: in longer ones the texts cost more than everything around them."""

MAX_FIXED_BYTES = 4096
"""Most bytes of a mold around its holes."""

MAX_HOLES = 48
MAX_PAUSE = 4096
"""Most bodies that pass by before another mold is tried, where those that were made fitted nothing."""

_SOURCES = {
    FieldClass.ID: rb"([A-Za-z0-9._:/+-]{1,128}+)",
    FieldClass.PARAMETER: rb"[A-Za-z0-9._:/+-]{1,128}+",
    FieldClass.NUMBER: rb"(?:[1-9][0-9]{0,10}+|0)",
}
"""What may stand in a hole. An id is said, a setting that looks like one and a count are not."""
_SMALL_NUMBER = 10**11


class _Hole(NamedTuple):
    path: Path
    cls: FieldClass
    channel: Channel | None = None
    """Of a growing text."""


class _Part(NamedTuple):
    """What stands between two texts."""

    begin: bytes
    """Its first bytes, up to a hole."""
    match: Find
    ids: int
    """How many ids are in it."""


class _Mold:
    """One remembered body."""

    __slots__ = ("_channels", "_head", "_ids", "_parts", "begin", "is_used")

    def __init__(self, head: _Part, parts: list[_Part], channels: list[Channel]) -> None:
        """`head` stands before the first text; of each text, what stands behind it and its channel."""
        self.begin = head.begin
        self.is_used = False
        self._head = head
        self._parts = parts
        self._channels = channels
        self._ids = any(part.ids for part in (head, *parts))

    def read(self, raw: bytes) -> Skimmed | None:
        """Return what a body says; None when it does not fit."""
        found = self._head.match(raw, 0)
        if found is None:
            return None
        ids = [*found.groups()]
        contents = []
        for part in self._parts:
            start = found.end()
            end = raw.find(part.begin, start)
            found = part.match(raw, end) if end >= 0 else None
            if found is None:
                return None
            contents.append(raw[start:end])
            if part.ids:
                ids += found.groups()
        if found.end() != len(raw):
            return None
        pieces: dict[Channel, list[str]] = {}
        for channel, content in zip(self._channels, contents, strict=True):
            text = content_of(content)
            if text is None:
                return None
            if not text:
                continue
            if channel in pieces:
                pieces[channel].append(text)
            else:
                pieces[channel] = [text]
        return Skimmed(pieces, {ChannelKind.ID: [one.decode("ascii") for one in ids]} if ids else {})


class BodyMolds:
    """The molds of one table, the latest used first. Holds only what can be worked out again. For one thread."""

    def __init__(self, table: Node, *, is_request: bool) -> None:
        self._table = table
        self._is_request = is_request
        self._molds: list[_Mold] = []
        self._pause = self._passing = 0

    def read(self, raw: bytes) -> Skimmed | None:
        """Return what a body says that fits a mold."""
        for turn, mold in enumerate(self._molds):
            if not raw.startswith(mold.begin):
                continue
            skimmed = mold.read(raw)
            if skimmed is not None:
                mold.is_used = True
                if turn:
                    self._molds.insert(0, self._molds.pop(turn))
                return skimmed
        return None

    def learn(self, raw: bytes, payload: Json, skimmed: Skimmed) -> None:
        """Make a mold of a body that was skimmed, if it can have one. Tried seldom where bodies do not recur."""
        if self._passing < self._pause:
            self._passing += 1
            return
        self._passing = 0
        mold = self._proved(raw, payload, skimmed)
        if mold is not None:
            self._molds.insert(0, mold)
        if mold is None or not all(one.is_used for one in self._molds[MAX_MOLDS:]):
            self._pause = min(2 * self._pause + 1, MAX_PAUSE)
        else:
            self._pause //= 2
        del self._molds[MAX_MOLDS:]

    def _proved(self, raw: bytes, payload: Json, skimmed: Skimmed) -> _Mold | None:
        """Return the mold of a body, after it was held against the skim; None where they differ."""
        holes = self._holes(payload)
        if holes is None or len(holes) > MAX_HOLES:
            return None
        for write in _WRITERS:
            mold = _mold(write, payload, holes)
            if mold is None or not _is_same(mold.read(raw), skimmed):
                continue
            other = Editor(payload)
            for number, hole in enumerate(holes):
                other.set(hole.path, 7_000_000 if hole.cls is FieldClass.NUMBER else f"{_OTHERS[hole.cls]}{number}")
            again = skim(self._table, other.value, is_request=self._is_request)
            if _is_same(mold.read(write(other.value)), again):
                return mold
        return None

    def _holes(self, payload: Json) -> list[_Hole] | None:
        """Return all that may be another in the next body; None when a text is not among it."""
        holes = [*_listed_holes(self._table, payload, ())]
        ids = {hole.path for hole in holes if hole.cls is FieldClass.ID}
        walked = Walker(is_request=self._is_request).walk(self._table, payload)
        for slot in walked.slots:
            if grows_alone(slot):
                holes.append(_Hole(slot.path, FieldClass.TEXT, slot.channel))
            elif slot.path not in ids or slot.channel.kind is not ChannelKind.ID:
                return None
        return holes if len({hole.path for hole in holes}) == len(holes) else None


_OTHERS = {
    FieldClass.TEXT: 'other "words"\n\\u0041',
    FieldClass.ID: "aB/3:x_",
    FieldClass.PARAMETER: "aB/3:x_",
}


def _is_same(one: Skimmed | None, other: Skimmed | None) -> bool:
    """Whether two skims say the same in the same order."""
    return one == other and (one is None or other is None or list(one.pieces) == list(other.pieces))


def _listed_holes(node: Node, value: Json, path: Path) -> Iterator[_Hole]:
    """Yield ids, settings and numbers in objects that number nothing, at the top and within each other."""
    if not isinstance(node, Obj) or value.__class__ is not dict:
        return
    if node.within is not Within.SAME or node.numbers or node.series:
        return
    for key, child in value.items():
        known = node.members.get(key)
        if isinstance(known, Obj):
            yield from _listed_holes(known, child, (*path, key))
        elif isinstance(known, Leaf) and _is_loose(known.cls, child):
            yield _Hole((*path, key), known.cls)


def _is_loose(cls: FieldClass, value: Json) -> bool:
    if cls is FieldClass.NUMBER:
        return value.__class__ is int and 0 <= value < _SMALL_NUMBER
    return cls in {FieldClass.ID, FieldClass.PARAMETER} and value.__class__ is str and bool(ID_SHAPED(value))


def _compact(value: Json) -> bytes:
    return orjson.dumps(value)


def _spaced(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _indented(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


_WRITERS: tuple[Callable[[Json], bytes], ...] = (_compact, _spaced, _indented)
"""How servers write JSON: without blanks, as Python's standard library does, and for people."""


def _mold(write: Callable[[Json], bytes], payload: Json, holes: list[_Hole]) -> _Mold | None:
    """Cut a body at its holes: each is written with a mark in it, which shows where it stands."""
    marked = Editor(payload)
    marks = []
    for number, hole in enumerate(holes):
        mark = 987_650_000_123 + 1000 * number if hole.cls is FieldClass.NUMBER else f"<hole {number}>"
        marked.set(hole.path, mark)
        marks.append(str(mark).encode())
    data = write(marked.value)
    if len(data) > MAX_FIXED_BYTES or any(data.count(mark) != 1 for mark in marks):
        return None
    channels: list[Channel] = []
    parts: list[_Part] = []
    literals: list[bytes] = []
    pattern, ids = b"", 0
    for number in sorted(range(len(holes)), key=lambda number: data.index(marks[number])):
        literal, _, data = data.partition(marks[number])
        literals.append(literal)
        pattern += re.escape(literal)
        hole = holes[number]
        if hole.channel is None:
            pattern += _SOURCES[hole.cls]
            ids += hole.cls is FieldClass.ID
            continue
        parts.append(_Part(literals[0], compiled(pattern).match, ids))
        channels.append(hole.channel)
        literals, pattern, ids = [], b"", 0
    literals.append(data)
    parts.append(_Part(literals[0], compiled(pattern + re.escape(data)).match, ids))
    return _Mold(parts[0], parts[1:], channels) if all(part.begin for part in parts) else None


_known: dict[int, tuple[Node, dict[bool, BodyMolds]]] = {}


def molds_of(table: Node, *, is_request: bool) -> BodyMolds:
    """Return the molds of a table. One for all bodies of a process."""
    known = _known.get(id(table))
    if known is None:
        known = _known[id(table)] = (table, {})
    molds = known[1].get(is_request)
    if molds is None:
        molds = known[1][is_request] = BodyMolds(table, is_request=is_request)
    return molds
