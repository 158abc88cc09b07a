"""What a model is shown of a window: the text of the window, after the beginning of the sentence it goes on with.

A score belongs to the window's text and not to its context. Text of sentences that are over is therefore never
shown: an insult two sentences ago must not be found again here. The beginning of the *same* sentence is shown,
because half a sentence means something else than the whole. Nothing is counted twice by that: had the beginning
been enough for a rule, the sentence would have been replaced or the message stopped, and this window with it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from detectors.sentence_ends import SENTENCE_END, sentence_start

CONTEXT_CHARS = 160
"""How much of the sentence so far is shown: as much as the longest window of the guard."""

MAX_PIECE_CHARS = 160
"""A window of the guard is a sentence, or a part of one, and no longer than this. Whole texts are cut likewise."""

_WORD = re.compile(r"\w")
_SPACE = re.compile(r"\s(?=\S*\Z)")


class Piece(NamedTuple):
    """A part of a window that is judged by itself."""

    start: int
    """Offset in the window's text."""
    end: int
    shown: str
    """What the model reads."""


def pieces_of(context: str, text: str) -> list[Piece]:
    """Return the parts of a window that have something to judge, in order, without white space at their ends."""
    pieces: list[Piece] = []
    begun = context[sentence_start(context) :]
    if len(begun) == len(context) == CONTEXT_CHARS:
        begun = begun[_first_word(begun) :]
    for start, end in _parts(text):
        part = text[start:end]
        bare = part.strip()
        if _WORD.search(bare):
            at = start + len(part) - len(part.lstrip())
            pieces.append(Piece(at, at + len(bare), (begun + part).strip()))
        whole = begun + part
        begun = whole[max(sentence_start(whole), len(whole) - CONTEXT_CHARS) :]
    return pieces


def _first_word(text: str) -> int:
    """Return where the first whole word of a text that was cut begins; 0 where there is no white space."""
    for at, char in enumerate(text):
        if char.isspace():
            return at + 1
    return 0


def _parts(text: str) -> list[tuple[int, int]]:
    """Cut a text at sentence ends, and where one is too long at white space, else anywhere."""
    parts: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        found = SENTENCE_END.search(text, start, start + MAX_PIECE_CHARS)
        if found is not None:
            end = found.end()
        elif len(text) - start <= MAX_PIECE_CHARS:
            end = len(text)
        else:
            end = _forced(text, start)
        parts.append((start, end))
        start = end
    return parts


def _forced(text: str, start: int) -> int:
    half = start + MAX_PIECE_CHARS // 2
    space = _SPACE.search(text[half : start + MAX_PIECE_CHARS])
    return half + space.end() if space is not None else start + MAX_PIECE_CHARS
