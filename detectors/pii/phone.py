"""Phone numbers: phonenumbers' own matcher, shown only the candidates, and only when they are complete.

`phonenumbers.PhoneNumberMatcher` walks over candidates (`_PATTERN`: digits, punctuation, an extension), one region
at a time, and goes on after the candidate, or after the number that it found inside one. Here all regions walk
together, from one place where they agree to the next (a *group*: most often a single candidate), so that a text can
be judged piece by piece with the spans of the whole. Watermarks are the work of `detectors.pii.engine`.

Two limits keep what is held short. White space over `MAX_GAP_CHARS` does not join a number and its extension. In a
group longer than `MAX_GROUP_CHARS`, which takes a long list of bare numbers, all regions go on from its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import phonenumbers
from phonenumbers import phonenumbermatcher as upstream
from phonenumbers import phonenumberutil
from presidio_analyzer.predefined_recognizers.country_specific.south_africa.za_phone_number_recognizer import (
    ZaPhoneNumberRecognizer,
)

from detectors.automaton import HoldAutomaton
from detectors.pii.phone_parts import is_one, parts, read
from detectors.pii.phone_plans import Regions
from detectors.pii.phone_shapes import MIN_DIGITS, finds, least_digits
from detectors.pii.rules import Judged
from detectors.regex_tree import PatternSource
from detectors.turns import finished

if TYPE_CHECKING:
    from detectors.turns import Turns

MAX_GAP_CHARS = 64
"""Longest white space before an extension and inside it; phonenumbers has no limit."""

MAX_GROUP_CHARS = 320
"""Longest stretch in which regions may disagree about where a number ends."""

MAX_CANDIDATE_CHARS = 670
"""Longest candidate: lead 10, 21 blocks of 20 digits with 4 characters between, extension with two gaps."""

MAX_SPAN = MAX_GROUP_CHARS + MAX_CANDIDATE_CHARS
"""Longest text that can be undecided, and so be held."""

MAX_LEAD_CHARS = 10
"""Longest text of a candidate before its first digit: two brackets or pluses with four characters after each."""

_MAX_DIGIT_GAP = 40
"""Most characters between two digits of one candidate: punctuation, or the word before an extension and its own."""

_TAIL_CHARS = 200
"""Longest text after a candidate that can still turn out to be its extension, rounded up."""

_BLOCKS = (
    f"(?:{upstream._LEAD_CLASS}{upstream._PUNCTUATION}){upstream._LEAD_LIMIT}{upstream._DIGIT_SEQUENCE}"  # noqa: SLF001 - the parts of _PATTERN
    f"(?:{upstream._PUNCTUATION}{upstream._DIGIT_SEQUENCE}){upstream._BLOCK_LIMIT}"  # noqa: SLF001 - the parts of _PATTERN
)
LEAD = PatternSource(
    f"(?:{upstream._LEAD_CLASS}{upstream._PUNCTUATION}){upstream._LEAD_LIMIT}\\d",  # noqa: SLF001 - the parts of _PATTERN
    ignore_case=True,
)
"""Where a candidate could begin, for the hold of texts that have no digit yet."""

_TAIL = PatternSource(
    f"(?:{upstream._PUNCTUATION}\\d|{phonenumberutil._EXTN_PATTERNS_FOR_MATCHING})",  # noqa: SLF001 - the parts of _PATTERN
    ignore_case=True,
)
OPEN = PatternSource(f"[\\d#](?:{_TAIL.pattern}|:[0-5])", ignore_case=True)
"""What a text ends with, in part, while a candidate in it may still change; `:` goes on a time of day."""

OPEN_CHARS = _TAIL_CHARS + 2
"""How much of it there can be."""

_CANDIDATE: re.Pattern[str] = upstream._PATTERN  # noqa: SLF001 - what the matcher itself looks for
_CANDIDATE_WITHOUT_EXTENSION = re.compile(_BLOCKS, _CANDIDATE.flags)
_LONG_GAP = re.compile(rf"[ \xa0\t,-]{{{MAX_GAP_CHARS + 1}}}")
_SECOND_NUMBER: re.Pattern[str] = phonenumberutil._SECOND_NUMBER_START_PATTERN  # noqa: SLF001 - where the matcher cuts
_TIME: re.Pattern[str] = upstream._TIME_STAMPS  # noqa: SLF001 - the only look past a candidate that takes 3 characters
_TIME_GOES_ON = re.compile(r":?[0-5]?")
_DIGIT = re.compile(r"\d")


_NONE: frozenset[str] = frozenset()


class Candidate(NamedTuple):
    """Text that may be a phone number."""

    start: int
    end: int
    has_plus: bool
    is_open: bool
    """Whether what follows may still change it."""


class Place(NamedTuple):
    """Where a number is."""

    start: int
    end: int


class Group(NamedTuple):
    """A stretch with candidates in it that no number crosses, in any region."""

    start: int
    end: int
    found: tuple[Judged, ...]


class PhoneScan(NamedTuple):
    """What a text holds up to where it is decided."""

    groups: tuple[Group, ...]
    undecided: int
    """Where the first group begins that later text may change; the end of the text when there is none."""


class PhoneScanner:
    """Finds what one Presidio phone recognizer finds. Stateless."""

    def __init__(self, entity: str, recognizer: Any) -> None:  # noqa: ANN401 - Presidio has no types
        self.entity = entity
        self.recognizer = recognizer
        self._regions = {region: least_digits(region) for region in recognizer.supported_regions}
        self._all = frozenset(self._regions)
        self._enough = _at_least(min(self._regions.values()))
        self._enough_abroad = _at_least(MIN_DIGITS)
        self._plans = Regions(self._regions)
        if recognizer.leniency != phonenumbers.Leniency.VALID:
            raise ValueError("phone numbers are judged at phonenumbers' leniency VALID only")
        self._tail = HoldAutomaton([_TAIL], _TAIL_CHARS)

    @property
    def finds(self) -> list[str]:
        """RE2 patterns of which one is found in every text in which a number is."""
        return finds(self._regions)

    @staticmethod
    def may_be_open(text: str, start: int) -> bool:
        """Whether a candidate may go on past the end of the text: only one with a digit near the end can."""
        return _DIGIT.search(text, max(start, len(text) - _TAIL_CHARS - _MAX_DIGIT_GAP)) is not None

    def scan(self, text: str, start: int, *, final: bool) -> PhoneScan:
        """Judge `text` from `start` on; one character of context lies before it."""
        return finished(self.scan_in_turns(text, start, final=final))

    def scan_in_turns(self, text: str, start: int, *, final: bool) -> Turns[PhoneScan]:
        """Do the same, and let others have their turn."""
        groups: list[Group] = []
        candidates = _Candidates(text, self._tail, final=final)
        while (first := candidates.after(start)) is not None:
            group = None if first.is_open else (yield from self._group(candidates, first))
            if group is None:
                return PhoneScan(tuple(groups), first.start)
            groups.append(group)
            start = group.end
            yield
        return PhoneScan(tuple(groups), len(text))

    def _group(self, candidates: _Candidates, first: Candidate) -> Turns[Group | None]:
        """Walk in every region from `first` to where all agree; None when an open candidate is in the way."""
        begin, end = first.start, first.end
        enough = self._enough_abroad if first.has_plus else self._enough
        if enough.match(candidates.text, begin, end) is None:
            return Group(begin, end, ())  # too short in every region, so none looks further
        numbers = self._whole(candidates, first)
        if numbers is None:
            numbers = self._numbers(candidates, first)
        if all(number.end == end for number in numbers):  # as nearly always: no region looks into it again
            found = [each for each, regions in numbers.items() if self._accepts(candidates.text, each, regions)]
            return Group(begin, end, self._judged(found))
        return (yield from self._walk(candidates, first))

    def _whole(self, candidates: _Candidates, candidate: Candidate) -> dict[Place, frozenset[str]] | None:
        """Return the number that a candidate without parts is, with one of its regions; None if it has parts."""
        begin, end, text = candidate.start, candidate.end, candidates.text
        if not is_one(text, begin, end):
            return None
        dialled = read(text, begin, end)
        region = None if dialled is None else self._plans.one_with_number(dialled.digits)
        return {} if region is None else {Place(begin, end): frozenset((region,))}

    def _walk(self, candidates: _Candidates, first: Candidate) -> Turns[Group | None]:
        """Walk where a number ends before its candidate in some region."""
        begin, end = first.start, first.end
        places = {begin: self._all}
        found: list[Place] = []
        while (place := min(places)) < end:
            regions = places.pop(place)
            candidate = candidates.after(place)
            if candidate is None or candidate.start >= min(end, begin + MAX_GROUP_CHARS):
                places[end] = places.get(end, _NONE) | regions
                continue
            if candidate.is_open:
                return None
            for number, theirs in self._numbers(candidates, candidate).items():
                agreed = regions & theirs
                if agreed:
                    regions -= agreed
                    places[number.end] = places.get(number.end, _NONE) | agreed
                    end = max(end, number.end)
                    if self._accepts(candidates.text, number, agreed):
                        found.append(number)
            if regions:
                places[candidate.end] = places.get(candidate.end, _NONE) | regions
                end = max(end, candidate.end)
            yield
        return Group(begin, end, self._judged(found))

    def _judged(self, numbers: list[Place]) -> tuple[Judged, ...]:
        return tuple(Judged(*number, self.recognizer.SCORE) for number in dict.fromkeys(numbers))

    def _numbers(self, candidates: _Candidates, candidate: Candidate) -> dict[Place, frozenset[str]]:
        """Return the numbers that a candidate is, or that are in it, each with the regions that see it first."""
        numbers = candidates.numbers.get(candidate.start)
        if numbers is None:
            numbers = candidates.numbers[candidate.start] = {}
            known, missing = candidates.regions, self._all
            for part in parts(candidates.text, candidate.start, candidate.end):
                if (regions := known.get(part)) is None:
                    regions = known[part] = self._regions_of(candidates.text, *part)
                if regions and not missing.isdisjoint(regions):
                    numbers[Place(*part)] = missing & regions
                    missing -= regions
                    if not missing:
                        break
        return numbers

    def _regions_of(self, text: str, start: int, end: int) -> frozenset[str]:
        """Return the regions in which all of this text is a number."""
        value = text[start:end]
        if value.isascii() and value.isdigit():  # nearly always none, so that what stands around it says nothing
            likely = self._plans.likely(value)
            return self._plans.among(likely, value) if likely and read(text, start, end) is not None else _NONE
        dialled = read(text, start, end)
        if dialled is None:
            return frozenset()
        regions = self._plans.with_number(dialled.digits, dialled.written, has_plus=dialled.has_plus)
        if not dialled.has_x:
            return regions
        return frozenset(region for region in regions if _are_valid_x(value, region))

    def _accepts(self, text: str, number: Place, regions: frozenset[str]) -> bool:
        recognizer = self.recognizer
        if not isinstance(recognizer, ZaPhoneNumberRecognizer):
            return True
        parsed = phonenumbers.parse(text[number.start : number.end], next(iter(regions)))  # it has only one
        return bool(
            phonenumbers.region_code_for_number(parsed) == recognizer.REGION
            and recognizer._classify(parsed) == recognizer.target_classification  # noqa: SLF001 - as its analyze does
        )


def _are_valid_x(value: str, region: str) -> bool:
    """Whether two `x` in a row in a number stand for a carrier's code there."""
    number = phonenumbers.parse(value, region, keep_raw_input=True)
    return bool(upstream._contains_only_valid_x_chars(number, value))  # noqa: SLF001 - as the matcher asks


