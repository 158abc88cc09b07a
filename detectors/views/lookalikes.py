"""Letters of other scripts that look like ASCII letters, and digits that are written for letters.

A letter of another script reads as the ASCII letter it looks like only where it touches ASCII letters: a word that
is Greek or Cyrillic throughout stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import regex
from confusable_homoglyphs.confusables import confusables_data

from detectors.regex_tree import PatternSource
from detectors.screening import Cut, Hold
from detectors.views.reading import Change
from detectors.views.steps import REACH_CHARS, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK_CHARS: Final = 24
"""How many letters of another script beside an ASCII letter are taken for part of its word."""

_BASIC_PLANE: Final = range(0x10000)

_MORE: Final = dict(
    zip("\u043a\u0432\u043c\u043d\u0442\u0437\u03b5\u03b7\u03ba\u03c4\u03c9\u03b2", "kbmht3ehktwb", strict=True)
)
"""Small Cyrillic and Greek letters that only their capital forms make look-alikes in Unicode's table."""


def _look_alikes() -> dict[str, str]:
    """Return the ASCII letter for each letter of another script that looks like one.

    Source: Unicode Technical Standard 39, confusables.txt, as the package confusable_homoglyphs carries it.
    """
    found = dict(_MORE)
    for char, like in confusables_data.items():
        is_letter = len(char) == 1 and not char.isascii() and char.isalpha() and ord(char) in _BASIC_PLANE
        letters = [one["c"] for one in like if len(one["c"]) == 1 and one["c"].isascii() and one["c"].isalpha()]
        if is_letter and letters and unicodedata.normalize("NFKC", char) == char:
            found[char] = letters[0]
    return found


_ALIKE = _look_alikes()
_CLASS = "".join(sorted(_ALIKE))
_BLOCK = regex.compile(rf"(?<![^\W\x00-\x7f])[{_CLASS}]++")
"""Not behind another letter of another script: there the word is of that script."""
_LAST_BLOCK = regex.compile(rf"(?<![^\W\x00-\x7f])[{_CLASS}]++\Z")


def _is_ascii_letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalpha()


def _changes(text: str) -> Iterator[Change]:
    if text.isascii():
        return
    for found in _BLOCK.finditer(text):
        start, end = found.span()
        if _is_ascii_letter(text, start - 1):
            end = min(end, start + _BLOCK_CHARS)
        elif end - start > _BLOCK_CHARS or not _is_ascii_letter(text, end):
            continue
        for at in range(start, end):
            yield Change(at, at + 1, _ALIKE[text[at]])


def _pending(text: str) -> int:
    end = len(text)
    found = None if text[-1:].isascii() else _LAST_BLOCK.search(text, max(0, end - REACH_CHARS))
    if found is None:
        return end
    is_decided = _is_ascii_letter(text, found.start() - 1) or end - found.start() > _BLOCK_CHARS
    return end if is_decided else found.start()


LOOKALIKES = Step(
    changes=_changes,
    pending=_pending,
    finds=((f"[A-Za-z][{_CLASS}]|[{_CLASS}][A-Za-z]", _BLOCK_CHARS + 1),),
    cuts=(
        Cut(
            Hold(PatternSource(rf"(?<![^\W\x00-\x7f])[{_CLASS}]{{1,{_BLOCK_CHARS}}}[A-Za-z]"), _BLOCK_CHARS + 1),
            openers=_CLASS,
        ),
    ),
    keeps_shape=True,
)
"""Reads look-alikes of other scripts."""

_LEET: Final = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i", "|": "l"}
_DIGITS: Final = "0134578@$"
"""Taken for letters beside one."""
_STROKES: Final = "!|"
"""Taken for letters between two: behind one they end a sentence or a cell."""
_SIGN: Final = _DIGITS + _STROKES
_SIGNS = re.compile(f"[{re.escape(_SIGN)}]")
_NEAR_CHARS: Final = 4
"""How far from a letter a digit or sign is still taken for one."""
_LAST_SIGNS = re.compile(f"[{re.escape(_SIGN)}]{{1,{_NEAR_CHARS}}}\\Z")


def _leet_changes(one: str) -> Callable[[str], Iterator[Change]]:
    letters = _LEET | {"1": one}

    def changes(text: str) -> Iterator[Change]:
        for found in _SIGNS.finditer(text):
            at = found.start()
            near = _near(text, at, -1), _near(text, at, 1)
            if all(near) if found[0] in _STROKES else any(near):
                letter = letters[found[0]]
                yield Change(at, at + 1, letter.upper() if "".join(near)[0].isupper() else letter)

    return changes


def _near(text: str, at: int, step: int) -> str:
    """Return the ASCII letter close by on one side of a sign, with signs between at most; nothing if none is."""
    for distance in range(1, _NEAR_CHARS + 1):
        other = at + step * distance
        if _is_ascii_letter(text, other):
            return text[other]
        if not (0 <= other < len(text) and text[other] in _SIGN):
            break
    return ""


def _leet_pending(text: str) -> int:
    found = _LAST_SIGNS.search(text, max(0, len(text) - _NEAR_CHARS))
    return len(text) if found is None else found.start()


def leetspeak(one: str) -> Step:
    """Return the step that reads digits and signs inside words as letters; `one` is what a 1 stands for."""
    sign, digits, more = re.escape(_SIGN), re.escape(_DIGITS), _NEAR_CHARS - 1
    return Step(
        changes=_leet_changes(one),
        pending=_leet_pending,
        finds=(
            (f"[A-Za-z][{sign}]{{0,{more}}}[{digits}]|[{digits}][{sign}]{{0,{more}}}[A-Za-z]", 16),
            (f"[A-Za-z][{sign}]{{1,{2 * _NEAR_CHARS}}}[A-Za-z]", 16),
        ),
        cuts=(
            Cut(
                Hold(PatternSource(f"[{sign}]{{0,{more}}}[{digits}][{sign}]{{0,{more}}}[A-Za-z]"), 2 * _NEAR_CHARS),
                _SIGN,
            ),
            Cut(
                Hold(PatternSource(f"(?<=[A-Za-z{sign}])[{sign}]{{1,{_NEAR_CHARS}}}[A-Za-z]"), _NEAR_CHARS + 1),
                _SIGN,
            ),
        ),
    )
