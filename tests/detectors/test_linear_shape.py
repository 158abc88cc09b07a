"""A pattern in its parts: what is matched, what stands beside it, what is asked."""

from __future__ import annotations

from detectors.byte_alphabet import NEWLINE, ByteAlphabet
from detectors.linear_shape import Shape, Side, shape_of
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Atom, PatternSource

_LITERALS = [Atom(char, "regex", False, False, False, char) for char in "ab"]
_NEWLINE = Atom("\n", "regex", False, False, False, "\n")
_ALPHABET = ByteAlphabet(_LITERALS, None, _NEWLINE)
A, B = (next(iter(_ALPHABET.members(atom))) for atom in _LITERALS)


def _shape(pattern: str) -> Shape:
    return shape_of(parse_pattern(PatternSource(pattern, multi_line=True)), _ALPHABET, _NEWLINE)


def _class(*codes: int) -> str:
    return "[" + "".join(rf"\x{code:02x}" for code in sorted(codes)) + "]"


def test_a_pattern_without_conditions_is_all_core() -> None:
    """Nothing is read beside it, and no group is needed."""
    shape = _shape("a+?b{1,3}")
    assert shape == Shape(rf"(?:{_class(A)}){{1,}}?(?:{_class(B)}){{1,3}}", None, "", ())
    assert (shape.bare(), shape.led(), shape.is_grouped) == (shape.core, None, False)


def test_one_character_beside_a_match_is_read_with_it() -> None:
    """Before it and behind it, or the edge of the text."""
    shape = _shape("(?<!a)a(?!b)")
    assert shape.before == Side(_ALPHABET.all - {A}, at_edge=True)
    assert shape.bare() == rf"({_class(A)})(?:{_class(*_ALPHABET.all - {B})}|\z)"
    assert shape.led() == _class(*_ALPHABET.all - {A}) + shape.bare()


def test_alternatives_of_edges_and_characters_are_one_condition() -> None:
    """As those of Presidio's deny lists are."""
    assert _shape("(?:^|(?<=b))a").before == Side(frozenset({B, NEWLINE}), at_edge=True)
    assert _shape("(?<=a)(?<!b|^)a").before == Side(frozenset({A}), at_edge=False)


def test_conditions_at_the_beginning_are_asked() -> None:
    """Ahead, and behind where the width is known."""
    shape = _shape("(?!ab)(?<=ba)a")
    assert [(ask.back, ask.negated) for ask in shape.asks] == [(0, True), (2, False)]
    assert shape.before is None
