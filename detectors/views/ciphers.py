"""Letters written for other letters: rot13 and atbash, each its own inverse.

Nothing in a text says that it is written so, so every text is read again: these are for policies that ask for them.
"""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final

from detectors.views.reading import Change
from detectors.views.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LETTER: Final = re.compile("[A-Za-z]")


def _changes(table: dict[str, str]) -> Callable[[str], Iterator[Change]]:
    def changes(text: str) -> Iterator[Change]:
        return (Change(*found.span(), table[found[0]]) for found in _LETTER.finditer(text))

    return changes


def _substitution(written: Callable[[str], str]) -> Step:
    """Return the step for an alphabet in another order."""
    table = {
        char: other
        for alphabet in (ascii_lowercase, ascii_uppercase)
        for char, other in zip(alphabet, written(alphabet), strict=True)
    }
    return Step(changes=_changes(table), pending=len, finds=(("[A-Za-z]", 0),), cuts=())


ROT13: Final = _substitution(lambda alphabet: alphabet[13:] + alphabet[:13])
ATBASH: Final = _substitution(lambda alphabet: alphabet[::-1])
