"""How far patterns reach."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, Widths, measure, unbounded_repeat
from tests.support.scale import examples


@pytest.mark.parametrize(
    ("pattern", "least", "most", "before", "after"),
    [
        ("", 0, 0, 0, 0),
        ("abc", 3, 3, 0, 0),
        ("a|bcd|", 0, 3, 0, 0),
        ("(?:ab?){2,5}", 2, 10, 0, 0),
        ("(?:){3,}", 0, 0, 0, 0),
        ("a+b", 2, None, 0, 0),
        (r"\babc\b", 3, 3, 1, 1),
        (r"ab\bcd", 4, 4, 0, 0),
        (r"(?<!\w\w)a(?!bcd)", 1, 1, 2, 3),
        (r"(?<=\bx)a", 1, 1, 2, 0),
        (r"(?<=x+)a(?=.*b)", 1, 1, None, None),
        (r"a(?=bcd)ef", 3, 3, 0, 1),
        (r"^a$", 1, 1, 1, 2),
        (r"(?m)^a$", 1, 1, 1, 1),
        (r"(a{2})b\1", 5, 5, 0, 0),
        (r"(?:\ba+){0}b", 1, 1, 0, 0),
    ],
)
def test_widths(pattern: str, least: int, most: int | None, before: int | None, after: int | None) -> None:
    assert measure(parse_pattern(PatternSource(pattern))) == Widths(least, most, before, after)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("abc", None),
        ("a{3,}?b", "a{3,}"),
        ("x(?:a|(?:b.*)?)c+", ".*"),
        ("(?:ab){2,9}[x+]+", "[x+]+"),
        ("(?=a*)b", "a*"),
    ],
)
def test_unbounded_repeats_are_located(pattern: str, written: str | None) -> None:
    found = unbounded_repeat(parse_pattern(PatternSource(pattern)))
    assert (found and pattern[found.start : found.end]) == written


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "."]),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda each: f"({'|'.join(each)})")
        | st.builds("({}){}".format, inner, st.sampled_from(["?", "*", "{2}", "{1,3}"]))
    ),
    max_leaves=5,
)


@settings(max_examples=examples(200), deadline=None)
@given(PATTERNS, st.text("ab", max_size=12))
def test_no_match_is_outside_the_widths(pattern: str, text: str) -> None:
    widths = measure(parse_pattern(PatternSource(pattern)))
    for start in range(len(text) + 1):
        if match := regex.compile(pattern).match(text, start):
            assert widths.least <= match.end() - start
            assert widths.most is None or match.end() - start <= widths.most
