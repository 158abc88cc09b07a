"""The parts of a candidate that phonenumbers' matcher takes for a number, in its order, each read as digits.

`PhoneNumberMatcher._extract_match` tries the whole candidate, then takes it apart at each kind of separator. Which
parts there are, and what digits they have, is the same in all regions, so they are read once; whether one is a
number is the work of `detectors.pii.phone_plans`.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import digit

from phonenumbers import PhoneNumberMatcher
from phonenumbers import phonenumbermatcher as upstream
from phonenumbers import phonenumberutil as util

from detectors.pii.phone_shapes import MIN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PART_CHARS: Final = 250
"""Longest part that is parsed: phonenumbers' `_MAX_INPUT_STRING_LENGTH`."""

_PUNCTUATION: Final = (
    " ()[]+./-\xa0\xad\u200b\u2010\u2011\u2012\u2013\u2014\u2015\u2060\u2212\u3000"
    "\uff08\uff09\uff0b\uff0d\uff0e\uff0f\uff3b\uff3d"
)
"""What can be in a candidate and means nothing to its digits; a letter, a tilde or a `#` may."""

_DIGITS: Final = range(10)
_AS_DIGITS = {ord(sign): None for sign in _PUNCTUATION} | {
    place - digit(chr(place)) + value: str(value)
    for place in range(0, sys.maxunicode + 1, len(_DIGITS))
    if chr(place).isdecimal()
    for value in _DIGITS
}
"""Unicode promises that decimal digits stand ten in a row, from 0 to 9: so every row has one place of each ten."""
_OPENS: Final = frozenset("([+\uff08\uff3b\uff0b")
_PLUSES: Final = frozenset("+\uff0b")
_BRACKETS: Final = frozenset("()[]\uff08\uff09\uff3b\uff3d")
_WITH_PLUS = re.compile(r"[^+\uff0b\d]*[+\uff0b]*[^+\uff0b]*")
_ONE = re.compile(r"[0-9]+(?:-[0-9]+)*")
_NOT_A_BRACKET = re.compile(r"[^()\[\]\uff08\uff09\uff3b\uff3d]+")
_OPEN, _CLOSED = r"[(\[\uff08\uff3b]", r"[)\]\uff09\uff3d]"
_BALANCED = re.compile(f"{_OPEN}?(?:_{_CLOSED})?_(?:{_OPEN}_{_CLOSED}){{0,3}}_?")
"""phonenumbers' own `_MATCHING_BRACKETS`, of a part in which `_` stands for what is no bracket: linear."""
_HARMLESS: Final = frozenset("0123456789 ,:;.-/()\n")
"""What often stands beside a part and says nothing about it."""

_DATES: re.Pattern[str] = upstream._SLASH_SEPARATED_DATES  # noqa: SLF001 - what the matcher passes over
_PAGES: re.Pattern[str] = upstream._PUB_PAGES  # noqa: SLF001 - what the matcher passes over
_TIME: re.Pattern[str] = upstream._TIME_STAMPS  # noqa: SLF001 - what the matcher passes over
_TIME_SUFFIX: re.Pattern[str] = upstream._TIME_STAMPS_SUFFIX  # noqa: SLF001 - what the matcher passes over
_UNWANTED_END: re.Pattern[str] = util._UNWANTED_END_CHAR_PATTERN  # noqa: SLF001 - what the matcher cuts off
_INNER = upstream._INNER_MATCHES  # noqa: SLF001 - where the matcher takes a candidate apart
_SPACES = _INNER[-1]
_WORD = re.compile(r"\S+")
_SIGNS = tuple(map(frozenset, ("/", "(", "-", "\u2012\u2013\u2014\u2015\uff0d", ".", " \xa0\t\u3000")))
_SEPARATORS: Final = tuple(zip(_SIGNS, _INNER, strict=True))
"""Each with the characters of which there is one in every part that it takes apart."""


class Dialled(NamedTuple):
    """A part as it is read."""

    digits: str
    """The number, in digits of ASCII."""
    written: str
    """All digits that are in it, those of an extension, too."""
    has_plus: bool
    has_x: bool = False
    """Whether there is an `x` in it that may mean something else in another region."""


def is_one(text: str, start: int, end: int) -> bool:
    """Whether the candidate at a place is digits with dashes between them, which is tried whole and in no parts."""
    return _ONE.fullmatch(text, start, end) is not None


def parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of what is tried of the candidate at a place and may be long enough, in order."""
    candidate = text[start:end]
    if "/" in candidate and _DATES.search(candidate):
        return
    if _TIME.search(candidate) and _TIME_SUFFIX.match(text, end):
        return
    yield start, end
    used = frozenset(candidate)
    for signs, separator in _SEPARATORS:
        if signs.isdisjoint(used):
            continue
        found = separator.search(candidate)
        if found is not None and found.start() >= MIN_DIGITS:
            yield start, start + _wanted(candidate, 0, found.start())
        if found is not None and separator is _SPACES:  # the same in one go: lists have hundreds of them
            yield from _words(candidate, start, found.start())
            continue
        while found is not None:
            begin, stop = found.span(1)
            if stop - begin >= MIN_DIGITS:
                yield start + begin, start + _wanted(candidate, begin, stop)
            found = separator.search(candidate, found.start() + 1)


def _words(candidate: str, shift: int, begin: int) -> Iterator[tuple[int, int]]:
    for word in _WORD.finditer(candidate, begin):
        start, end = word.span()
        if end - start < MIN_DIGITS:
            continue
        yield shift + start, shift + (end if candidate[end - 1].isdecimal() else _wanted(candidate, start, end))


def _wanted(candidate: str, begin: int, end: int) -> int:
    """Return where a part ends that is cut at what ends no number."""
    if begin == end or candidate[end - 1].isdecimal():
        return end
    trailing = _UNWANTED_END.search(candidate, begin, end)
    return trailing.start() if trailing else end


def read(text: str, start: int, end: int) -> Dialled | None:
    """Return what a part is as digits; None when it is not parsed, or fails to be, in every region."""
    value = text[start:end]
    if not MIN_DIGITS <= len(value) <= MAX_PART_CHARS or _touches(text, end):
        return None
    if start > 0 and value[0] not in _OPENS and _touches(text, start - 1):
        return None
    return _read_plain(value)


def _read_plain(value: str) -> Dialled | None:
    """Read a part beside which nothing stands that says what it is."""
    if value.isascii() and value.isdigit():
        return Dialled(value, value, has_plus=False)
    if not _BRACKETS.isdisjoint(value) and not _are_balanced(value):
        return None
    digits = value.translate(_AS_DIGITS)
    if not (digits.isascii() and digits.isdigit()):
        return _read_odd(value)
    number = value.rstrip(_PUNCTUATION)  # a plus that no digit follows is cut off
    has_plus = not _PLUSES.isdisjoint(number)
    if has_plus and not _WITH_PLUS.fullmatch(number):
        return None
    return Dialled(digits, digits, has_plus) if len(digits) >= MIN_DIGITS else None


def _read_odd(value: str) -> Dialled | None:
    """Read a part that may have an extension, or letters for digits, by the steps of `phonenumbers.parse`."""
    possible = util._build_national_number_for_parsing(value)  # noqa: SLF001 - the first step
    if not util._is_viable_phone_number(possible):  # noqa: SLF001 - the second step
        return None
    extension, number = util._maybe_strip_extension(possible)  # noqa: SLF001 - the third step
    plus = util._PLUS_CHARS_PATTERN.match(number)  # noqa: SLF001 - as the fourth step does
    digits = util._normalize(number[plus.end() :] if plus else number)  # noqa: SLF001 - the fourth step
    if len(digits) < MIN_DIGITS:
        return None
    signs = value[:-1].lower()
    has_two = "xx" in value.lower()
    if "x" in signs and not has_two and not _are_of_extension(value, extension):
        return None
    return Dialled(digits, util.normalize_digits_only(value), plus is not None, has_two)


def _are_of_extension(value: str, extension: str) -> bool:
    """Whether each single `x` stands before the extension: phonenumbers' `_contains_only_valid_x_chars`."""
    after = (value[place:] for place, sign in enumerate(value[:-1]) if sign in "xX")
    return bool(extension) and all(util.normalize_digits_only(each) == extension for each in after)


def _are_balanced(value: str) -> bool:
    return _BALANCED.fullmatch(_NOT_A_BRACKET.sub("_", value)) is not None and not _PAGES.search(value)


def _touches(text: str, place: int) -> bool:
    """Whether a letter or a sign stands there beside which nothing is a phone number."""
    if place >= len(text):
        return False
    sign = text[place]
    if sign in _HARMLESS or sign.isdecimal():
        return False
    if sign.isascii():
        return sign.isalpha() or sign in "%$"
    return bool(
        PhoneNumberMatcher._is_latin_letter(sign)  # noqa: SLF001 - as _parse_and_verify does
        or PhoneNumberMatcher._is_invalid_punctuation_symbol(sign)  # noqa: SLF001 - as _parse_and_verify does
    )
