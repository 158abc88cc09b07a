"""The fast path of a stream whose frames differ in one text and in values that machines make, in any layout.

Such values are listed numbers and times (`loose`) that were seen to change (a sequence number, a time stamp, counts
of tokens), and padding. As in `templates`, a pattern is made only after a proof: the frame with a mark in each hole
was parsed, and its value is that of the original with the marks at the places of the values. A number of JSON, the
content of a string, a time, and letters and digits in those holes leave everything around them as it was; none of
them has a line end or ends an element, so the frame ends where that of the pattern does.

The regex of a pattern knows the holes and how many bytes are between them, so that it is made in no time and often
is one that was made before. Whether those bytes are the right ones is asked of all frames of a run at once: they
are written anew from what was found in the holes, and that must be what stands there.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from operator import sub
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from proxy.wire.jsontext import Editor
from proxy.wire.lessons import Lesson, content_of, is_plain, sound_pieces
from proxy.wire.types import Frame, FrameRun, Path, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from proxy.wire.framing import Framing
    from proxy.wire.jsontext import Json

    Match = re.Match[bytes]

MAX_PATTERNS = 4
"""Shapes that alternate in real streams: interleaved choices, reasoning and text."""
MAX_HOLES = 12
"""Real frames have two or three values that change."""

_NUMBER = rb"([1-9][0-9]{0,11}+|0)"
_TEXT = rb'([^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+)'
_PADDING = rb"([A-Za-z0-9]{1,256}+)"
_TIME = rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9}+)?+(?:Z|[+-][0-9]{2}:[0-9]{2}))"
_NUMBER_MARK = 918273645000
_TEXT_MARK = "sluicegateHole"

_MAX_RUN = 64
"""Most frames that one run is looked for in. Streams whose shapes alternate look again for each frame."""


class _Hole(NamedTuple):
    path: Path
    value: int | str
    source: bytes
    mark: int | str


class _Pattern(NamedTuple):
    prefix: bytes
    """What every frame begins with."""
    layout: bytes
    """The frame as a format, with `%b` in place of each hole."""
    match: Callable[[bytes, int], Match | None]
    scanner: Callable[[bytes, int, int], Any]
    """Begins a scan at a place: each `match` of it goes on where the last ended. What `re.Scanner` uses."""
    lesson: Lesson
    text: int
    """Which hole is that of the text."""
    padding: int
    """Which is that of the padding."""
    numbers: tuple[tuple[Path, int], ...]
    """Paths of numbers, and their holes."""


class Patterns:
    """The few patterns of one stream, the latest used first."""

    __slots__ = ("_latest", "_patterns")

    def __init__(self) -> None:
        self._patterns: list[_Pattern] = []
        self._latest: dict[Path, bytes] = {}

    def clear(self) -> None:
        """Forget all: something that the patterns took for constant has changed."""
        self._patterns.clear()

    def latest(self, path: Path) -> int:
        """Return the number at `path` that was read here last; -1 when none was."""
        return int(self._latest.get(path, b"-1"))

    def read(self, block: bytes) -> Frame | None:
        """Read one frame; None when it has to be parsed."""
        for turn, pattern in enumerate(self._patterns):
            found = pattern.match(block, 0) if block.startswith(pattern.prefix) else None
            if found is None or pattern.layout % found.groups() != block:
                continue
            holes = found.groups()
            text = content_of(holes[pattern.text])
            if not text:
                return None
            self._used(turn, holes)
            slot, padding, before, after = pattern.lesson
            slots = (*before, Slot(slot.channel, text, slot.path), *after)
            if padding is not None:
                slots = (*slots, padding._replace(text=holes[pattern.padding].decode("ascii")))
            return Frame(block, slots)
        return None

    def read_run(self, data: bytes, position: int) -> FrameRun | None:
        """Read as many frames of one shape as stand at `position`; None when no pattern for runs fits there."""
        for turn, pattern in enumerate(self._patterns):
            if not pattern.lesson.is_alone or not data.startswith(pattern.prefix, position):
                continue
            found = pattern.match(data, position)
            if found is None:
                continue
            is_one = not data.startswith(pattern.prefix, found.end())
            run = (self._one if is_one else self._many)(turn, found, data, position)
            if run is not None:
                return run
        return None

    def _one(self, turn: int, found: Match, data: bytes, position: int) -> FrameRun | None:
        """Return a run of one frame: most reads have no more."""
        pattern, holes, raw = self._patterns[turn], found.groups(), data[position : found.end()]
        sound = sound_pieces((holes[pattern.text],)) if pattern.layout % holes == raw else None
        if sound is None:
            return None
        self._used(turn, holes)
        return _run(pattern, raw, [len(raw)], [holes], sound)

    def _many(self, turn: int, found: Match, data: bytes, position: int) -> FrameRun | None:
        pattern = self._patterns[turn]
        rows, ends = _rows(pattern, found, data, position)
        sound = sound_pieces([row[pattern.text] for row in rows])
        if sound is None:
            return None
        count = len(sound[1])
        del rows[count:], ends[count:]
        self._used(turn, rows[-1])
        raw_sizes = list(map(sub, ends, [position, *ends[:-1]]))
        return _run(pattern, data[position : ends[-1]], raw_sizes, rows, sound)

    def _used(self, turn: int, holes: tuple[bytes, ...]) -> None:
        for path, hole in self._patterns[turn].numbers:
            self._latest[path] = holes[hole]
        if turn:
            self._patterns.insert(0, self._patterns.pop(turn))

    def learn(self, frame: Frame, lesson: Lesson, changing: Collection[Path], framing: Framing) -> None:
        """Make a pattern of a parsed frame. `changing`: paths of its loose values that are not always the same."""
        if len(changing) > MAX_HOLES or not framing.is_steady(frame.raw):
            return
        pattern = _proved(frame, lesson, list(_holes(frame.payload, lesson, changing)), framing)
        if pattern is not None:
            self._patterns.insert(0, pattern)
            del self._patterns[MAX_PATTERNS:]


def _rows(pattern: _Pattern, first: Match, data: bytes, position: int) -> tuple[list[tuple[bytes, ...]], list[int]]:
    """Return what is in the holes of the frames, one after the other, that fit a pattern, and where they end."""
    scanner = pattern.scanner(data, first.end(), len(data))
    found = [first, *islice(iter(scanner.match, None), _MAX_RUN)]
    rows = [one.groups() for one in found]
    ends = [one.end() for one in found]
    if data.startswith(pattern.layout * len(rows) % tuple(chain.from_iterable(rows)), position):
        return rows, ends
    for number, row in enumerate(rows):
        if not data.startswith(pattern.layout % row, position):
            return rows[:number], ends[:number]
        position = ends[number]
    return rows, ends


def _run(
    pattern: _Pattern, raw: bytes, raw_sizes: list[int], rows: list[tuple[bytes, ...]], sound: tuple[str, list[int]]
) -> FrameRun:
    slot, padding, *_ = pattern.lesson
    if padding is None:
        return FrameRun(raw, slot, *sound, raw_sizes)
    return FrameRun(raw, slot, *sound, raw_sizes, padding, [row[pattern.padding].decode() for row in rows])


def _holes(payload: Json, lesson: Lesson, changing: Collection[Path]) -> Iterator[_Hole]:
    slot, padding, *_ = lesson
    yield _Hole(slot.path, slot.text, _TEXT, _TEXT_MARK)
    if padding is not None:
        yield _Hole(padding.path, padding.text, _PADDING, _TEXT_MARK + "Padding")
    for number, path in enumerate(changing):
        value = Editor(payload).get(path)
        if isinstance(value, str):
            yield _Hole(path, value, _TIME, f"{_TEXT_MARK}{number}")
        else:
            yield _Hole(path, value, _NUMBER, _NUMBER_MARK + number)


def _proved(frame: Frame, lesson: Lesson, holes: list[_Hole], framing: Framing) -> _Pattern | None:
    """Find the holes and prove that they are the places of the values; None when they are not."""
    raw, payload = frame.raw, frame.payload
    if not is_plain(lesson.slot.text) or any(hole.value == hole.mark for hole in holes):
        return None  # A value that is its mark already proves nothing.
    holes.sort(key=lambda hole: _order(payload, hole.path))
    expected = Editor(payload)
    between, marked, at = [], b"", 0
    for hole in holes:
        span = _span(raw, at, hole)
        if span is None:
            return None
        between.append(raw[at : span[0]])
        marked += between[-1] + str(hole.mark).encode()
        at = span[1]
        expected.set(hole.path, hole.mark)
    event = framing.parse(marked + raw[at:], first=False)
    if event.data is None or event.lines != framing.parse(raw, first=False).lines:
        return None
    try:
        is_proved = orjson.loads(event.data) == expected.value
    except orjson.JSONDecodeError:
        return None
    return _pattern(lesson, holes, between, raw[at:]) if is_proved else None


def _pattern(lesson: Lesson, holes: list[_Hole], between: list[bytes], suffix: bytes) -> _Pattern:
    """Put a pattern together. `between`: what stands before each hole."""
    layout = b"%b".join(part.replace(b"%", b"%%") for part in (*between, suffix))
    sources = [b".{%d}%b" % (len(part), hole.source) for part, hole in zip(between, holes, strict=True)]
    compiled: Any = re.compile(b"".join(sources) + b".{%d}" % len(suffix), re.DOTALL)
    places = {hole.path: number for number, hole in enumerate(holes)}
    numbers = tuple((hole.path, places[hole.path]) for hole in holes if isinstance(hole.value, int))
    padding = places[lesson.padding.path] if lesson.padding is not None else -1
    text = places[lesson.slot.path]
    return _Pattern(between[0], layout, compiled.match, compiled.scanner, lesson, text, padding, numbers)


def _order(payload: Json, path: Path) -> list[int]:
    """Return a key by which paths are sorted as their values stand in the bytes: members keep their order."""
    order = []
    for step in path:
        order.append(step if isinstance(step, int) else list(payload).index(step))
        payload = payload[step]
    return order


def _span(raw: bytes, at: int, hole: _Hole) -> tuple[int, int] | None:
    """Return where the value of a hole seems to stand from `at` on, without its quotes; None where it does not."""
    written = str(hole.value).encode()
    quote = b'"' if isinstance(hole.value, str) else b""
    name = hole.path[-1]
    places = [b'"%b":' % name.encode(), b'"%b": ' % name.encode()] if isinstance(name, str) else [b""]
    for before in places:
        start = raw.find(before + quote + written + quote, at)
        if start >= 0:
            start += len(before) + len(quote)
            return start, start + len(written)
    return None
