"""Where a match can begin before the sign by which it is looked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pii.approaches import Approach, approach
from detectors.pii.catalogue import make_recognizers
from detectors.pii.readings import Allowance
from detectors.pii.rules import MAX_SPAN, Stretches, make_rules
from detectors.pii.screens import required
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource
from tests.support.scale import examples

(EMAIL,) = make_rules("EMAIL_ADDRESS", make_recognizers("EMAIL_ADDRESS", "en", ("US",))[0])
PIECES = ("a", "b.c", "@", "@", ".", "-", "x.co", " ", "é", "+", "_", "٣", "1", "\n", "a@b.co", "\ud800")


def approach_of(pattern: str) -> Approach | None:
    return approach(required(parse_pattern(PatternSource(pattern))))


@pytest.mark.parametrize("pattern", [r"[ab@]+@c", r"x+y", r"@a", r"a?", r"(?:[a-z]+|\d+)[^a]"])
def test_a_sign_that_cannot_be_told_from_what_stands_before_it_has_no_approach(pattern: str) -> None:
    """Letters have cases, what may stand before the sign must not be the sign, and something must."""
    assert approach_of(pattern) is None


def test_a_sign_is_looked_at_from_both_sides() -> None:
    """How far back a match may begin, and whether what follows fits; outside ASCII it always may."""
    found = approach_of(r"\b[a-z.]+@\w+\.\w+")
    assert found is not None
    text = "to jane.roe@example.com, or x@y z@é"
    assert found.begin(text, 0, text.index("@")) == 3
    assert found.begin(text, 6, text.index("@")) == 6
    ends = [place for place, sign in enumerate(text) if sign == "@"]
    assert [found.may_follow(text, place, place + 6) for place in ends] == [False, True, True]
    assert [found.may_follow(text, place, len(text) - 1) for place in ends] == [True, False, False]


@settings(max_examples=examples(500), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_the_matches_are_those_of_finditer(text: str) -> None:
    """Addresses, near misses and signs in any order."""
    assert EMAIL.approach is not None
    expected = [found.span() for found in EMAIL.matcher.on(text, Allowance()).finditer(0, len(text))]
    assert [
        (match.start, match.end) for match in EMAIL.matches(text, 0, Allowance(), Stretches(text, 0))
    ] == expected


def test_what_is_no_address_is_not_tried_from_each_of_its_characters() -> None:
    """A sign behind which no domain stands costs one look, however much stands before it."""
    tried: list[int] = []

    class Spy:
        def on(self, *_: object) -> Spy:
            return self

        def search(self, *args: object) -> None:
            tried.append(len(args))

    text = ("a-" * (MAX_SPAN // 2) + "@ ") * 20
    rule = EMAIL.__class__(**{name: getattr(EMAIL, name) for name in EMAIL.__slots__} | {"matcher": Spy()})
    assert list(rule.matches(text, 0, Allowance(), Stretches(text, 0))) == []
    assert tried == []
    assert list(rule.matches("a@b.co", 0, Allowance(), Stretches("a@b.co", 0))) == []
    assert len(tried) == 1
