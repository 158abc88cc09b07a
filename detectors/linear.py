r"""Patterns of the `regex` module run by RE2, in time that grows with the text and never explodes.

What is found is what `regex` finds, at every place of every text: characters are told apart by `regex` itself
(`detectors.byte_alphabet`), and RE2 tries alternatives and repeats in the same order. It has no look-around, so
that this is taken apart (`detectors.linear_shape`). A pattern that needs more is refused: `NotLinearError` says
where and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from detectors.byte_alphabet import ByteAlphabet
from detectors.linear_shape import NotLinearError, Shape, shape_of
from detectors.regex_parser import parse_wholly
from detectors.regex_tree import Anchor, AnchorKind, Atom, Choice, Look, Repeat, Sequence, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.regex_tree import Node, PatternSource

MAX_REPEATED = 1_000
"""Most characters that all repeats of a pattern can stand for, written out: as many places of a pattern may be
reached at once, and RE2 works each of them out for each character of a text that it sees for the first time. With
so many that takes 20 ms for a look of the detector `presidio`."""

MEMORY_BYTES = 32 << 20
"""Most memory of one pattern: 2,000 words of a deny list take 2 MB."""

_WORD_KINDS = (AnchorKind.WORD_BOUNDARY, AnchorKind.NOT_WORD_BOUNDARY)


class Found(NamedTuple):
    """Where a pattern matches."""

    start: int
    end: int

    def span(self) -> tuple[int, int]:
        """Return its start and end."""
        return self


@dataclass(frozen=True, slots=True)
class _Ask:
    """What must hold where a match begins."""

    compiled: Any
    back: int
    """How many characters before that place it begins."""
    negated: bool

    def is_met(self, data: bytes, place: int) -> bool:
        begin = place - self.back
        return (begin >= 0 and self.compiled.match(data, begin) is not None) is not self.negated


class LinearPattern:
    """A pattern that RE2 runs. Immutable."""

    def __init__(self, alphabet: ByteAlphabet, shape: Shape) -> None:
        """Made by `linear`. Raises NotLinearError when RE2 has no room for it."""
        self._alphabet = alphabet
        self._bare = _compiled(shape.bare())
        led = shape.led()
        self._led = None if led is None else _compiled(led)
        """The pattern behind the byte before it, where it asks for one."""
        self._is_led = shape.before is not None
        self._may_begin = shape.before is None or shape.before.at_edge
        """Whether a match may stand at the start of a text."""
        self._group = int(shape.is_grouped)
        self._asks = tuple(_Ask(_compiled(one.pattern), one.back, one.negated) for one in shape.asks)

    def reading(self, text: str) -> LinearReading:
        """Return what answers for a text."""
        return LinearReading(self, self._alphabet.encoded(text))

    def search(self, data: bytes, low: int) -> Found | None:
        """Return the first match that begins at `low` or later."""
        while True:
            found = self._first(data, low)
            if found is None or all(ask.is_met(data, found.start) for ask in self._asks):
                return found
            low = found.start + 1

    def _first(self, data: bytes, low: int) -> Found | None:
        if not self._is_led:
            return self._found(self._bare.search(data, low))
        if low == 0 and self._may_begin and (match := self._bare.match(data)) is not None:
            return self._found(match)
        return None if self._led is None else self._found(self._led.search(data, max(0, low - 1)))

    def match(self, data: bytes, low: int) -> Found | None:
        """Return the match that begins at `low`."""
        if not self._is_led or (low == 0 and self._may_begin):
            match = self._bare.match(data, low)
        elif low == 0 or self._led is None:
            return None
        else:
            match = self._led.match(data, low - 1)
        if match is None or not all(ask.is_met(data, low) for ask in self._asks):
            return None
        return self._found(match)

    def _found(self, match: Any) -> Found | None:  # noqa: ANN401 - re2 has no types
        return None if match is None else Found(*match.span(self._group))


class LinearReading(NamedTuple):
    """A pattern on a text: what `regex` answers to `search`, `match` and `finditer` with the same places."""

    pattern: LinearPattern
    data: bytes

    def search(self, low: int, stop: int) -> Found | None:
        """Return the first match from `low` on, as if the text ended at `stop`."""
        return self.pattern.search(self.data[:stop], low)

    def match(self, low: int, stop: int) -> Found | None:
        """Return the match at `low`, as if the text ended at `stop`."""
        return self.pattern.match(self.data[:stop], low)

    def finditer(self, low: int, stop: int) -> Iterator[Found]:
        """Yield the matches from `low` on that do not overlap, as if the text ended at `stop`."""
        data = self.data[:stop]
        while (found := self.pattern.search(data, low)) is not None:
            yield found
            low = found.end


@lru_cache(maxsize=256)
def linear(source: PatternSource) -> LinearPattern:
    """Return a pattern to be run by RE2. Raises NotLinearError, and UnsupportedPatternError as the parser does."""
    tree, untold = parse_wholly(source)
    for one in untold:
        raise NotLinearError(one.what, one.position)
    if measure(tree).least == 0:
        raise NotLinearError("match of the empty text", 0)
    if _repeated(tree) > MAX_REPEATED:
        raise NotLinearError("size of the repeats", 0)
    parts = list(_parts(tree))
    word = next((part.word for part in parts if isinstance(part, Anchor) and part.kind in _WORD_KINDS), None)
    newline = _newline_of(parts)
    try:
        alphabet = ByteAlphabet((part for part in parts if isinstance(part, Atom)), word, newline)
    except ValueError as error:
        raise NotLinearError("number of different characters", 0) from error
    return LinearPattern(alphabet, shape_of(tree, alphabet, newline))


def _parts(node: Node) -> Iterator[Node]:
    """Yield a tree's nodes."""
    yield node
    match node:
        case Sequence(nodes) | Choice(nodes):
            for each in nodes:
                yield from _parts(each)
        case Repeat(item) | Look(item):
            yield from _parts(item)


def _repeated(node: Node, *, inside: bool = False) -> int:
    """Return how many characters the repeats in a tree stand for."""
    match node:
        case Atom():
            return int(inside)
        case Sequence(nodes) | Choice(nodes):
            return sum(_repeated(each, inside=inside) for each in nodes)
        case Repeat(item, least, most):
            return max(1, least, most or 0) * _repeated(item, inside=True)
        case Look(item):
            return _repeated(item, inside=inside)
    return 0


def _newline_of(parts: list[Node]) -> Atom | None:
    """Return the test of a newline, where the pattern looks for ends of lines."""
    kinds = {part.kind for part in parts if isinstance(part, Anchor)}
    if not kinds & {AnchorKind.LINE_START, AnchorKind.LINE_END}:
        return None
    return Atom("\n", "regex", ignore_case=False, dot_all=False, ascii=False, literal="\n")


def _compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = MEMORY_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern.encode("latin-1"), options)
    except re2.error as error:
        raise NotLinearError("size of the pattern", 0) from error
