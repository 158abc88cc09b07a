"""Patterns as one Thompson automaton over characters, kept by its incoming edges: it is meant to be run backwards.

Data and how it is built. Running it is the work of `detectors.automaton`, which also says what is approximate here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import re2
import regex

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import (
    Anchor,
    AnchorKind,
    Atom,
    Choice,
    Look,
    Repeat,
    Sequence,
    UnsupportedPatternError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as SequenceOf

    from detectors.regex_tree import Node, PatternSource

MAX_UNROLLED = 64
"""Repeats up to this bound are counted exactly. A card number, an IBAN or a key is shorter."""

MAX_UNROLLED_STATES = 4_000
"""Largest piece a bounded repeat may become; beyond it the upper bound is dropped. Keeps `(a{64}){64}` small."""

MAX_STATES = 100_000
"""Most states of one detector: several times what all of Presidio's patterns together need."""


class Sight(Enum):
    """Which neighbours a zero-width step looks at."""

    BEFORE = "the character before"
    AFTER = "the character after"
    BOTH = "whether one side is among the bits and the other is not"


class Condition(NamedTuple):
    """What a zero-width step asks of its neighbours."""

    sight: Sight
    bits: int = 0
    """Bits of the masks of `Alphabet`: a neighbour with any of them will do."""
    negated: bool = False
    at_edge: bool = False
    """Whether the start of the text will do as well."""


