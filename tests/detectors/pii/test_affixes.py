"""Affixes: those that fit a first or last character say what all of them say."""

from __future__ import annotations

import random
import re

import pytest
import spacy

from detectors.pii.affixes import Affixes, Infixes, always_holds, see_digits_alike, take_no_digits
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource

SIGNS = [*"ab01.,:;-()/'\"%$#@!?+=<>_*&A£°…—", "km", "'s", "US$", "..", "--", "°C."]
LANGUAGES = ("en", "de", "fr", "it", "hu")


def pieces(seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(SIGNS, k=rng.randint(1, 8))) for _ in range(1500)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_split_off_is_what_spacy_splits_off(language: str) -> None:
    """The length of prefixes and suffixes, and the places of infixes, are those of the joined patterns."""
    blank = spacy.blank(language)
    rules, lists = blank.tokenizer, blank.Defaults
    first, last = ([part for part in parts if part.strip()] for parts in (lists.prefixes, lists.suffixes))
    prefixes, suffixes = Affixes(first, at_end=False), Affixes(last, at_end=True)
    infixes = Infixes(lists.infixes)
    for piece in pieces(5):
        assert prefixes.length(piece) == rules.find_prefix(piece)
        assert suffixes.length(piece) == rules.find_suffix(piece)
        assert list(infixes.spans(piece)) == [found.span() for found in rules.find_infix(piece)]


def test_a_pattern_that_is_not_tied_to_an_end_is_always_asked() -> None:
    """An alternative without its anchor may match anywhere."""
    assert Affixes(["a|b"], at_end=False).length("xxb") == 1
    assert Affixes(["a"], at_end=False).length("xa") == 0
    assert Affixes([], at_end=True).length("a") == 0
    assert list(Infixes([]).spans("a-b")) == []


def test_what_patterns_are_about() -> None:
    """Whether digits differ for them, are taken by them, and whether a character is in every match."""

    def tree(pattern: str) -> list[object]:
        return [parse_pattern(PatternSource(pattern))]

    assert see_digits_alike(tree(r"(?<=[0-9])km"))  # type: ignore[arg-type]
    assert not see_digits_alike(tree("[1-9]x"))  # type: ignore[arg-type]
    assert not see_digits_alike([None])
    assert take_no_digits(tree(r"(?<=[0-9])km"))  # type: ignore[arg-type]
    assert not take_no_digits(tree(r"\dkm"))  # type: ignore[arg-type]
    assert always_holds(".", re.compile(r"a(?:b\.|\.c)+").match)
    assert not always_holds(".", re.compile(r"a(?:b\.|c)").match)
    assert not always_holds(".", None)
