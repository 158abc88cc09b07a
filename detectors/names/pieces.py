"""What a model is shown of a window, and which end of a window waits for more text. Pure.

A window is a sentence or a part of one, but a name is told by the words around it, and the guard's sentence ends
are crude ("Dr. Roe"). So the model is shown the text from the last certain end of a sentence on, as far back as
`SHOWN_CHARS`. Where that begins depends on where the window *ends* and not on where it begins: a window that is
judged in two steps, because its last words waited, is shown the same text both times and gets the same answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.sentence_ends import SENTENCE_END, SENTENCE_END_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_CHARS: Final = 320
"""Most text that is shown for the end of a window: the longest window, what was held of the one before, and the
four words before that which a model of spaCy's takes into account."""

MAX_HELD_CHARS: Final = 100
"""Most text at the end of a window that waits: longer than any name, shorter than a list of them."""

MAX_PIECE_CHARS: Final = 280
"""A window of the guard is no longer. Whole texts without sentence ends are cut here."""

AHEAD_CHARS: Final = 60
"""How much of what follows is shown where a whole text was cut for its length."""

WORDS_AFTER: Final = 4
"""How many words after a name a model of spaCy's takes into account: where the text was cut within a sentence, the
last ones are judged when more of it is there."""

_WORD_CHARS: Final = 40
"""How far a cut looks for white space, so that no word is shown in part."""

_LOOK_BACK_CHARS: Final = 12
"""Longer than any abbreviation below."""

_SPACE = re.compile(r"\s")
_LAST_SPACE = re.compile(r"\s(?=\S*\Z)")
_ABBREVIATION = re.compile(
    r"(?:\A|[^\w.])(?:(?:[^\W\d_]\.)*[^\W\d_a-z]|[^\W\d_](?:\.[^\W\d_])+"
    r"|[Mm]rs?|[Mm]s|Mx|[Dd]rs?|Prof|Rev|Hon|Sr|Jr|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|Pres|Supt|Insp|Messrs|Mme|Mlle|Fr|Hr|Sra"
    r"|Sta?|Mt|Ft|Ave|Blvd|Rd|No|Nos|vs|v|ca|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\Z"
)
"""A word after whose full stop a sentence mostly goes on: an initial, a title, a month."""

_TOKEN = re.compile(r"\S+")
_SMALL = "of the and & de la le les du des del di da dos das do van von der den und y e al el bin ibn ben st"
_CONNECTORS = frozenset(_SMALL.split())
"""Small words inside names."""

_OPENING_SIGNS: Final = "\"'([{*_\u201c\u2018\u00ab"


class Piece(NamedTuple):
    """A part of a window that a model is asked about. Offsets are of the window's text."""

    start: int
    end: int
    shown_from: int
    """Where the shown text begins; negative when that is in the context."""
    shown: str


def pieces_of(context: str, text: str) -> list[Piece]:
    """Return the parts of a window, in order. They cover it; each ends with a sentence or the window."""
    whole, begin = context + text, len(context)
    pieces: list[Piece] = []
    for end in (*_certain_ends(whole, max(begin - SENTENCE_END_CHARS, 0)), len(whole)):
        while end - begin > MAX_PIECE_CHARS:
            cut = _forced(whole, begin)
            pieces.append(_piece(whole, len(context), begin, cut, min(cut + AHEAD_CHARS, end)))
            begin = cut
        if end > begin:
            pieces.append(_piece(whole, len(context), begin, end, end))
            begin = end
    return pieces


def _piece(whole: str, origin: int, begin: int, end: int, until: int) -> Piece:
    """Return a piece that is shown up to `until`."""
    start = max(until - SHOWN_CHARS, 0)
    if start and (space := _SPACE.search(whole, start, start + _WORD_CHARS)) is not None:
        start = space.end()
    for certain in _certain_ends(whole, start):
        if certain >= until:
            break
        start = certain
    return Piece(begin - origin, end - origin, start - origin, whole[start:until])


def held_from(text: str) -> int:
    """Return where the words at the end of a text begin that are to wait for more of it.

    They are the last few, and before them those that look like a part of a name. More of these than any name has
    are a heading or a list.
    """
    start = max(len(text) - MAX_HELD_CHARS, 0)
    tokens = list(_TOKEN.finditer(text, start))[start > 0 :]  # the first one may be cut
    last = min([token.start() for token in tokens[-WORDS_AFTER:]], default=len(text))
    held = last
    for token in reversed(tokens):
        word = token.group().lstrip(_OPENING_SIGNS)
        if word[:1].isupper() or word[:1].isdigit() or word[:1].istitle():
            held = token.start()
        elif token.start() < last and word.lower() not in _CONNECTORS:
            return min(held, last)
    is_long = start > 0 and bool(tokens) and tokens[0].start() < start + _WORD_CHARS
    return last if is_long else min(held, last)


def is_over(context: str, text: str) -> bool:
    """Whether a window ends where a sentence certainly does, so that nothing in it can go on."""
    whole = context[-_LOOK_BACK_CHARS:] + text
    tail = whole[-(SENTENCE_END_CHARS + _LOOK_BACK_CHARS) :]
    return any(end == len(tail) for end in _certain_ends(tail, 0))


def _certain_ends(text: str, start: int) -> Iterator[int]:
    """Yield where sentences end for certain; a line's end at the end of the text is not certain."""
    for found in SENTENCE_END.finditer(text, start):
        if found.group() == "\n":
            before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
            is_certain = not (before.isalpha() or before == ",") or bool(after and not after.isalpha())
        elif text[found.start()] == ".":
            is_certain = not _ABBREVIATION.search(text, max(found.start() - _LOOK_BACK_CHARS, 0), found.start())
        else:
            is_certain = True
        if is_certain:
            yield found.end()


def _forced(text: str, start: int) -> int:
    """Cut at the last white space of the second half, else at the limit."""
    half = start + MAX_PIECE_CHARS // 2
    space = _LAST_SPACE.search(text[half : start + MAX_PIECE_CHARS])
    return half + space.end() if space is not None else start + MAX_PIECE_CHARS
