"""Invisible, styled and escaped characters are read as what they show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.views import characters
from detectors.views.characters import CHARACTERS
from detectors.views.reading import plain


def _read(text: str) -> str:
    return plain(text).changed(CHARACTERS.changes(text), len(text)).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ja\u200bne", "jane"),
        ("\ufeffja\u00adne\u2060", "jane"),
        ("\u202eja\u202cne", "jane"),
        ("ja\u3164ne\uffa0", "jane"),
        ("j\u0301a\u0323n\u20dde", "jane"),
        ("".join(chr(0xE0000 + ord(char)) for char in "jane@x.org"), "jane@x.org"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f jane", "\U0001f3f4\U000e0067\U000e0062\U000e007f jane"),
        ("\u2764\ufe0f fine", "\u2764 fine"),
        ("\U0001f600" + "".join(chr(0xE0100 + ord(char) - 16) for char in "jane"), "\U0001f600jane"),
        ("\uff4a\uff41\uff4e\uff45\uff20\uff18", "jane@8"),
        ("\U0001d5c3\U0001d5ba\U0001d5c7\U0001d5be", "jane"),
        ("\u24d9\u24d0\u24dd\u24d4 \u2460\u00b2", "jane 12"),
        ("jane&#64;x&period;org &#x6A;&lt;", "jane@x.org j<"),
        ("jane%40x.org%20%C3%A9", "jane@x.org é"),
        (r"jane\u0040x\x2eorg\u{6a}", "jane@x.orgj"),
        ("&#8203;j&zwnj;a", "ja"),
        ("&#xff4a;", "j"),
        ("100% R&D; &nosuchname; %zz \\d \\ud800 %C3 &", "100% R&D; &nosuchname; %zz \\d \\ud800 %C3 &"),
        ("Grüße, 你好, שלום, ありがとう", "Grüße, 你好, שלום, ありがとう"),
    ],
)
def test_what_is_written_reads_as(written: str, read: str) -> None:
    """Each disguise reads as what it hides; text that is none stays."""
    assert _read(written) == read


@pytest.mark.parametrize("cut", ["&", "&#6", "&am", "%", "%4", "%C3", "%E2%80", "\\", "\\u00", "\\u{6", "\ufe0f"])
def test_what_may_go_on_is_pending(cut: str) -> None:
    """An escape that is not complete is not read yet."""
    assert CHARACTERS.pending("jane" + cut) == 4


@pytest.mark.parametrize("whole", ["a", "&amp;", "%40 ", "\\u0040", "R&D;", "& so", "\u200b"])
def test_what_is_complete_is_not_pending(whole: str) -> None:
    """Nothing is held behind a complete one."""
    assert CHARACTERS.pending(whole) == len(whole)


@given(st.text(alphabet="ab&#64;%40\\u\u200b\ufe0f\U000e0061\U0001f3f4\uff41 ", max_size=30))
def test_the_search_for_a_beginning_misses_nothing(text: str) -> None:
    """What begins a piece is known, so that a text without it is not searched for pieces."""
    begins = [found.start() for found in characters._PIECE.finditer(text)]
    first = characters._BEGINS.search(text)
    assert not begins or (first is not None and first.start() <= begins[0])
    assert begins == [found.start() for found in characters._PIECE.finditer(text, first.start() if first else 0)]
