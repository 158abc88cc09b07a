"""The fast path of a stream whose frames differ in one text and in values that machines make, in any layout.

Such values are listed numbers and times (`loose`) that were seen to change (a sequence number, a time stamp, counts
of tokens), and padding. A pattern is made of a frame that was cut at its holes, which is proved (`holes`).

The regex of a pattern knows the holes, how many bytes are between them and the first few of those, so that it is
made in no time and often is one that was made before. Whether those bytes are the right ones is asked of all frames
of a run at once: they are written anew from what was found in the holes, and that must be what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from proxy.wire.holes import Hole, Sort, cut_at
from proxy.wire.jsontext import Editor
from proxy.wire.lessons import Lesson, content_of, is_plain, sound_pieces
from proxy.wire.possessive import compiled
from proxy.wire.types import PADDING_SEPARATOR, Frame, FrameRun, Path, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from proxy.wire.framing import Framing
    from proxy.wire.holes import Cut
    from proxy.wire.jsontext import Json

    Match = re.Match[bytes]
    Row = tuple[bytes, ...]

MAX_PATTERNS = 4
"""Shapes that alternate in real streams: interleaved choices, reasoning and text."""
MAX_HOLES = 12
"""Real frames have two or three values that change."""

_HEAD_BYTES = 12
"""So many bytes of a frame are in the regex: by them it finds soon that no other frame follows."""
_MAX_RUN = 64
"""Most frames in one run, behind the first."""
_MAX_COMPILED = 256
"""Regexes that are kept: one for each length of the ids of a server's frames, some hundred bytes each."""
_MIN_RUN_BYTES, _MAX_RUN_BYTES = 16 << 10, 48 << 10
"""How far behind the first frame a run is looked for, at most. Streams whose shapes alternate look again for each
frame, so that this bounds their cost."""


class _Pattern(NamedTuple):
    prefix: bytes
    """What every frame begins with."""
    layout: bytes
    """The frame as a format, with `%b` in place of each hole."""
    fixed_bytes: int
    """Length of a frame without what is in its holes."""
    match: Callable[[bytes, int], Match | None]
    findall: Callable[[bytes, int, int], list[Row]]
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
        rows, end = _rows(pattern, found, data, position)
        text = pattern.text
        sound = sound_pieces([row[text] for row in rows])
        if sound is None:
            return None
        sizes = _RawSizes(rows, pattern.fixed_bytes)
        if (count := len(sound[1])) < len(rows):
            end -= sum(sizes[count:])
            del rows[count:]
        self._used(turn, rows[-1])
        return _run(pattern, data[position:end], sizes, rows, sound)

    def _used(self, turn: int, holes: Row) -> None:
        for path, hole in self._patterns[turn].numbers:
            self._latest[path] = holes[hole]
        if turn:
            self._patterns.insert(0, self._patterns.pop(turn))

    def learn(self, frame: Frame, lesson: Lesson, changing: Collection[Path], framing: Framing) -> None:
        """Make a pattern of a parsed frame. `changing`: paths of its loose values that are not always the same."""
        if len(changing) > MAX_HOLES or not (is_plain(lesson.slot.text) and framing.is_steady(frame.raw)):
            return
        cut = cut_at(frame, _holes(frame.payload, lesson, changing), framing)
        if cut is not None:
            self.learn_cut(lesson, cut)

    def learn_cut(self, lesson: Lesson, cut: Cut) -> None:
        """Make a pattern of a steady frame that is cut at its text, its padding and what changes."""
        self._patterns.insert(0, _pattern(lesson, cut))
        del self._patterns[MAX_PATTERNS:]


class _RawSizes(Sequence[int]):
    """Bytes of each frame of a run: nobody asks for those of frames that leave together."""

    __slots__ = ("_fixed", "_rows")

    def __init__(self, rows: list[Row], fixed: int) -> None:
        """`rows`: what is in the holes of each. `fixed`: bytes of all that is around them."""
        self._rows = rows
        self._fixed = fixed

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self._fixed + size for size in map(len, map(b"".join, self._rows[index]))]
        return self._fixed + sum(map(len, self._rows[index]))


def _rows(pattern: _Pattern, first: Match, data: bytes, position: int) -> tuple[list[Row], int]:
    """Return what is in the holes of the frames, one after the other, that fit a pattern, and where they end."""
    end = first.end()
    behind = min(max(_MAX_RUN * (end - position), _MIN_RUN_BYTES), _MAX_RUN_BYTES)
    rows = pattern.findall(data, position, end + behind)
    del rows[_MAX_RUN + 1 :]
    whole = pattern.layout * len(rows) % tuple(chain.from_iterable(rows))
    if data.startswith(whole, position):
        return rows, position + len(whole)
    for number, row in enumerate(rows):
        frame = pattern.layout % row
        if not data.startswith(frame, position):
            del rows[number:]
            break
        position += len(frame)
    return rows, position


def _run(
    pattern: _Pattern, raw: bytes, raw_sizes: Sequence[int], rows: list[Row], sound: tuple[str, list[int]]
) -> FrameRun:
    slot, padding, *_ = pattern.lesson
    if padding is None:
        return FrameRun(raw, slot, *sound, raw_sizes)
    hole = pattern.padding
    paddings = _SEPARATOR.join([row[hole] for row in rows]).decode("ascii")
    return FrameRun(raw, slot, *sound, raw_sizes, padding, paddings)


_SEPARATOR = PADDING_SEPARATOR.encode()


def _holes(payload: Json, lesson: Lesson, changing: Collection[Path]) -> Iterator[Hole]:
    slot, padding, *_ = lesson
    yield Hole(slot.path, slot.text, Sort.TEXT)
    if padding is not None:
        yield Hole(padding.path, padding.text, Sort.PADDING)
    for path in changing:
        value = Editor(payload).get(path)
        yield Hole(path, value, Sort.TIME if isinstance(value, str) else Sort.NUMBER)


def _pattern(lesson: Lesson, cut: Cut) -> _Pattern:
    """Put a pattern together."""
    head = cut.between[0]
    sizes = tuple(map(len, cut.between))
    compiled = _compiled(head[:_HEAD_BYTES], sizes, tuple([hole.sort for hole in cut.holes]), len(cut.rest))
    layout = cut.layout + b"%b" if len(sizes) == 1 else cut.layout
    numbers = tuple([(hole.path, number) for number, hole in enumerate(cut.holes) if hole.is_number])
    padding = cut.place_of(lesson.padding.path) if lesson.padding is not None else -1
    text, fixed = cut.place_of(lesson.slot.path), sum(sizes) + len(cut.rest)
    return _Pattern(head, layout, fixed, compiled.match, compiled.findall, lesson, text, padding, numbers)


@lru_cache(_MAX_COMPILED)
def _compiled(head: bytes, sizes: tuple[int, ...], sorts: tuple[Sort, ...], rest: int) -> Any:  # noqa: ANN401
    """Return the regex of frames that begin with `head`, with so many bytes before each hole and after all."""
    first, *others = sizes
    sources = [re.escape(head) + b".{%d}" % (first - len(head)), *(b".{%d}" % size for size in (*others, rest))]
    holes = [*(sort.value for sort in sorts), b""]
    if len(sorts) == 1:  # With one group, what is found is no tuple.
        holes[-1] = b"()"
    return compiled(b"".join(chain.from_iterable(zip(sources, holes, strict=True))), dot_all=True)
