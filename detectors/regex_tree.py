r"""Regular expressions as a typed tree: what a pattern can look like, not how it is matched.

Reads the two flavours that the detectors use, RE2 (rules that people write) and the `regex` module (patterns that
come with a library). The tree serves `detectors.automaton` and the width checks; the matching itself is always done
by the engine that owns the flavour. One character's test stays in the words of its engine (`Atom.source`), so
that `[[:alpha:]]`, `\p{L}` or an ignored case mean exactly what they mean there. What the tree does not say (a
back-reference, a group or repeat that gives nothing back) is told beside it, as `Untold`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple, TypeAlias

Flavour: TypeAlias = Literal["re2", "regex"]


class UnsupportedPatternError(ValueError):
    """A pattern that cannot be used. The message says what and what to do instead."""

    def __init__(self, message: str, position: int) -> None:
        """`position` is the offset in the pattern, in characters."""
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class PatternSource:
    """A pattern as written, with the options its engine will be given."""

    pattern: str
    flavour: Flavour = "regex"
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False
    ascii: bool = False
    """`\\w`, `\\d`, `\\s` and `\\b` see ASCII only. RE2 always does, whatever is said here."""


class AnchorKind(Enum):
    """Zero-width places that a pattern can ask for."""

    WORD_BOUNDARY = "word boundary"
    NOT_WORD_BOUNDARY = "no word boundary"
    TEXT_START = "start of text"
    TEXT_END = "end of text"
    LINE_START = "start of line"
    LINE_END = "end of line"


@dataclass(frozen=True, slots=True)
class Atom:
    """Exactly one character that `source` matches in its flavour, with these options."""

    source: str
    flavour: Flavour
    ignore_case: bool
    dot_all: bool
    ascii: bool
    literal: str | None = None
    """The character, when only this one (or, with `ignore_case`, its other cases) matches."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items one after the other; no item matches the empty text."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`least` to `most` times; `most` is None when there is no upper bound."""

    item: Node
    least: int
    most: int | None
    start: int = 0
    """Offset in the pattern at which the repeated item begins."""
    end: int = 0
    """Offset in the pattern just past the repeat sign."""
    is_lazy: bool = field(default=False, compare=False)
    """Whether fewer times are tried before more."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look-ahead or look-behind."""

    item: Node
    ahead: bool
    negated: bool
    start: int = field(default=0, compare=False)
    """Offset in the pattern at which it begins."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A zero-width place; `word` is the test of a word character that its engine applies."""

    kind: AnchorKind
    word: Atom


Node: TypeAlias = Atom | Sequence | Choice | Repeat | Look | Anchor


class Untold(NamedTuple):
    """Something in a pattern that its tree leaves out, so that the tree matches more."""

    what: Literal["back-reference", "atomic group", "possessive repeat"]
    position: int
    """Offset in the pattern at which it begins."""


class Widths(NamedTuple):
    """How far a pattern reaches, in characters; None means without bound."""

    least: int
    most: int | None
    before: int | None
    """Characters to the left of its start that it can look at."""
    after: int | None
    """Characters to the right of its end that it can look at."""


def measure(node: Node) -> Widths:
    """Return how far `node` reaches."""
    match node:
        case Atom():
            return Widths(1, 1, 0, 0)
        case Sequence(items):
            return _measure_sequence([measure(item) for item in items])
        case Choice(options):
            each = [measure(option) for option in options]
            return Widths(
                min(w.least for w in each), *(_largest(column) for column in list(zip(*each, strict=True))[1:])
            )
        case Repeat(item, least, most):
            w = measure(item) if most != 0 else Widths(0, 0, 0, 0)
            longest = 0 if w.most == 0 else None if most is None or w.most is None else w.most * most
            return Widths(w.least * least, longest, w.before, w.after)
        case Look(item, ahead):
            w = measure(item)
            reach = _plus(w.most, w.after if ahead else w.before)
            return Widths(0, 0, w.before if ahead else reach, reach if ahead else w.after)
        case Anchor(kind):
            before = kind not in {AnchorKind.TEXT_END, AnchorKind.LINE_END}
            after = kind not in {AnchorKind.TEXT_START, AnchorKind.LINE_START}
            return Widths(0, 0, int(before), int(after))


def _measure_sequence(each: list[Widths]) -> Widths:
    total = sum(w.least for w in each)
    passed = 0
    most: int | None = 0
    before: int | None = 0
    after: int | None = 0
    for w in each:
        before = _largest((before, None if w.before is None else max(0, w.before - passed)))
        passed += w.least
        after = _largest((after, None if w.after is None else max(0, w.after - (total - passed))))
        most = _plus(most, w.most)
    return Widths(total, most, before, after)


def unbounded_repeat(node: Node) -> Repeat | None:
    """Return the first repeat in `node` that has no upper bound, or None."""
    match node:
        case Repeat(item, _, most):
            return node if most is None else unbounded_repeat(item)
        case Sequence(parts) | Choice(parts):
            return next((found for part in parts if (found := unbounded_repeat(part)) is not None), None)
        case Look(item):
            return unbounded_repeat(item)
    return None


def _plus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _largest(values: tuple[int | None, ...]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known, default=0) if len(known) == len(values) else None
