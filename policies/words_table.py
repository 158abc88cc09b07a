"""A table of a long text that rules out most words that are not in it. Not in `said`: numpy is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_GRAM: Final = 4
_FACTOR: Final = np.uint32(0x9E3779B1)
"""Of Knuth's multiplicative hash."""
_SPREAD: Final = 4
"""Places in the table for each character: texts repeat themselves, so that most are free."""
_WORDS: Final = bytes(0x20 if chr(byte).isascii() and not chr(byte).isalnum() else byte for byte in range(256))
"""What stands between words is a space."""


class WordsTable:
    """The fours of bytes of a text. It takes some two milliseconds for a megabyte."""

    __slots__ = ("_bits", "_table")

    def __init__(self, text: str) -> None:
        self._bits = max(_SPREAD * len(text), 2).bit_length()
        self._table = np.zeros(1 << self._bits, dtype=np.bool_)
        for places in self._places(text):
            self._table[places] = True

    def may_hold(self, words: str) -> bool:
        """Whether words may stand between others in the text; False when they certainly do not."""
        return all(self._table[places].all() for places in self._places(words))

    def _places(self, text: str) -> Iterator[NDArray[np.uint32]]:
        """Yield where fours of bytes are noted: those at 0, 4 ..., then those at 1, 5 ..., and so on."""
        data = b" %b " % text.encode("utf-8", "surrogatepass").translate(_WORDS).strip()
        for start in range(_GRAM):
            count = (len(data) - start) // _GRAM
            if count > 0:
                fours = np.frombuffer(data, dtype="<u4", count=count, offset=start)
                yield (fours * _FACTOR) >> np.uint32(32 - self._bits)
