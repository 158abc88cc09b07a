"""Where the sentence begins that a text ends with."""

from __future__ import annotations

import pytest

from detectors.sentence_ends import SENTENCE_END, SENTENCE_END_CHARS, sentence_start


@pytest.mark.parametrize(
    ("over", "begun"),
    [
        ("", ""),
        ("", "and so on"),
        ("It is late. ", ""),
        ("It is late. ", "Go home"),
        ('He said "no." ', "Then"),
        ("One\n", "two"),
        ("早上好。", "今天"),
        ("Really?! ", "v2.0 is out"),
        ("", "It is late."),
    ],
)
def test_the_sentence_that_is_not_over(over: str, begun: str) -> None:
    """A full stop counts with the white space after it, a line and an ideographic stop by themselves."""
    assert sentence_start(over + begun) == len(over)


def test_the_longest_end() -> None:
    """Closing quotes and brackets belong to the end, up to eight."""
    longest = "." + '"' * 8 + " "
    assert SENTENCE_END.fullmatch(longest)
    assert len(longest) == SENTENCE_END_CHARS
    assert SENTENCE_END.search("." + '"' * 9 + " ") is None
