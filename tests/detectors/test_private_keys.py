"""The lines of a private key after its opening: which belong to it, and how much is held."""

from __future__ import annotations

import pytest

from detectors.private_keys import CONTEXT_CHARS, LONG_RUN_CHARS, PIECE_CHARS, may_be_inside, pieces
from tests.support.prose import prose
from tests.support.secrets import B62, chars, private_key

OPENING = private_key(body_chars=LONG_RUN_CHARS).rsplit("\n", 1)[0]

AFTER: list[tuple[str, list[str]]] = [
    ("", []),
    ("\n-----END RSA PRIVATE KEY-----", []),
    ("abc\n" + "B" * 64 + "\nCCCC==\n-----END", ["abc", "B" * 64, "CCCC=="]),
    ("\\n" + "B" * 64 + "\\nCCCC\\n-----END", ["B" * 64, "CCCC"]),
    ("\n" + "B" * 130 + "\n", ["B" * 64, "B" * 64, "BB"]),
    ("\n" + "B" * 39 + "\nThis is prose.", ["B" * 39]),
    ("\n" + "B" * 40 + "\nLast and prose.", ["B" * 40, "Last"]),
    (", and " + "B" * 64, []),
]


@pytest.mark.parametrize(("after", "expected"), AFTER)
def test_what_belongs_to_the_key(after: str, expected: list[str]) -> None:
    """Runs of base64, up to the first short one, in pieces of a line; nothing past another character."""
    text = OPENING + after
    found = pieces(text, final=True)
    assert [text[start:end] for start, end in found.spans] == expected
    assert found.live_at == len(text)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (OPENING[:-1], OPENING[:-1]),
        (OPENING[:20], OPENING[:20]),
        (OPENING, ""),
        (OPENING + "ab", "ab"),
        (OPENING + "\n", ""),
        (OPENING + "\n" + "B" * (PIECE_CHARS - 1), "B" * (PIECE_CHARS - 1)),
        (OPENING + "\n" + "B" * PIECE_CHARS, ""),
        ("-----BEGIN PRIVATE KEY----- is a word", ""),
        ("-----BEGIN CERTIFICATE-", ""),
    ],
)
def test_hold(text: str, held: str) -> None:
    """An opening is held until it is one, a line until it is full; what cannot be either is not held."""
    assert text[pieces(text, final=False).live_at :] == held


def test_a_glance_tells_text_from_keys() -> None:
    """Wherever a key goes on its context is recognised; prose, even about keys, is not looked at further."""
    key = private_key("", 6000)
    for end in range(len(OPENING), len(key) - 100, 7):
        if key[end - 1] == "\n" or pieces(key[:end], final=False).live_at == end:
            assert may_be_inside(key[max(0, end - CONTEXT_CHARS) : end])
    assert not any(may_be_inside("-----BEGIN " + prose(end)) for end in range(40, 1700))
    assert not may_be_inside(chars(B62, 500))


def test_pieces_of_the_last_characters() -> None:
    """Offsets can be told from a later start; what lies before it is left out or cut."""
    text = OPENING + "\n" + "B" * 64 + "\n" + "C" * 10
    found = pieces(text, final=False)
    assert found.in_last(75, len(text)) == ([(0, 64)], 65)
    assert found.in_last(30, len(text)) == ([(0, 19)], 20)
