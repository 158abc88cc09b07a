r"""The rest of a private key: the lines of a PEM block after its opening, each one a piece of its own.

A key is thousands of characters long, so it is not held until its end. Once the opening and the first 40
characters of the key were seen, every following run of base64 belongs to the key, and is reported in pieces of at
most 64 characters. What separates the runs (line ends, also written `\n` as in JSON) and the END line are no
secret, and stay.

A short run ends the key, as the last line of a PEM block does.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import regex

CONTEXT_CHARS = 8192
"""How far back the opening is looked for. An RSA key of 8,192 bits, the longest in use, has 6,400 characters."""
PIECE_CHARS = 64
"""Longest piece, and so the most that is held of a key. The usual length of a line."""
LONG_RUN_CHARS = 40
"""A run as long as this is a line of the key, whatever comes after; a shorter one is the last line."""

OPENING = "-----BEGIN "

"""What every opening begins with."""

_SEPARATOR = r"(?:[\s\"']|\\{1,2}[nrt])"
OPENING_PATTERN = (
    OPENING
    + r"(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    + _SEPARATOR
    + "{0,40}"
    + r"(?:(?:Proc-Type|DEK-Info|Version|Comment): [^\n\\]{1,100}(?:\s|\\{1,2}[nrt]){1,8}){0,4}"
    + "[A-Za-z0-9+/]{40}"
)
"""The opening and the first characters of the key, in the `regex` flavour: a key, not a word about keys."""

_OPENING = regex.compile(OPENING_PATTERN)
_SEPARATORS = regex.compile(_SEPARATOR + "*")
_RUN = regex.compile(r"[A-Za-z0-9+/]+={0,2}")
_SEPARATOR_CHARS = " \n\r\t\"'\\nr"
_TAIL_CHARS = 20


class Pieces(NamedTuple):
    """What is known of the keys in a text."""

    spans: list[tuple[int, int]]
    """Complete pieces, in order."""
    live_at: int
    """Where a piece begins that is not complete; the end of the text if there is none."""

    def in_last(self, width: int, chars: int) -> Pieces:
        """Return what lies in the last `width` of `chars` characters, in offsets of those."""
        cut = chars - width
        spans = [(max(0, start - cut), end - cut) for start, end in self.spans if end > cut]
        return Pieces(spans, max(0, self.live_at - cut))


def may_be_inside(context: str) -> bool:
    """Whether a key may go on where this context ends: False for nearly all text, at the price of a glance.

    Where the key goes on, its last run is longer than the opening's 40 characters, or a full piece; there is no
    space in it, as there is in nearly any 20 characters of prose.
    """
    tail = context[-PIECE_CHARS:].rstrip(_SEPARATOR_CHARS)[-_TAIL_CHARS:]
    return len(tail) == _TAIL_CHARS and " " not in tail and OPENING in context


def pieces(text: str, *, final: bool) -> Pieces:
    """Return the pieces of every key in a text; an opening that is not complete is live from its start."""
    spans: list[tuple[int, int]] = []
    live_at = len(text)
    start = text.find(OPENING)
    while start >= 0:
        opening = _OPENING.match(text, start, partial=not final)
        if opening is None:
            start = text.find(OPENING, start + 1)
            continue
        if opening.partial:
            return Pieces(spans, start)
        found, live_at = _pieces_after(text, opening.end(), final=final)
        spans += found
        start = text.find(OPENING, opening.end())
    return Pieces(spans, live_at)


def _pieces_after(text: str, at: int, *, final: bool) -> Pieces:
    spans: list[tuple[int, int]] = []
    end = len(text)
    is_first = True
    while at < end:
        run = _RUN.match(text, at)
        if run is None and not is_first:
            break
        if run is not None:
            is_open = run.end() == end and not final
            for start, stop in pairwise([*range(at, run.end(), PIECE_CHARS), run.end()]):
                if is_open and stop - start < PIECE_CHARS:
                    return Pieces(spans, start)
                spans.append((start, stop))
            if not is_first and run.end() - at < LONG_RUN_CHARS:
                break
            at = run.end()
        is_first = False
        gap = _SEPARATORS.match(text, at)
        at = gap.end() if gap else at
    return Pieces(spans, end)
