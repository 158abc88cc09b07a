"""The parts of a candidate that phonenumbers' matcher takes for a number, in its order, each read as digits.

`PhoneNumberMatcher._extract_match` tries the whole candidate, then takes it apart at each kind of separator. Which
parts there are is the same in all regions, so they are read once; whether one is a number is the work of
`detectors.pii.phone_plans`. Only for *plain* candidates: digits of ASCII and punctuation, with nothing in them that
could be an extension, a letter or a second number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from phonenumbers import PhoneNumberMatcher
from phonenumbers import phonenumbermatcher as upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

_PUNCTUATION: Final = " ()[]+./-\xa0\u2010\u2011\u2012\u2013\u2014\u2015"

MAX_PART_CHARS: Final = 250
"""Longest part that is parsed: phonenumbers' `_MAX_INPUT_STRING_LENGTH`."""

_WITH_PLUS = re.compile(r"[^+0-9]*\+*[^+]*")
_HARMLESS = frozenset(f"0123456789,:;\n{_PUNCTUATION}")
"""What often stands beside a part and says nothing about it."""
_NOT_A_DIGIT = {ord(sign): None for sign in _PUNCTUATION}
_NOT_A_BRACKET = re.compile(r"[^()\[\]]+")
_BALANCED = re.compile(r"[(\[]?(?:_[)\]])?_(?:[(\[]_[)\]]){0,3}_?")
"""phonenumbers' own `_MATCHING_BRACKETS`, of a part in which `_` stands for what is no bracket: linear."""

_DATES: re.Pattern[str] = upstream._SLASH_SEPARATED_DATES  # noqa: SLF001 - what the matcher passes over
_PAGES: re.Pattern[str] = upstream._PUB_PAGES  # noqa: SLF001 - what the matcher passes over
_TIME: re.Pattern[str] = upstream._TIME_STAMPS  # noqa: SLF001 - what the matcher passes over
_TIME_SUFFIX: re.Pattern[str] = upstream._TIME_STAMPS_SUFFIX  # noqa: SLF001 - what the matcher passes over
_INNER = upstream._INNER_MATCHES  # noqa: SLF001 - where the matcher takes a candidate apart
_SIGNS = tuple(map(frozenset, ("/", "(", "-", "\u2012\u2013\u2014\u2015", ".", " \xa0")))
_SEPARATORS: Final = tuple(zip(_SIGNS, _INNER, strict=True))
"""Each with the characters of which there is one in every part that it takes apart."""


class Part(NamedTuple):
    """What may be a number, with its place in the text."""

    start: int
    end: int
    digits: str
    has_plus: bool


def plain_digits(candidate: str) -> str | None:
    """Return the digits of a candidate whose parts can be told here, None for another one."""
    digits = candidate.translate(_NOT_A_DIGIT)
    return digits if digits.isascii() and digits.isdigit() else None


def parts(text: str, start: int, end: int, least: int) -> Iterator[Part]:
    """Yield the parts of the plain candidate at a place that have `least` digits and more, in order."""
    candidate = text[start:end]
    if "/" in candidate and _DATES.search(candidate):
        return
    if _TIME.search(candidate) and _TIME_SUFFIX.match(text, end):
        return
    for shift, value in _values(candidate):
        if len(value) >= least:
            digits = value.translate(_NOT_A_DIGIT)
            if len(digits) >= least and _is_read(text, start + shift, value):
                yield Part(start + shift, start + shift + len(value), digits, "+" in value)


def _values(candidate: str) -> Iterator[tuple[int, str]]:
    """Yield each part with its place in the candidate."""
    yield 0, candidate
    used = frozenset(candidate)
    for signs, separator in _SEPARATORS:
        if signs.isdisjoint(used):
            continue
        found = separator.search(candidate)
        if found is not None:
            yield 0, candidate[: found.start()].rstrip(_PUNCTUATION)
        while found is not None:
            yield found.start(1), found[1].rstrip(_PUNCTUATION)
            found = separator.search(candidate, found.start() + 1)


def _is_read(text: str, start: int, value: str) -> bool:
    """Whether a part is parsed, and not passed over for what it looks like or what stands beside it."""
    if len(value) > MAX_PART_CHARS or _touches(text, start + len(value)):
        return False
    if start > 0 and value[0] not in "([+" and _touches(text, start - 1):
        return False
    if "+" in value and not _WITH_PLUS.fullmatch(value.rstrip(_PUNCTUATION)):
        return False
    return _are_balanced(value)


def _are_balanced(value: str) -> bool:
    if not ("(" in value or ")" in value or "[" in value or "]" in value):
        return True
    return _BALANCED.fullmatch(_NOT_A_BRACKET.sub("_", value)) is not None and not _PAGES.search(value)


def _touches(text: str, place: int) -> bool:
    """Whether a letter or a sign stands there beside which nothing is a phone number."""
    if place >= len(text):
        return False
    sign = text[place]
    if sign in _HARMLESS:
        return False
    if sign.isascii():
        return sign.isalpha() or sign in "%$"
    return bool(
        PhoneNumberMatcher._is_latin_letter(sign)  # noqa: SLF001 - as _parse_and_verify does
        or PhoneNumberMatcher._is_invalid_punctuation_symbol(sign)  # noqa: SLF001 - as _parse_and_verify does
    )
