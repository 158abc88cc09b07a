"""Checks of digits that a policy's own recognizers name: whether a value is right. They look for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_APART = re.compile(r"[\s./-]")
_ALNUM = re.compile(r"[0-9A-Z]{3,}")
_DIGITS = re.compile(r"[0-9]{2,}")
_ENDS_WITH_X = re.compile(r"[0-9]+[0-9X]")
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")
"""Each digit twice, the digits of that added."""
_PERMUTED: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_FIVE: Final = 5
"""Verhoeff's group is of five rotations and five reflections."""


def _plain(value: str) -> str:
    return _APART.sub("", value).upper()


def is_luhn(value: str) -> bool:
    """Every second digit from the right is doubled, its digits added: the sum ends with 0 (cards, IMEI)."""
    digits = _plain(value)
    return _DIGITS.fullmatch(digits) is not None and has_luhn(digits)


def has_luhn(digits: str) -> bool:
    """Whether ASCII digits, and nothing but these, end with their Luhn digit."""
    signs = digits.encode()
    even = signs[-2::-2]
    return (sum(signs[::-2]) + sum(even.translate(_DOUBLED)) - ord("0") * len(signs)) % 10 == 0


def is_mod_97(value: str) -> bool:
    """ISO 7064, mod 97-10: with letters as numbers from 10, the rest after 97 is 1 (LEI)."""
    text = _plain(value)
    return _ALNUM.fullmatch(text) is not None and int("".join(str(int(char, 36)) for char in text)) % 97 == 1


def is_iban(value: str) -> bool:
    """Mod 97-10 when the first four characters stand last, as in an IBAN."""
    text = _plain(value)
    return is_mod_97(text[4:] + text[:4])


def is_mod_11(value: str) -> bool:
    """Digits times 1, 2, 3 ... from the right: the sum is a multiple of 11; X, as the last, is 10 (ISBN-10)."""
    text = _plain(value)
    if not _ENDS_WITH_X.fullmatch(text):
        return False
    return sum(weight * int(char) for weight, char in _weighted(text)) % 11 == 0


def _weighted(text: str) -> list[tuple[int, str]]:
    """Return the digits with their weights, the X as the two digits that it stands for."""
    pairs = list(enumerate(reversed(text), 1))
    return [(10, "1"), *pairs[1:]] if pairs[0][1] == "X" else pairs


def is_verhoeff(value: str) -> bool:
    """Verhoeff's check, which sees every swap of neighbours (Aadhaar)."""
    digits = _plain(value)
    if not _DIGITS.fullmatch(digits):
        return False
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = _multiplied(state, _permuted(int(digit), place))
    return state == 0


def _permuted(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = _PERMUTED[digit]
    return digit


def _multiplied(a: int, b: int) -> int:
    """Multiply in the dihedral group of ten: 0 to 4 are rotations, 5 to 9 reflections."""
    turn = (a % _FIVE + (b if a < _FIVE else -b)) % _FIVE
    return turn + _FIVE * ((a >= _FIVE) != (b >= _FIVE))


CHECKSUMS: Final[Mapping[str, Callable[[str], bool]]] = {
    "luhn": is_luhn,
    "mod-97": is_mod_97,
    "iban": is_iban,
    "mod-11": is_mod_11,
    "verhoeff": is_verhoeff,
}
"""By their names in a policy."""
