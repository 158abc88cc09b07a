"""What spaCy's rules split off a piece of text, each asked only where it could match.

The rules of a language are some two hundred patterns joined to three, and most of them begin or end with one
certain sign. Asking all of them at every character costs 20 to 80 us a word, asking those that fit the first or
last character of a piece far less. The patterns are spaCy's; nothing here knows what they are about.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from detectors.pii.screens import required, screen
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import (
    Anchor,
    AnchorKind,
    Atom,
    Choice,
    Look,
    PatternSource,
    Repeat,
    Sequence,
    UnsupportedPatternError,
    measure,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import regex

    from detectors.regex_tree import Node

MAX_KNOWN_SIGNS = 2_048
"""For how many characters, or sets of them, the patterns that fit are remembered."""

_DIGITS = "0123456789"


class _Part(NamedTuple):
    """One of the patterns that spaCy joined."""

    source: str
    tree: Node | None
    """None when it cannot be read here."""
    edge: regex.Pattern[str] | None
    """A match begins, or ends, with a character that this finds; None when that is not known."""
    most: int | None
    """The longest match."""


class Affixes:
    """The patterns of prefixes, or of suffixes, of one language."""

    def __init__(self, sources: Iterable[str], *, at_end: bool) -> None:
        written = [f"{source}$" if at_end else f"^{source}" for source in sources]
        self._at_end = at_end
        self._parts = [_affix(source, at_end=at_end) for source in written]
        self._fitting: dict[str, tuple[re.Pattern[str], int | None] | None] = {}

    def length(self, text: str) -> int:
        """Return how many characters are to be split off."""
        sign = text[-1:] if self._at_end else text[:1]
        if sign not in self._fitting:
            if len(self._fitting) >= MAX_KNOWN_SIGNS:
                self._fitting.clear()
            self._fitting[sign] = self._fit(sign)
        fitting = self._fitting[sign]
        if fitting is None:
            return 0
        pattern, most = fitting
        start = len(text) - most if self._at_end and most is not None else 0
        found = pattern.search(text, max(start, 0))
        return 0 if found is None else found.end() - found.start()

    def _fit(self, sign: str) -> tuple[re.Pattern[str], int | None] | None:
        fitting = [part for part in self._parts if part.edge is None or part.edge.match(sign)]
        if not fitting:
            return None
        most = [part.most for part in fitting]
        longest = None if None in most else max(each for each in most if each is not None)
        return re.compile("|".join(part.source for part in fitting)), longest

    def trees(self) -> list[Node | None]:
        """Return the patterns, read; None for each that cannot be."""
        return [part.tree for part in self._parts]


class Infixes:
    """The patterns at which one language splits what is left in the middle."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._parts = [_infix(source) for source in sources]
        needed = [_needed(part.tree) for part in self._parts]
        known = [atoms for atoms in needed if atoms is not None]
        self._screen = screen(frozenset().union(*known)) if len(known) == len(needed) else None
        self._fitting: dict[str, re.Pattern[str] | None] = {}

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the text is to be split."""
        signs = "" if self._screen is None else "".join(sorted(set(self._screen.findall(text))))
        if not signs and self._screen is not None:
            return
        if signs not in self._fitting:
            if len(self._fitting) >= MAX_KNOWN_SIGNS:
                self._fitting.clear()
            self._fitting[signs] = self._fit(signs)
        pattern = self._fitting[signs]
        if pattern is not None:
            for found in pattern.finditer(text):
                yield found.span()

    def _fit(self, signs: str) -> re.Pattern[str] | None:
        """Return the patterns that need one of `signs`, all of them when it is not known what they need."""
        is_known = self._screen is not None
        fitting = [p.source for p in self._parts if not is_known or p.edge is None or p.edge.search(signs)]
        return _compiled("|".join(fitting)) if fitting else None

    def trees(self) -> list[Node | None]:
        """Return the patterns, read; None for each that cannot be."""
        return [part.tree for part in self._parts]


_compiled = cache(re.compile)


def _affix(source: str, *, at_end: bool) -> _Part:
    tree = _read(source)
    items = tree.items if isinstance(tree, Sequence) else ()
    anchor = items[-1 if at_end else 0] if items else None
    kinds = {AnchorKind.TEXT_END, AnchorKind.LINE_END} if at_end else {AnchorKind.TEXT_START}
    if tree is None or not isinstance(anchor, Anchor) or anchor.kind not in kinds:
        return _Part(source, tree, None, None)
    atoms, may_be_empty = _edge(tree, at_end=at_end)
    return _Part(source, tree, None if may_be_empty else screen(atoms), measure(tree).most)


def _infix(source: str) -> _Part:
    tree = _read(source)
    atoms = _needed(tree)
    return _Part(source, tree, None if atoms is None else screen(atoms), None)


def _read(source: str) -> Node | None:
    try:
        return parse_pattern(PatternSource(source))
    except UnsupportedPatternError:
        return None


def _edge(node: Node, *, at_end: bool) -> tuple[frozenset[Atom], bool]:
    """Return with what a match of `node` can begin or end, and whether it may be empty."""
    match node:
        case Atom():
            return frozenset((node,)), False
        case Sequence(items):
            found: frozenset[Atom] = frozenset()
            for item in reversed(items) if at_end else items:
                atoms, may_be_empty = _edge(item, at_end=at_end)
                found |= atoms
                if not may_be_empty:
                    return found, False
            return found, True
        case Choice(options):
            each = [_edge(option, at_end=at_end) for option in options]
            return frozenset().union(*(atoms for atoms, _ in each)), any(is_empty for _, is_empty in each)
        case Repeat(item, least):
            atoms, may_be_empty = _edge(item, at_end=at_end)
            return atoms, may_be_empty or not least
    return frozenset(), True


def _needed(tree: Node | None) -> frozenset[Atom] | None:
    """Return characters of which a piece holds at least one where the pattern matches in it."""
    if tree is None:
        return None
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    looked = [item.item for item in items if isinstance(item, Look) and not item.negated]
    each = (required(node) for node in (tree, *looked))
    return next((found.atoms for found in each if found is not None), None)


def always_holds(sign: str, method: Any) -> bool:  # noqa: ANN401 - a method of a compiled pattern
    """Whether every match of the pattern that a method asks holds this character."""
    tree = None if method is None else _read(method.__self__.pattern)
    return tree is not None and _has(sign, tree)


def _has(sign: str, node: Node) -> bool:
    match node:
        case Atom():
            return node.literal == sign
        case Sequence(items):
            return any(_has(sign, item) for item in items)
        case Choice(options):
            return all(_has(sign, option) for option in options)
        case Repeat(item, least):
            return least > 0 and _has(sign, item)
    return False


def see_digits_alike(trees: Iterable[Node | None]) -> bool:
    """Whether the patterns match alike whatever the ASCII digits of a piece are."""
    return all(tree is not None and all(_sees_alike(atom) for atom in _atoms(tree)) for tree in trees)


def take_no_digits(trees: Iterable[Node | None]) -> bool:
    """Whether no ASCII digit is ever part of what the patterns match."""
    read = [None if tree is None else _atoms(tree, looks=False) for tree in trees]
    return all(atoms is not None and not any(map(_digits_of, atoms)) for atoms in read)


def _sees_alike(atom: Atom) -> bool:
    return _digits_of(atom) in {0, len(_DIGITS)}


def _atoms(node: Node, *, looks: bool = True) -> Iterator[Atom]:
    match node:
        case Atom():
            yield node
        case Sequence(nodes) | Choice(nodes):
            for each in nodes:
                yield from _atoms(each, looks=looks)
        case Repeat(item):
            yield from _atoms(item, looks=looks)
        case Look(item):
            if looks:
                yield from _atoms(item, looks=looks)


@cache
def _digits_of(atom: Atom) -> int:
    """Return how many of the ASCII digits an atom matches."""
    if atom.literal is not None and not atom.ignore_case:
        return int(atom.literal in _DIGITS)
    return len(screen((atom,)).findall(_DIGITS))
