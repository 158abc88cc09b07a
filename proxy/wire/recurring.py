"""Frames that recur from stream to stream: the first one with the role, those with text, the last ones.

Templates and patterns pass what recurs within a stream; here it is remembered for all streams of a dialect. A
mold is made of a frame that was parsed and walked: its bytes, with holes where an id, a listed number, a time,
padding or the growing text stands (`holes`, `loose`). Another frame that fits differs in the holes only, and each
hole holds what the walk treats alike. So it is JSON with one meaning, and its slots are those of the mold with
other texts. A mold fits only where the walk stands as it did: the same series of texts are open.

A mold also knows which of its numbers were seen to change within a stream, so that the frames after the first one
of a stream are read as a run.

Nothing that a person wrote is kept in a mold: a frame with any string that is neither in a hole nor a listed word
makes none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from proxy.wire.holes import Cut, Hole, Sort, cut_at
from proxy.wire.jsontext import Editor, loads
from proxy.wire.lessons import grows_alone, is_plain, lesson_of
from proxy.wire.loose import listed_words, loose_holes
from proxy.wire.possessive import compiled
from proxy.wire.series import SeriesState
from proxy.wire.sse import BOM
from proxy.wire.types import Ended, Frame, Path, Slot, SlotMode, WireError
from proxy.wire.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from proxy.wire.fields import Node
    from proxy.wire.framing import Framing
    from proxy.wire.jsontext import Json
    from proxy.wire.lessons import Lesson
    from proxy.wire.loose import Values
    from proxy.wire.series import Standing

MAX_MOLDS = 12
"""Most frames remembered: each costs a look at the end of a frame, and those of one server are about five."""

MAX_MOLD_BYTES = 2048
"""Longest frame remembered."""

MOLD_COST = 4
"""What it costs to make a mold, counted in frames that fit one: 0.3 ms, where a fit saves some 0.07."""

MAX_CREDIT = 64 * MOLD_COST
"""What fits may earn for making more molds, and what there is at first.

