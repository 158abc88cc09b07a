"""Dates of the calendar: also with the name of the month and with a time, and not in version numbers.

Presidio's own recognizer takes `3.11.10` for a day in November and `2024-02-31` for one in February, and misses
`12 March 2024` and a time without its zone. This one takes its place where a policy says `refined: true`.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import permutations
from typing import Final

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import DateRecognizer

_MONTHS: Final = (
    "Jan(?:uary)?", "Feb(?:ruary)?", "Mar(?:ch)?", "Apr(?:il)?", "May", "June?", "July?", "Aug(?:ust)?",
    "Sept?(?:ember)?", "Oct(?:ober)?", "Nov(?:ember)?", "Dec(?:ember)?",
)  # fmt: skip
_MONTH: Final = f"(?:{'|'.join(_MONTHS)})"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL: Final = "(?:st|nd|rd|th)?"
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?"
_ZONE: Final = r"(?: ?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?"
_VERSION: Final = r"(?<!\b(?:version|release|python|node|ver|v)\.? )(?<!\d\.)"
_NUMBERS = re.compile(r"\d+")
_DOTTED_SHORT: Final = "dd.mm.yyyy or dd.mm.yy"


def _patterns() -> list[Pattern]:
    """Return Presidio's patterns, that with dots made stricter, and more."""
    kept = [one for one in DateRecognizer.PATTERNS if one.name != _DOTTED_SHORT]
    written = (
        ("dd.mm.yyyy", rf"{_VERSION}\b{_DAY}\.(?:0?[1-9]|1[0-2])\.\d{{4}}\b(?!\.\d)", 0.6),
        ("dd.mm.yy", rf"{_VERSION}\b(?:0[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.\d{{2}}\b(?!\.\d)", 0.6),
        ("date and time", rf"\b\d{{4}}-(?:0[1-9]|1[0-2])-{_DAY}[T ]{_TIME}{_ZONE}(?!\w)", 0.8),
        ("day, month, year", rf"\b{_DAY}{_ORDINAL}(?: of)? {_MONTH}\.?,? \d{{4}}\b", 0.6),
        ("month, day, year", rf"\b{_MONTH}\.? {_DAY}{_ORDINAL},? \d{{4}}\b", 0.6),
    )
    return [*kept, *(Pattern(*each) for each in written)]


class CalendarRecognizer(DateRecognizer):
    """Presidio's recognizer with more patterns, and a calendar."""

    STANDS_FOR = DateRecognizer.__name__
    PATTERNS = _patterns()

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether three numbers at its front are no day of any calendar, in whichever order they stand."""
        numbers = [int(number) for number in _NUMBERS.findall(pattern_text)[:3]]
        is_digits = pattern_text[0].isdigit() and not any(map(str.isalpha, pattern_text[:10]))
        if len(numbers) < len("dmy") or not is_digits:
            return False
        return not any(_is_day(*order) for order in permutations(numbers))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year if year > 99 else 2000 + year, month, day)  # noqa: PLR2004 - two digits are of a century
    except ValueError:
        return False
    return True
