"""What is told of patterns that can take long."""

from __future__ import annotations

import pytest

from detectors.backtracking import ENDLESS_WAYS, advice_on, ways_of
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("abc", 1),
        ("[ab]{3}", 1),
        ("a|b|c", 3),
        ("a?b?", 4),
        ("a{2,5}", 4),
        (r"\w+", 300),
        (r"\w+ \w+", 90_000),
        ("(?:a|a){3}", 8),
        ("(?:a|a)*b", ENDLESS_WAYS),
        ("(?:a+)+b", ENDLESS_WAYS),
    ],
)
def test_ways_to_read_a_text(pattern: str, ways: float) -> None:
    """From one place on, at most."""
    assert ways_of(parse_pattern(PatternSource(pattern))) == ways


@pytest.mark.parametrize(
    "pattern",
    [r"(?:a|a)*b", r"(?<!\d)\d+(?:-\d+)+(?!\d)", r"(\w)\1", r"\d+(?<!0)", r"(?<=claim:?\s*)\w+"],
)
def test_nothing_is_said_where_nothing_can_happen(pattern: str) -> None:
    """It runs in linear time, or has few ways to read anything."""
    assert advice_on(PatternSource(pattern), 0.05) is None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (
            r"(?:\d+(?=\d))+x",
            ["its look-ahead (character 7)", "can double with each character", "end of the pattern"],
        ),
        (
            r"(\w+) \1",
            ["its back-reference (character 7)", "grows faster than the text", "write the repeated part"],
        ),
        (r"(?>a+|b+)+c", ["its atomic group (character 1)", "write '(?:' for '(?>'"]),
        (r"x\d++y\w+z\w+", ["its possessive repeat (character 2)", "leave the '+'"]),
        (r"(?:\w{1,40} ){1,40}x", ["its size of the repeats: on a text", "after 50 ms", "at most"]),
    ],
)
def test_what_stands_in_the_way_and_what_to_write(pattern: str, told: list[str]) -> None:
    """The construct, where it is, what it can cost and what does the same without."""
    said = advice_on(PatternSource(pattern), 0.05)
    assert said is not None
    assert [part for part in told if part not in said] == []
