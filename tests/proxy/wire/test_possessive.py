"""`proxy.wire.possessive`."""

from __future__ import annotations

import re

import pytest

from proxy.wire import possessive
from proxy.wire.possessive import by_regex, compiled

TWICE_REPEATED = rb'(?:[^"\\]++|\\[\s\S])*+'
"""What `re` of before Python 3.11.5 goes back into."""


def _end(pattern: re.Pattern[bytes], text: bytes) -> int | None:
    found = pattern.match(text)
    return None if found is None else found.end()


@pytest.mark.parametrize(
    ("text", "end"),
    [(b"", 0), (b"abc", 3), (b'ab"c', 2), (b"a\\", 1), (b'a\\"b"', 4), (b"a\\\\", 3), (b'\\"\\"x\\', 5)],
)
def test_a_choice_inside_what_is_possessive_matches_all_it_can(text: bytes, end: int) -> None:
    """The pattern ends where the quote is, or the backslash that nothing follows, in both engines."""
    assert _end(compiled(TWICE_REPEATED), text) == end
    assert _end(by_regex(TWICE_REPEATED, re.NOFLAG), text) == end


def test_what_is_possessive_gives_nothing_back() -> None:
    """A pattern that could match only by giving back a character does not match."""
    assert compiled(rb"(?:[ab]|c)*+b").match(b"acb") is None
    assert by_regex(rb"(?:[ab]|c)*+b", re.NOFLAG).match(b"acb") is None


@pytest.mark.parametrize("make", ["re", "regex"])
def test_case_and_lines(make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case is ignored among ASCII letters only, and the dot is any character, whichever engine compiles."""
    monkeypatch.setattr(possessive, "IS_RE_FAULTY", make == "regex")
    found = compiled("k(?>.*?b)", dot_all=True, ignore_case=True)
    assert found.fullmatch("K\nB") is not None
    assert found.fullmatch("\u212a\nB") is None  # the Kelvin sign
    assert compiled("a.b").fullmatch("a\nb") is None
    assert compiled("a").fullmatch("A") is None


def test_regex_escapes_as_re_does() -> None:
    """What `re.escape` writes means the same to both: all bytes but those of UTF-8, which JSON has as they are."""
    every = bytes(range(256))
    pattern = re.escape(every)
    assert by_regex(pattern, re.DOTALL).fullmatch(every) is not None
    assert compiled(pattern, dot_all=True).fullmatch(every) is not None
