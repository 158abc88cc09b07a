"""The compared form of a text: what makes two ways of writing the same word equal, and where each piece came from.

Case may be ignored, letters with marks are decomposed (so that both encodings of `é` are one), any white space is
a space. It does not see through disguise: look-alike letters and characters put between letters stay as they are.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

# Scripts written without spaces between words: there a neighbouring letter says nothing about where a word ends.
_SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x20000, 0x3FFFF),  # Han, supplementary
)

INSIDE = -1
"""Origin of a place inside what one character was folded to: no match begins or ends there."""


class Folded(NamedTuple):
    """A text in its compared form."""

    text: str
    origin: list[int] | None
    """Offset in the original of each place in `text`, its end included, or `INSIDE`. None: no offset has moved."""

    def origin_of(self, place: int) -> int:
        """Return the offset in the original of a place in the folded text, or `INSIDE`."""
        return place if self.origin is None else self.origin[place]

    def place_of(self, offset: int) -> int:
        """Return the place in the folded text of an offset in the original."""
        return offset if self.origin is None else self.origin.index(offset)

    def is_whole(self, start: int, end: int) -> bool:
        """Whether the places lie between characters of the original."""
        return self.origin is None or (self.origin[start] != INSIDE and self.origin[end] != INSIDE)


class Fold(dict[int, str]):
    """Maps one code point to its compared form, of one or more characters; fills itself as characters are met.

    Each character is folded by itself, so that the offset of every piece is known. It follows that several marks
    on one letter are not put in Unicode's canonical order.
    """

    def __init__(self, *, ignore_case: bool) -> None:
        """`ignore_case` adds Unicode's full case folding: `ß` equals `ss`."""
        super().__init__()
        self._ignore_case = ignore_case

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = " " if char.isspace() else unicodedata.normalize("NFD", char)
        if self._ignore_case:
            folded = unicodedata.normalize("NFD", folded.casefold())
        self[code] = folded
        return folded

    def text(self, text: str) -> str:
        """Return the compared form of a text, without its offsets."""
        return text.translate(self)

    def folded(self, text: str) -> Folded:
        """Return the compared form of a text, with its offsets."""
        folded = text.translate(self)
        # Every character folds to at least one: equal lengths mean that each folded to one.
        if len(folded) == len(text):
            return Folded(folded, None)
        origin: list[int] = []
        for offset, char in enumerate(text):
            origin.append(offset)
            origin.extend([INSIDE] * (len(self[ord(char)]) - 1))
        origin.append(len(text))
        return Folded(folded, origin)


class Joins(dict[str, bool]):
    """Tells whether a character joins its neighbours to one word: a letter, digit, mark or underscore.

    Letters of scripts that put no spaces between words do not: there a word may begin and end anywhere.
    """

    def __missing__(self, char: str) -> bool:
        code = ord(char)
        joins = (char.isalnum() or char == "_" or unicodedata.category(char).startswith("M")) and not any(
            low <= code <= high for low, high in _SPACELESS
        )
        self[char] = joins
        return joins
