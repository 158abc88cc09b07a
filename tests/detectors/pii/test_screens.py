"""Screens: cheap tests that never lose a match, for any pattern and any text."""

from __future__ import annotations

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.pii.catalogue import make_recognizers, recognizer_classes
from detectors.pii.presidio import DEFAULT_ENTITIES
from detectors.pii.readings import Allowance
from detectors.pii.rules import Rule, make_rules
from detectors.pii.screens import ORDINARY_TEXT, required, screen
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource
from tests.support.scale import examples

PATTERN_ENTITIES = [e for e, c in recognizer_classes().items() if hasattr(c[0], "PATTERNS")]
RULES = [
    pytest.param(rule, id=f"{entity}-{n}")
    for entity in PATTERN_ENTITIES
    for n, rule in enumerate(make_rules(entity, make_recognizers(entity, "en", ("US",))[0]))
]


def screen_of(pattern: str) -> regex.Pattern[str] | None:
    needed = required(parse_pattern(PatternSource(pattern)))
    return None if needed is None else screen(needed.atoms)


@pytest.mark.parametrize(
    ("pattern", "passes", "stops"),
    [
        (r"[a-z]+@[a-z]+", ["@"], ["ab", ""]),
        (r"\d{3}-?\d", ["1", "٣"], ["-", "a"]),
        (r"(?:cat|\d)z", ["z"], ["cat", "5"]),
        (r"a|7", ["a", "7"], ["b"]),
        (r"[^a]", ["b"], ["a"]),
        (r"[-x]@?", ["-", "x"], ["y", "@"]),
        (r"[]x]", ["]", "x"], ["y"]),
        (r"(?=[a-z]*\d)[a-z]+", ["a1", "1"], ["ab"]),
        (r"(?=a*z)[a-e]", ["az"], ["ab"]),
    ],
)
def test_a_screen_asks_for_what_a_match_cannot_do_without(
    pattern: str, passes: list[str], stops: list[str]
) -> None:
    """The rarest of the characters that every match holds."""
    found = screen_of(pattern)
    assert found is not None
    assert all(found.search(text) for text in passes)
    assert not any(found.search(text) for text in stops)


@pytest.mark.parametrize(
    ("pattern", "lead"),
    [
        ("@a", 0),
        (r"[a-z]{2}\d", 2),
        (r"a+@", None),
        (r"ab(?=c?@)d", 3),
        (r"(?:ab@|@)c", 2),
        (r"(?:x?@){3}", 1),
        ("a?b?@", 2),
    ],
)
def test_the_lead_is_how_far_in_a_required_character_can_be(pattern: str, lead: int | None) -> None:
    """In characters from the start of a match; none where there is no bound."""
    needed = required(parse_pattern(PatternSource(pattern)))
    assert needed is not None
    assert needed.lead == lead


@pytest.mark.parametrize("pattern", [r"a?", r"(?!a)b?", r"\b"])
def test_a_pattern_that_needs_no_character_has_no_screen(pattern: str) -> None:
    """Then every text is searched."""
    assert screen_of(pattern) is None


@pytest.mark.parametrize("rule", RULES)
# Texts are made from the pattern; where it has look-aheads, most that are drawn do not meet them.
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_no_match_of_presidios_patterns_is_lost(rule: Rule, data: st.DataObject) -> None:
    """What a pattern of Presidio matches passes its screen."""
    assert rule.screen is not None
    bare = regex.sub(r"\(\?<[=!](?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)", "", rule.source.pattern)
    try:
        text = data.draw(st.from_regex(regex_to_re(bare)))
    except (ValueError, TypeError, NotImplementedError):
        text = data.draw(st.text("0123456789abcdef:.-@/ AZſK٣", max_size=40))
    for found in rule.matcher.on(text, Allowance()).finditer(0, len(text)):
        start, _ = found.span()
        needed = rule.screen.search(text, start)  # in the match, or in what it sees ahead
        assert needed is not None
        assert rule.lead is None or needed.start() - start <= rule.lead


def regex_to_re(pattern: str) -> str:
    """Return the pattern for Python's `re`, which wants global flags in front."""
    return "(?is)" + pattern.replace("(?i)", "")


def test_ordinary_text_meets_no_screen_of_the_default_entities_but_digits_and_colons() -> None:
    """So that on words alone no pattern is run."""
    words = regex.sub(r"[\d:]", "", ORDINARY_TEXT)
    for entity in set(DEFAULT_ENTITIES) - {"PHONE_NUMBER"}:
        for rule in make_rules(entity, make_recognizers(entity, "en", ("US",))[0]):
            assert rule.screen is not None
            assert not rule.screen.search(words)
