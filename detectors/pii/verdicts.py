"""What a recognizer's validators say of a value, asked once and in the shortest way.

Presidio's own are asked, but for the checks that come most often and whose answer is a matter of a standard: check
digits of cards and accounts, addresses of four bytes. These are worked out here for values written as usual; all
others go to Presidio's. Nothing is found here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import regex
from presidio_analyzer import PatternRecognizer
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer, IpRecognizer
from presidio_analyzer.predefined_recognizers.generic.iban_patterns import regex_per_country

from detectors.pii.checksums import has_luhn

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict: TypeAlias = "bool | None"
"""True: right, whatever its pattern's score. False: none. None: as sure as its pattern."""

_BETWEEN = [("-", ""), (" ", "")]
"""What Presidio takes out of cards and accounts before it looks at them."""

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_FOUR_BYTES = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")


def verdict_of(recognizer: Any) -> Callable[[str], Verdict]:  # noqa: ANN401 - Presidio has no types
    """Return what says of a value what the recognizer's `validate_result` and `invalidate_result` say together."""
    kind = type(recognizer)
    validate = None if _is_bases(kind, "validate_result") else recognizer.validate_result
    invalidate = None if _is_bases(kind, "invalidate_result") else recognizer.invalidate_result
    if invalidate is None:
        return _validated(recognizer, validate) if validate is not None else _undecided
    if validate is None and kind.invalidate_result is IpRecognizer.invalidate_result:
        return lambda value: None if _FOUR_BYTES.fullmatch(value) or not invalidate(value) else False

    def verdict(value: str) -> Verdict:
        valid = None if validate is None else validate(value)
        if invalidate(value):
            return False
        return None if valid is None else bool(valid)

    return verdict


def _is_bases(kind: Any, name: str) -> bool:  # noqa: ANN401 - see above
    return getattr(kind, name) is getattr(PatternRecognizer, name)


def _undecided(_value: str) -> Verdict:
    return None


def _validated(recognizer: Any, validate: Callable[[str], Any]) -> Callable[[str], Verdict]:  # noqa: ANN401 - see above
    """Return a validator that nothing contradicts."""
    own = type(recognizer).validate_result
    if own is CreditCardRecognizer.validate_result and recognizer.replacement_pairs == _BETWEEN:
        return lambda value: _has_luhn(value, validate)
    if own is IbanRecognizer.validate_result and recognizer.replacement_pairs == _BETWEEN and not recognizer.BOSEOS:
        return lambda value: _is_iban(value, validate)

    def verdict(value: str) -> Verdict:
        valid = validate(value)
        return None if valid is None else bool(valid)

    return verdict


def _has_luhn(value: str, validate: Callable[[str], Any]) -> Verdict:
    digits = value.replace("-", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return bool(validate(value))
    return has_luhn(digits)


def _is_iban(value: str, validate: Callable[[str], Any]) -> Verdict:
    plain = value.replace("-", "").replace(" ", "")
    if not (plain.isascii() and plain.isalnum() and plain == plain.upper()):
        valid = validate(value)
        return None if valid is None else bool(valid)
    number = int(f"{plain[4:]}{plain[:2]}00".translate(IbanRecognizer.LETTERS))
    if f"{98 - number % 97:02}" != plain[2:4]:
        return False
    shape = _shape_of(plain[:2])
    return shape is not None and shape.match(plain) is not None


@cache
def _shape_of(country: str) -> regex.Pattern[str] | None:
    """Return what the accounts of a country look like."""
    shape = regex_per_country.get(country)
    return regex.compile(shape, regex.DOTALL | regex.MULTILINE) if shape else None
