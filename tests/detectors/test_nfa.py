"""The automaton's alphabet, conditions and size."""

from __future__ import annotations

import pytest

from detectors.nfa import MAX_UNROLLED, Alphabet, Condition, Nfa, Sight, is_met
from detectors.regex_tree import Atom, PatternSource, UnsupportedPatternError


def atom(source: str, *, ignore_case: bool = False, flavour: str = "regex") -> Atom:
    return Atom(source, flavour, ignore_case, dot_all=False, ascii=False)  # type: ignore[arg-type]


def test_equal_atoms_share_a_bit() -> None:
    alphabet = Alphabet()
    assert [alphabet.bit(atom(source)) for source in ("a", r"\d", "a", "[ab]")] == [1, 2, 1, 4]
    assert [alphabet.mask(char) for char in "ab1x"] == [5, 4, 2, 0]


def test_masks_follow_the_engine() -> None:
    alphabet = Alphabet()
    for each in (atom("k", ignore_case=True), atom(r"\w"), atom(r"\w", flavour="re2"), atom(".", flavour="re2")):
        alphabet.bit(each)
    assert [alphabet.mask(char) for char in ("K", "\u212a", "é", "\n", "\ud800")] == [15, 11, 10, 0, 8]


def test_what_is_no_character_class_is_an_error() -> None:
    with pytest.raises(UnsupportedPatternError, match=r"'\[z-a\]' is not a character class: "):
        Alphabet().bit(atom("[z-a]"))


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        # before and after the place: nothing, a character without the bit, one with it
        (Condition(Sight.BEFORE, 1), ["  x", "  x", "  x"]),
        (Condition(Sight.BEFORE, 1, negated=True), ["xx ", "xx ", "xx "]),
        (Condition(Sight.BEFORE, 1, at_edge=True), ["x x", "x x", "x x"]),
        (Condition(Sight.BEFORE, 1, negated=True, at_edge=True), [" x ", " x ", " x "]),
        (Condition(Sight.AFTER, 1), ["   ", "   ", "xxx"]),
        (Condition(Sight.AFTER, 1, negated=True), ["   ", "xxx", "   "]),
        (Condition(Sight.BOTH, 1), ["   ", "  x", "xx "]),
        (Condition(Sight.BOTH, 1, negated=True), ["   ", "xx ", "  x"]),
    ],
)
def test_conditions(condition: Condition, met: list[str]) -> None:
    """A line for each character after, a column for each before. At the end of the text what follows is open."""
    sides = (None, 2, 3)
    assert ["".join("x" if is_met(condition, before, after) else " " for before in sides) for after in sides] == met


def test_size_is_bounded_by_what_is_unrolled() -> None:
    """Repeats within the bound are counted; others become loops, so that size does not multiply."""
    sizes = []
    for pattern in (f"a{{{MAX_UNROLLED}}}", "a{1,1000}", "(?:(?:a{60}){60}){60}"):
        nfa = Nfa()
        nfa.add_pattern(PatternSource(pattern), 10)
        sizes.append(nfa.state_count)
    assert sizes[0] >= MAX_UNROLLED
    assert sizes[1] < 10
    assert sizes[2] < 10_000
