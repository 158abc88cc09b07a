"""Payment cards of every issuer: 13 to 19 digits in any grouping, with Luhn's check digit.

Presidio's own recognizer knows cards of 13 to 17 digits that begin with 1, 3, 4, 50 to 55 or 6, in groups of three
to five digits with spaces or dashes. This one takes its place where a policy says `refined: true`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer

from detectors.pii.checksums import is_luhn

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS: Final = r"[ .\-\u00a0\u2009\u202f\u2010-\u2013]"
_MASTERCARD_2: Final = ("2 2 2 [1-9]", "2 2 [3-9]", "2 [3-6]", "2 7 [01]", "2 7 2 0")
_DINERS: Final = ("3 0 [0-5]", "3 [689]")
_JCB: Final = ("3 5 2 [89]", "3 5 [3-8]")
_MAESTRO: Final = ("5 [0678]", "6")
"""`6` covers Discover, UnionPay, RuPay, InterPayment, Hipercard, Elo and Verve, too."""

PREFIXES: Final = {
    13: ("4", *_MAESTRO),
    14: (*_DINERS, *_MAESTRO),
    15: ("3 [47]", "1", "2 1 3 1", *_MAESTRO),
    16: (
        *("4", "5 [0-8]", "6", *_MASTERCARD_2, "2 2 0 [0-5]", *_JCB, *_DINERS),
        *("8 [12]", "8 6 0 0", "9 8 6 0", "9 7 9 2"),
    ),
    17: ("2 2 0 [0-4]", *_JCB, *_DINERS, *_MAESTRO, "8 1"),
    18: ("2 2 0 [0-4]", *_JCB, *_DINERS, *_MAESTRO, "8 1"),
    19: ("4", "2 2 0 [0-4]", *_JCB, *_DINERS, *_MAESTRO, "8 1"),
}
"""What the numbers of each length begin with, digit by digit. 1: UATP. 2131: JCB. 2200 to 2205: Mir and Borica.
81 and 82: UnionPay and RuPay. 8600 and 9860: Uzcard and Humo. 9792: Troy."""

_GROUP: Final = re.compile(r"\d+")
_MIN_GROUP: Final = 2


def _pattern(length: int, prefixes: Iterable[str]) -> str:
    """Return a pattern for a number, not part of a longer one, of a word or of a decimal."""
    by_digits: dict[int, list[str]] = {}
    for prefix in prefixes:
        digits = prefix.split(" ")
        by_digits.setdefault(len(digits), []).append(f"{_SEPARATORS}?".join(digits))
    numbers = (
        f"(?:{'|'.join(begins)})(?:{_SEPARATORS}?\\d){{{length - count}}}" for count, begins in by_digits.items()
    )
    return rf"(?<!\w)(?<!\d[.,])(?:{'|'.join(numbers)})(?!\w)(?![.,]\d)"


class CardRecognizer(CreditCardRecognizer):
    """Presidio's recognizer with patterns of its own, and one more check: how the digits are grouped."""

    STANDS_FOR = CreditCardRecognizer.__name__
    PATTERNS = [  # noqa: RUF012 - as its base class has it
        Pattern(f"{length} digits", _pattern(length, prefixes), 0.3) for length, prefixes in PREFIXES.items()
    ]

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the check digit is right, and the groups are those of a number and not of a table."""
        groups = _GROUP.findall(pattern_text)
        if any(len(group) < _MIN_GROUP for group in groups[:-1]):
            return False
        separators = set(_GROUP.sub("", pattern_text))
        if "." in separators and len(separators) > 1:
            return False
        digits = "".join(str(int(digit)) for digit in "".join(groups))  # of whatever script
        return len(set(digits)) > 1 and is_luhn(digits)