def is_met(condition: Condition, before: int | None, after: int | None) -> bool:
    """Judge `condition` between characters with these masks; None is the edge of the text.

    At the end of the text a condition on what follows is open, not met: its state is live by itself.
    """
    sight, bits, negated, at_edge = condition
    if sight is Sight.BEFORE:
        return (at_edge if before is None else bool(before & bits)) is not negated
    if after is None:
        return False
    if sight is Sight.AFTER:
        return bool(after & bits) is not negated
    return (bool((before or 0) & bits) is not bool(after & bits)) is not negated


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Maps a character to the bit mask of the atoms that match it."""

    atoms: dict[Atom, int] = field(default_factory=dict)
    masks: dict[str, int] = field(default_factory=dict)
    _tests: list[Callable[[str], object]] = field(default_factory=list)

    def bit(self, atom: Atom) -> int:
        """Return the mask with only the bit of `atom`."""
        index = self.atoms.get(atom)
        if index is None:
            index = self.atoms[atom] = len(self._tests)
            self._tests.append(_character_test(atom))
        return 1 << index

    def mask(self, char: str) -> int:
        """Return the bits of the atoms that match `char`."""
        found = self.masks.get(char)
        if found is None:
            # RE2 reads UTF-8, which has no lone surrogates; its callers show it U+FFFD in their place.
            seen = "\ufffd" if "\ud800" <= char <= "\udfff" else char
            found = sum(1 << i for i, test in enumerate(self._tests) if test(seen))
            self.masks[char] = found
        return found


def _character_test(atom: Atom) -> Callable[[str], object]:
    if atom.literal is not None and not atom.ignore_case:
        return atom.literal.__eq__
    try:
        return _compiled_re2(atom) if atom.flavour == "re2" else _compiled_regex(atom)
    except (re2.error, regex.error) as cause:
        raise UnsupportedPatternError(f"{atom.source!r} is not a character class: {cause}", 0) from cause


def _compiled_re2(atom: Atom) -> Callable[[str], object]:
    options = re2.Options()
    options.case_sensitive = not atom.ignore_case
    options.dot_nl = atom.dot_all
    options.log_errors = False
    test: Callable[[str], object] = re2.compile(atom.source, options).fullmatch
    return test


def _compiled_regex(atom: Atom) -> Callable[[str], object]:
    flags = regex.VERSION0
    flags |= regex.IGNORECASE if atom.ignore_case else 0
    flags |= regex.DOTALL if atom.dot_all else 0
    flags |= regex.ASCII if atom.ascii else 0
    return regex.compile(atom.source, flags).fullmatch


class Nfa:
    """The Thompson automaton of all patterns, kept by its incoming edges."""

    def __init__(self) -> None:
        self.alphabet = Alphabet()
        self.state_count = 0
        self.consuming: dict[int, list[tuple[int, int]]] = defaultdict(list)
        """state -> (bit, the state before it)"""
        self.stepping: dict[int, list[tuple[Condition | None, int]]] = defaultdict(list)
        """state -> (condition, the state before it)"""
        self.live: set[int] = set()
        """States in which a text that ends here may go on, or waits for the next character."""
        self.starts: dict[int, int] = {}
        """Where a pattern begins -> the longest span of its matches."""

    def add_pattern(self, source: PatternSource, max_span: int) -> None:
        """Add a pattern whose matches are at most `max_span` characters long. Raises UnsupportedPatternError."""
        start = self._state()
        self.starts[start] = max_span
        self._add(parse_pattern(source), start)

    def _state(self) -> int:
        if self.state_count >= MAX_STATES:
            raise UnsupportedPatternError(
                f"the patterns need more than {MAX_STATES} states: shorten the repeats", 0
            )
        self.state_count += 1
        return self.state_count - 1

    def _step(self, source: int, target: int, condition: Condition | None = None) -> None:
        self.stepping[target].append((condition, source))
        if condition is not None and condition.sight is not Sight.BEFORE:
            self.live.add(source)

    def _add(self, node: Node, source: int) -> int:
        """Add `node` after the state `source`; return the state after it."""
        match node:
            case Atom():
                target = self._state()
                self.consuming[target].append((self.alphabet.bit(node), source))
                self.live.add(source)
                return target
            case Sequence(items):
                return reduce(lambda state, item: self._add(item, state), items, source)
            case Choice(options):
                return self._add_choice(options, source)
            case Repeat(item, least, most):
                return self._add_repeat(item, least, most, source)
            case Look():
                return self._add_look(node, source)
            case Anchor():
                return self._add_conditional(self._anchor_condition(node), source)

    def _add_choice(self, options: SequenceOf[Node], source: int) -> int:
        target = self._state()
        for option in options:
            self._step(self._add(option, source), target)
        return target

    def _add_repeat(self, item: Node, least: int, most: int | None, source: int) -> int:
        size = max(1, _size(item))
        copies = min(MAX_UNROLLED, max(1, MAX_UNROLLED_STATES // size))
        if most is not None and most > copies:
            most = None
        for _ in range(min(least, copies)):
            source = self._add(item, source)
        if most is None:
            loop = self._state()
            self._step(source, loop)
            self._step(self._add(item, loop), loop)
            return loop
        target = self._state()
        self._step(source, target)
        for _ in range(most - least):
            source = self._add(item, source)
            self._step(source, target)
        return target

    def _add_look(self, look: Look, source: int) -> int:
        bits, at_edge = self._single_character(look.item, ahead=look.ahead)
        if bits is not None:
            sight = Sight.AFTER if look.ahead else Sight.BEFORE
            return self._add_conditional(Condition(sight, bits, look.negated, at_edge), source)
        if look.ahead:
            self._add(look.item, source)  # while a text is inside it, what the look-ahead says is open
        return source

    def _single_character(self, node: Node, *, ahead: bool) -> tuple[int | None, bool]:
        """Return the bits of the one character `node` looks at, and whether the edge of the text will do."""
        options = node.options if isinstance(node, Choice) else (node,)
        bits, at_edge = 0, False
        for option in options:
            match option:
                case Atom():
                    bits |= self.alphabet.bit(option)
                case Anchor(AnchorKind.TEXT_START) if not ahead:
                    at_edge = True
                case Anchor(AnchorKind.TEXT_END) if ahead:
                    at_edge = True
                case Anchor(AnchorKind.LINE_START) if not ahead:
                    at_edge, bits = True, bits | self._newline(option)
                case _:
                    return None, False
        return bits, at_edge

    def _add_conditional(self, condition: Condition, source: int) -> int:
        target = self._state()
        self._step(source, target, condition)
        return target

    def _anchor_condition(self, anchor: Anchor) -> Condition:
        match anchor.kind:
            case AnchorKind.WORD_BOUNDARY:
                return Condition(Sight.BOTH, self.alphabet.bit(anchor.word))
            case AnchorKind.NOT_WORD_BOUNDARY:
                return Condition(Sight.BOTH, self.alphabet.bit(anchor.word), negated=True)
            case AnchorKind.TEXT_START:
                return Condition(Sight.BEFORE, at_edge=True)
            case AnchorKind.LINE_START:
                return Condition(Sight.BEFORE, self._newline(anchor), at_edge=True)
            case AnchorKind.TEXT_END:
                return Condition(Sight.AFTER)
            case AnchorKind.LINE_END:
                return Condition(Sight.AFTER, self._newline(anchor))

    def _newline(self, anchor: Anchor) -> int:
        return self.alphabet.bit(
            Atom("\n", anchor.word.flavour, ignore_case=False, dot_all=False, ascii=False, literal="\n")
        )


def _size(node: Node) -> int:
    """Return about how many states `node` becomes."""
    match node:
        case Sequence(items):
            return sum(map(_size, items))
        case Choice(options):
            return 1 + sum(map(_size, options))
        case Repeat(item, least, most):
            return 1 + _size(item) * max(1, min(MAX_UNROLLED, max(least, most or 0)))
        case Look(item):
            return 1 + _size(item)
    return 1