Where it is spent, frames hardly recur, or come in more shapes than can be remembered: of many that could be learned
one is.
"""

TRY_EVERY = 256
"""One of so many, then: a server that was replaced by another is learned again, and the rest costs nothing."""

MAX_HOLES = 24

_PLAIN_TEXT = rb"([ !#-\[\]-~]++)"
_OTHERS = {
    Sort.TEXT: "other words",
    Sort.ID: "aB/3:x",
    Sort.PADDING: "Zz9",
    Sort.TIME: "1999-12-31T23:59:59.5+01:00",
    Sort.NUMBER: 7_000_000,
}
"""Something else that fits in each sort of hole."""
_LOOSE = frozenset({Sort.NUMBER, Sort.TIME})
_new = tuple.__new__


class _Mold:
    """One remembered frame."""

    __slots__ = (
        "changing", "cut", "data", "ends", "follower", "fullmatch", "head", "is_settled", "layout", "lesson",
        "rest", "slots", "standing",
    )  # fmt: skip

    def __init__(self, frame: Frame, cut: Cut, data: tuple[int, int], slots: Sequence[Slot]) -> None:
        self.cut = cut
        self.data = data
        """How many bytes stand before and behind the payload."""
        self.ends = frame.ends
        self.layout = cut.layout
        self.head, self.rest = cut.between[0] if cut.between else b"", cut.rest
        sources = [_PLAIN_TEXT if hole.sort is Sort.TEXT else hole.sort.value for hole in cut.holes]
        parts = [b".{%d}%b" % (len(part), source) for part, source in zip(cut.between, sources, strict=True)]
        self.fullmatch = compiled(b"".join(parts) + b".{%d}" % len(cut.rest), dot_all=True).fullmatch
        self.slots = [(slot._replace(text=""), cut.place_of(slot.path)) for slot in slots]
        """With the numbers of the holes that hold their texts."""
        self.lesson = _untold(lesson_of(frame, tuple(slots)))
        """What it teaches about the frames behind it, if anything."""
        self.standing: Standing = ()
        """How the series of texts stood when it was walked."""
        self.changing: set[Path] = set()
        """The loose values that were seen to change within a stream."""
        self.is_settled = False
        """Whether that is known: a stream had more than one such frame."""
        self.follower: _Mold | None = None
        """What frames behind such a one look like; None where that is not known."""

    def says_what(self, other: _Mold) -> bool:
        """Whether frames differ from those of another mold in nothing but what stands before their payload."""
        return self._body == other._body and self.standing == other.standing

    @property
    def _body(self) -> tuple[object, ...]:
        first, *between = self.cut.between or (b"",)
        holes = [(hole.path, hole.sort) for hole in self.cut.holes]
        return first[self.data[0] :], between, self.rest, holes

    def read(self, block: bytes) -> tuple[bytes, ...] | None:
        """Return what is in the holes of a frame; None when it does not fit."""
        if not (block.startswith(self.head) and block.endswith(self.rest)):
            return None
        found = self.fullmatch(block)
        if found is None or self.layout % (said := found.groups()) != block:
            return None
        return said

    def slots_of(self, said: Sequence[bytes]) -> tuple[Slot, ...]:
        """Return the slots of a frame with these in its holes."""
        return tuple([_new(Slot, (slot[0], said[hole].decode("ascii"), *slot[2:])) for slot, hole in self.slots])


class Known(NamedTuple):
    """A frame that fits a mold."""

    slots: tuple[Slot, ...]
    payload: Json
    ends: tuple[Ended, ...]
    mold: _Mold
    """That of frames behind it: its own, or one with the same payload."""
    said: tuple[bytes, ...]
    """What is in its holes."""

    @property
    def values(self) -> Values:
        """The loose values by path."""
        return {
            hole.path: int(said) if hole.is_number else said.decode("ascii")
            for hole, said in zip(self.mold.cut.holes, self.said, strict=True)
            if hole.sort in _LOOSE
        }

    def changing(self, fresh: Collection[Path], *, is_second: bool) -> Collection[Path]:
        """Take note of loose values that change in this stream; return those that do in any."""
        mold = self.mold
        mold.changing.update(fresh)
        mold.is_settled |= is_second
        return mold.changing

    def cut(self, paths: Collection[Path]) -> Cut:
        """Return the frame cut at its text, its padding and `paths` alone."""
        lesson = self.mold.lesson
        kept = set(paths)
        if lesson is not None:
            kept.add(lesson.slot.path)
            if lesson.padding is not None:
                kept.add(lesson.padding.path)
        return self.mold.cut.narrowed(self.said, kept)


class RecurringFrames:
    """The molds of one dialect's streams in one layout, the latest used first.

    Holds only what can be worked out again.
    """

    def __init__(self, table: Node) -> None:
        self._table = table
        self._molds: list[_Mold] = []
        self._credit = MAX_CREDIT
        self._passed_by = 0

    def read(self, block: bytes, standing: Standing) -> Known | None:
        """Return what is known of a frame that fits a mold."""
        for turn, mold in enumerate(self._molds):
            said = mold.read(block) if mold.standing == standing else None
            if said is None:
                continue
            if self._credit < MAX_CREDIT:
                self._credit += 1
            if turn:
                self._molds.insert(0, self._molds.pop(turn))
            before, behind = mold.data
            payload = orjson.loads(block[before : len(block) - behind])
            return Known(mold.slots_of(said), payload, mold.ends, mold.follower or self._follower(mold), said)
        return None

    def _follower(self, mold: _Mold) -> _Mold:
        """Return the mold of frames behind one that only the first frame of a stream fits; itself when unknown."""
        mold.follower = next((one for one in self._molds if one.follower is one and mold.says_what(one)), None)
        return mold.follower or mold

    def learn(self, frame: Frame, slots: Sequence[Slot], framing: Framing, standing: Standing) -> None:
        """Make a mold of a frame that was parsed and walked, if it can have one. `slots`: all of it."""
        if len(frame.raw) > MAX_MOLD_BYTES or frame.must_encode or not self._may_learn():
            return
        holes = [hole for hole in loose_holes(self._table, frame.payload) if _has_name(hole)]
        growing = [slot for slot in slots if slot.mode is not SlotMode.CONSTANT]
        if growing:
            if len(growing) > 1 or not grows_alone(growing[0]) or not is_plain(growing[0].text):
                return
            holes.append(Hole(growing[0].path, growing[0].text, Sort.TEXT))
        places = {hole.path for hole in holes}
        if len(holes) > MAX_HOLES or not {slot.path for slot in slots} <= places:
            return
        if not set(_strings(frame.payload, ())) <= places | listed_words(self._table, frame.payload):
            return
        self._credit = max(0, self._credit - MOLD_COST)
        mold = self._proved(frame, slots, holes, framing, standing)
        if mold is not None:
            self._molds.insert(0, mold)
            del self._molds[MAX_MOLDS:]

    def _may_learn(self) -> bool:
        if self._credit >= MOLD_COST:
            return True
        self._passed_by += 1
        return self._passed_by % TRY_EVERY == 0

    def _proved(
        self, frame: Frame, slots: Sequence[Slot], holes: list[Hole], framing: Framing, standing: Standing
    ) -> _Mold | None:
        """Return the mold of a frame, after it was held against the walk; None where they differ."""
        cut = cut_at(frame, holes, framing)
        data = framing.parse(frame.raw, first=False).data
        if cut is None or data is None or data not in frame.raw or frame.raw.startswith(BOM):
            return None
        before = frame.raw.index(data)
        around = (before, len(frame.raw) - before - len(data))
        mold = _Mold(frame, cut, around, slots)
        mold.standing = standing
        other = [str(_OTHERS[hole.sort]).encode() for hole in cut.holes]
        payload = Editor(frame.payload)
        for hole in cut.holes:
            payload.set(hole.path, _OTHERS[hole.sort])
        again = frame._replace(raw=mold.layout % tuple(other), payload=payload.value)
        if not all(self._means_the_same(mold, one, framing) for one in (frame, again)):
            return None
        if framing.is_steady(frame.raw):
            mold.follower = mold
        return mold

    def _means_the_same(self, mold: _Mold, frame: Frame, framing: Framing) -> bool:
        said = mold.read(frame.raw)
        if said is None:
            return False
        data = framing.parse(frame.raw, first=False).data
        before, behind = mold.data
        if data is None or data != frame.raw[before : len(frame.raw) - behind]:
            return False
        try:
            parsed = loads(data)
        except WireError:
            return False
        walker = Walker(is_stream=True)
        walker.series = SeriesState(mold.standing)
        walked = walker.walk(self._table, parsed.value)
        if walked.must_encode or walker.changes or parsed.is_ambiguous or parsed.value != frame.payload:
            return False
        return (mold.slots_of(said), mold.ends) == (walked.slots, walked.ends)


def _has_name(hole: Hole) -> bool:
    """Whether a value is found by the name of its member. An `error` says what the frame is."""
    return isinstance(hole.path[-1], str) and hole.path != ("error",)


def _untold(lesson: Lesson | None) -> Lesson | None:
    """Return a lesson without what its frame said."""
    if lesson is None:
        return None
    padding = None if lesson.padding is None else lesson.padding._replace(text="")
    return lesson._replace(slot=lesson.slot._replace(text=""), padding=padding)


def _strings(value: Json, path: Path) -> Iterator[Path]:
    """Yield the places of all strings that say something."""
    if value.__class__ is dict:
        for key, child in value.items():
            yield from _strings(child, (*path, key))
    elif value.__class__ is list:
        for position, child in enumerate(value):
            yield from _strings(child, (*path, position))
    elif value.__class__ is str and value:
        yield path
