"""A frame cut at its holes: the places where a like frame may say something else.

A hole is a text, a value that machines make (`loose`) or padding. Nothing is taken for the place of a value without
a proof: the frame with a mark in each hole is parsed, and its value must be that of the frame with the marks at the
paths of the values. What may stand in a hole leaves everything around it as it is: digits of a number, the content
of a JSON string, letters and digits. None of it has a line end or ends an element, so a frame that differs in its
holes alone ends where the other one does.

It matches nothing itself: `patterns` does within a stream, `recurring` from stream to stream.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import orjson

from proxy.wire.jsontext import Editor
from proxy.wire.types import Path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from proxy.wire.framing import Framing
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Frame

NUMBER_MARK = 918273645000
TEXT_MARK = "sluicegateHole"


class Sort(Enum):
    """What a hole may hold; the value is a regex with one group."""

    TEXT = rb'([^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+)'
    """Of a string, to be proved to be content of one."""
    PADDING = rb"([A-Za-z0-9]{1,256}+)"
    ID = rb"([A-Za-z0-9._:/+-]{1,128}+)"
    TIME = rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9}+)?+(?:Z|[+-][0-9]{2}:[0-9]{2}))"
    NUMBER = rb"([1-9][0-9]{0,11}+|0)"


class Hole(NamedTuple):
    """One place that may hold something else."""

    path: Path
    value: int | str
    sort: Sort

    @property
    def is_number(self) -> bool:
        """Whether no quotes stand around it."""
        return self.sort is Sort.NUMBER


class Cut(NamedTuple):
    """A frame without what is in its holes, which are in the order of the bytes."""

    holes: tuple[Hole, ...]
    between: tuple[bytes, ...]
    """What stands before each hole."""
    rest: bytes
    """What stands behind the last."""

    @property
    def layout(self) -> bytes:
        """The frame as a format, with `%b` in place of each hole."""
        return b"%b".join(part.replace(b"%", b"%%") for part in (*self.between, self.rest))

    @property
    def chars(self) -> int:
        """Bytes of the frame without its holes."""
        return sum(map(len, self.between)) + len(self.rest)

    def place_of(self, path: Path) -> int:
        """Return the number of the hole at a path."""
        return next(number for number, hole in enumerate(self.holes) if hole.path == path)

    def narrowed(self, said: Sequence[bytes], paths: Collection[Path]) -> Cut:
        """Return the cut with the holes at `paths` alone; in the others stands what is `said` there."""
        holes, between, literal = [], [], b""
        for hole, before, filling in zip(self.holes, self.between, said, strict=True):
            literal += before
            if hole.path in paths:
                holes.append(hole)
                between.append(literal)
                literal = b""
            else:
                literal += filling
        return Cut(tuple(holes), tuple(between), literal + self.rest)


def cut_at(frame: Frame, holes: Iterable[Hole], framing: Framing) -> Cut | None:
    """Find the holes of a parsed frame and prove that they are the places of the values; None when they are not."""
    raw, payload = frame.raw, frame.payload
    ordered = sorted(holes, key=lambda hole: _order(payload, hole.path))
    expected = Editor(payload)
    between, marked, at = [], b"", 0
    for number, hole in enumerate(ordered):
        mark: Json = NUMBER_MARK + number if hole.is_number else f"{TEXT_MARK}{number}"
        span = _span(raw, at, hole)
        if span is None or hole.value == mark:
            return None  # A value that is its mark already proves nothing.
        between.append(raw[at : span[0]])
        marked += between[-1] + str(mark).encode()
        at = span[1]
        expected.set(hole.path, mark)
    event = framing.parse(marked + raw[at:], first=False)
    if event.data is None or event.lines != framing.parse(raw, first=False).lines:
        return None
    try:
        is_proved = orjson.loads(event.data) == expected.value
    except orjson.JSONDecodeError:
        return None
    return Cut(tuple(ordered), tuple(between), raw[at:]) if is_proved else None


def _order(payload: Json, path: Path) -> list[int]:
    """Return a key by which paths are sorted as their values stand in the bytes: members keep their order."""
    order = []
    for step in path:
        order.append(step if isinstance(step, int) else list(payload).index(step))
        payload = payload[step]
    return order


def _span(raw: bytes, at: int, hole: Hole) -> tuple[int, int] | None:
    """Return where the value of a hole seems to stand from `at` on, without its quotes; None where it does not."""
    written = str(hole.value).encode()
    quote = b"" if hole.is_number else b'"'
    name = hole.path[-1]
    places = [b'"%b":' % name.encode(), b'"%b": ' % name.encode()] if isinstance(name, str) else [b""]
    for before in places:
        start = raw.find(before + quote + written + quote, at)
        if start >= 0:
            start += len(before) + len(quote)
            return start, start + len(written)
    return None
