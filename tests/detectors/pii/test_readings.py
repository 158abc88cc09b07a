"""Patterns on a text: who matches them, and how long they may take together."""

from __future__ import annotations

import pytest
import regex

from detectors.linear import LinearPattern
from detectors.pii.readings import Allowance, Matcher, custom_matcher
from detectors.regex_tree import PatternSource

TEXT = "ab aab 12-34 12"
ENDLESS = r"(?:a+(?=a))+b"


def _custom(pattern: str) -> Matcher:
    return custom_matcher(regex.compile(pattern), PatternSource(pattern))


@pytest.mark.parametrize(
    "matcher",
    [Matcher(regex.compile(r"\d+(?!\d)"), is_trusted=True), _custom(r"\d+(?!\d)"), _custom(r"(\d)?\d+(?<=\d)")],
)
def test_all_of_them_answer_alike(matcher: Matcher) -> None:
    """By `regex` with and without a limit, and by RE2."""
    reading = matcher.on(TEXT, Allowance())
    spans = [found.span() for found in reading.finditer(0, len(TEXT))]
    assert spans == [(7, 9), (10, 12), (13, 15)]
    search, match = reading.search(9, 12), reading.match(10, 11)
    assert search is not None
    assert match is not None
    assert (search.span(), match.span()) == ((10, 12), (10, 11))
    assert reading.match(9, len(TEXT)) is None


def test_a_policys_own_runs_on_re2_where_it_means_the_same() -> None:
    """And on `regex` where it does not."""
    assert isinstance(_custom(r"(a+)+b").pattern, LinearPattern)
    assert isinstance(_custom(ENDLESS).pattern, regex.Pattern)


def test_patterns_that_backtrack_share_their_time() -> None:
    """What one of them has used up, another one does not have."""
    allowance = Allowance(0.02)
    text = "a" * 200 + "c"
    slow, quick = _custom(ENDLESS).on(text, allowance), _custom(r"(a)\1").on(text, allowance)
    assert quick.match(0, len(text)) is not None
    with pytest.raises(TimeoutError):
        slow.search(0, len(text))
    for ask in (quick.search, quick.match, quick.finditer):
        with pytest.raises(TimeoutError, match="together"):
            ask(0, len(text))
    assert _custom(r"(a+)+b").on(text, allowance).search(0, len(text)) is None  # no part of it