def _at_least(count: int) -> re.Pattern[str]:
    """Return a pattern of text with so many digits."""
    return re.compile(rf"(?:\D*\d){{{count}}}")


def _has_plus(value: str) -> bool:
    return "+" in value or "\uff0b" in value


class _Candidates:
    """The candidates of one text, each looked for once though every region asks."""

    def __init__(self, text: str, tail: HoldAutomaton, *, final: bool) -> None:
        self.text = text
        self._tail = tail
        self._final = final
        self._known: dict[int, Candidate | None] = {}
        self.numbers: dict[int, dict[Place, frozenset[str]]] = {}
        """The numbers in candidates by their start, with their regions."""
        self.regions: dict[tuple[int, int], frozenset[str]] = {}
        """The regions in which parts are a number, by their place: lists of numbers have the same parts often."""

    def after(self, start: int) -> Candidate | None:
        """Return the first candidate from `start` on."""
        if start not in self._known:
            self._known[start] = self._find(start)
        return self._known[start]

    def _find(self, start: int) -> Candidate | None:
        digit = _DIGIT.search(self.text, start)  # far quicker than the candidate pattern on text without digits
        if digit is None:
            return None
        found = _CANDIDATE.search(self.text, max(start, digit.start() - MAX_LEAD_CHARS))
        if found is None:
            return None
        begin, end = found.span()
        if end - begin > MAX_GAP_CHARS and _LONG_GAP.search(self.text, begin, end):
            without = _CANDIDATE_WITHOUT_EXTENSION.match(self.text, begin)
            end = end if without is None else without.end()
        value = self.text[begin:end]
        is_open = not self._final and self._is_open(value, end)
        if "x" in value and (second := _SECOND_NUMBER.search(value)):
            value = value[: second.start()]
        return Candidate(begin, begin + len(value), _has_plus(value), is_open)

    def _is_open(self, value: str, end: int) -> bool:
        text = self.text
        left = len(text) - end
        if left == 0:
            return True
        if left > _TAIL_CHARS:
            return False
        if _TIME.search(value) and _TIME_GOES_ON.fullmatch(text, end):
            return True
        return self._tail.earliest_live(text, end) == end and _LONG_GAP.search(text, end) is None
