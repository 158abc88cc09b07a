"""What the user typed in a request, to tell whether an answer only says it again. It goes with its exchange."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NoReturn

from proxy.guard.nesting import unescaped
from proxy.guard.readings import MAX_NESTING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TYPED_CHARS = 1 << 18
"""Most characters that are remembered, of the last texts: a long conversation without what was pasted into it. What
is not remembered was not typed."""

MAX_COMPARED = 2000
"""Most different values of an answer that are looked for: some 50 us each in the longest text. Others were not."""

MAX_PLACES = 64
"""Places at which one value is looked at, to see whether it stands alone there."""

MIN_DIGITS = 6
"""Shortest number that is the same number however its digits are grouped."""

_SPACE = re.compile(r"\s+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ ()./\-]{1,3}(?=\d)")
_NO_DIGIT = re.compile(r"\D+")
_JOINS_BEFORE = frozenset("._-+@%/'")
_JOINS_AFTER = frozenset("._-+@%/")
_END = "\n"
"""Ends each text: white space, which no normal form of a text holds but single spaces."""


class Typed:
    """Texts of one request. Never stored: it cannot be pickled, and no `repr` of it shows what it holds."""

    __slots__ = ("_known", "_numbers", "_texts", "_words")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._words: str | None = None
        self._numbers = ""
        self._known: dict[str, bool] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._texts)}>"

    def __reduce__(self) -> NoReturn:
        """Raise TypeError: texts of an exchange go nowhere else."""
        raise TypeError("the texts of an exchange are not stored")

    def __bool__(self) -> bool:
        return bool(self._texts)

    def take(self, texts: Iterable[str]) -> None:
        """Remember what the user typed; when it is too much, the last texts, each of them whole."""
        left = MAX_TYPED_CHARS
        for text in reversed(list(texts)):
            left -= len(text)
            if left < 0:
                break
            self._texts.append(text)

    def holds(self, value: str) -> bool:
        """Whether the user typed this value: as a whole, not as a part of a longer word, number or address.

        Case, width and white space do not count, nor how the digits of a long number are grouped. In arguments of
        tools a value may be escaped.
        """
        if not self._texts:
            return False
        return any(self._is_typed(unescaped(value, n)) for n in range(MAX_NESTING + 1 if "\\" in value else 1))

    def _is_typed(self, value: str) -> bool:
        value = _normal(value)
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= MAX_COMPARED:
                return False
            known = self._known[value] = self._find(value)
        return known

    def _find(self, value: str) -> bool:
        if not value:
            return False
        if self._words is None:
            self._words = _END + "".join(_normal(text) + _END for text in self._texts)
            self._numbers = _BETWEEN_DIGITS.sub("", self._words)
        if _stands_alone(value, self._words):
            return True
        digits = _NO_DIGIT.sub("", value)
        if len(digits) < MIN_DIGITS or any(map(str.isalpha, value)):
            return False
        return _stands_alone(digits, self._words) or _stands_alone(digits, self._numbers)


def _normal(text: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _stands_alone(value: str, text: str) -> bool:
    """Whether the text, which begins and ends with white space, holds the value as a whole."""
    at = -1
    for _ in range(MAX_PLACES):
        at = text.find(value, at + 1)
        if at < 0:
            return False
        end = at + len(value)
        if not _joins(text[at - 2 : at][::-1], _JOINS_BEFORE) and not _joins(text[end : end + 2], _JOINS_AFTER):
            return True
    return False


def _joins(beside: str, joints: frozenset[str]) -> bool:
    """Whether what stands beside a value, nearest first, makes it a part of something longer."""
    return beside[:1].isalnum() or (beside[:1] in joints and beside[1:].isalnum())
