r"""One byte for each character, and nothing that an atom tells apart is lost."""

from __future__ import annotations

import random
import sys

import pytest
import regex

from detectors.byte_alphabet import MAX_KNOWN, ByteAlphabet
from detectors.regex_tree import Atom

SOURCES = (r"\w", r"\d", r"\s", r"[^\W\d]", "[a-f]", ".", r"\p{Lu}", "k", "s", "i", "ß", "é")


def _atom(source: str, *, ignore_case: bool = False) -> Atom:
    return Atom(source, "regex", ignore_case, dot_all=False, ascii=False)


WORD, NEWLINE = _atom(r"\w"), Atom("\n", "regex", False, False, False, "\n")


@pytest.mark.parametrize("ignore_case", [False, True])
def test_a_byte_is_in_an_atom_as_its_character_is(ignore_case: bool) -> None:
    """For characters of all planes, the odd cases of folding and lone surrogates among them."""
    atoms = [_atom(source, ignore_case=ignore_case) for source in SOURCES]
    alphabet = ByteAlphabet(atoms, WORD, NEWLINE)
    chance = random.Random(3)
    text = "".join(map(chr, range(0x500))) + "\u0130\u0131\u017f\u212a\u1e9e\ud800\udfff\n\U0010ffff"
    text += "".join(chr(chance.randrange(sys.maxunicode + 1)) for _ in range(3_000))
    data = alphabet.encoded(text)
    assert len(data) == len(text)
    flags = regex.IGNORECASE if ignore_case else 0
    for atom in atoms:
        members, compiled = alphabet.members(atom), regex.compile(atom.source, flags)
        assert [byte in members for byte in data] == [compiled.fullmatch(char) is not None for char in text]


def test_words_and_newlines_stay_what_they_are() -> None:
    """RE2's own word boundaries and ends of lines stand where they stood."""
    alphabet = ByteAlphabet([_atom("[é-]")], WORD, NEWLINE)
    text = "aé_\u0663-\n.\u2028"
    found = alphabet.encoded(text)
    assert [bytes([byte]).isalnum() or byte == ord("_") for byte in found] == [True] * 4 + [False] * 4
    assert [byte == ord("\n") for byte in found] == [char == "\n" for char in text]


def test_too_many_characters_to_tell_apart() -> None:
    """There are 63 word characters in ASCII, and 256 bytes."""
    letters = [Atom(chr(code), "regex", False, False, False, chr(code)) for code in range(0x4E00, 0x4F00)]
    with pytest.raises(ValueError, match="told apart"):
        ByteAlphabet(letters[:80], WORD, None)
    assert len(set(ByteAlphabet(letters[:80], None, None).encoded("".join(map(chr, range(0x4E00, 0x4E50)))))) == 80
    with pytest.raises(ValueError, match="told apart"):
        ByteAlphabet(letters, None, None)


def test_what_is_remembered_has_a_bound() -> None:
    """A text of every character leaves no table of every character."""
    alphabet = ByteAlphabet([WORD], None, None)
    text = "".join(map(chr, range(MAX_KNOWN + 500)))
    assert alphabet.encoded(text) == alphabet.encoded(text)
    assert len(alphabet._table) == MAX_KNOWN
