"""Whether a name may be in a text: a cheap test, so that a model is asked only where one may. Pure.

In English a name has a capital letter, which says nothing where a sentence begins with a common word; whoever
writes without capitals does not begin sentences with one either. Dates have digits or words of their own.
What is lost by that is measured by `python -m benchmarks.ner`. In other languages every text with a capital letter,
or in a script without them, may hold a name, and every text a date.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from detectors.names.openers import OPENERS

if TYPE_CHECKING:
    from collections.abc import Collection

_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]")
"""A letter that English words do not have."""

_CAPITAL = re.compile(r"[A-Z][A-Za-z0-9'\u2019]*")
_OPENING = re.compile(r"(?:\A|[.!?:;\u2026\n*#>\u2022(\[\"\u201c\u2018-])[\s\"'\u201c\u2018(\[*_#>\u2022-]*\Z")
"""What stands before the first word of a sentence, a line or a quotation."""

_OPENING_CHARS: Final = 12
_LOWER_START = re.compile(r"[\s\"'\u201c\u2018(\[*_#>\u2022-]*[a-z]")
_PRONOUN: Final = "i"
_NOT: Final = "n't"

_DIGIT = re.compile(r"\d")
_LETTERS = re.compile("[a-z]+")
_DATE_WORDS = """\
today yesterday tomorrow tonight morning mornings afternoon afternoons evening evenings night nights noon
midnight midday day days week weeks weekend weekends weekday weekdays month months year years decade decades century
centuries hour hours minute minutes second seconds quarter quarters daily weekly monthly yearly annual annually
hourly nightly spring summer summers autumn fall winter winters season age aged ages era millennium fortnight
january february march april may june july august september october november december
jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday
mondays tuesdays wednesdays thursdays fridays saturdays sundays christmas easter halloween thanksgiving ramadan
twenties thirties forties fifties sixties seventies eighties nineties semester overnight moment later ago now
"""
_DATES: Final = frozenset(_DATE_WORDS.split())
"""Words that dates and times are made of."""


class Screen:
    """The test for what one detector looks for, in texts for a model of one language."""

    def __init__(self, entities: Collection[str], language: str) -> None:
        self._names = any(entity != "DATE_TIME" for entity in entities)
        self._dates = "DATE_TIME" in entities
        self._is_english = language == "en"

    def may_hold(self, text: str) -> bool:
        """Whether the model must be asked about a text, which begins with a sentence."""
        if not self._is_english:
            return self._dates or any(map(_may_begin_a_name, text))
        return (self._dates and may_hold_date(text)) or (self._names and may_hold_name(text))


def may_hold_date(text: str) -> bool:
    """Whether an English text may hold a date or a time."""
    return _DIGIT.search(text) is not None or not _DATES.isdisjoint(_LETTERS.findall(text.lower()))


def may_hold_name(text: str) -> bool:
    """Whether an English text may hold a name."""
    if _LOWER_START.match(text) or not (text.isascii() or _FOREIGN.search(text) is None):
        return True
    for found in _CAPITAL.finditer(text):
        word = found.group().lower().replace("\u2019", "'")
        stem = word.partition("'")[0]
        if stem == _PRONOUN:
            continue
        is_common = stem in OPENERS or word.endswith(_NOT)
        if not is_common or not _OPENING.search(text, max(found.start() - _OPENING_CHARS, 0), found.start()):
            return True
    return False


def _may_begin_a_name(char: str) -> bool:
    """Whether a character is a capital letter, or a letter of a script that has none."""
    return char.isalpha() and not char.islower()
