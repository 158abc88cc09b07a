"""One pattern of one Presidio recognizer: where it matches, and what Presidio's validators say of a match.

The spans are those of `finditer` over the whole text, in whatever pieces the text is shown, with one addition for
patterns without bound (an e-mail address, a URL): a match is what the pattern matches in the `max_span` characters
from its start on; a longer one is cut there. Watermarks and holding are the work of `detectors.pii.engine`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import regex
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import IbanRecognizer

from detectors.pii.approaches import approach
from detectors.pii.custom import CustomRecognizer
from detectors.pii.readings import Allowance, Matcher, custom_matcher
from detectors.pii.screens import Required, required, screen
from detectors.pii.verdicts import verdict_of
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, Widths, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from detectors.pii.approaches import Approach
    from detectors.pii.readings import Place, Reading
    from detectors.pii.verdicts import Verdict

MAX_SPAN = 320
"""Longest match and longest hold of a pattern: the longest e-mail address that RFC 3696 allows (64 + 1 + 255)."""

MAX_SPANS = {"URL": 1_800, "IN_PAN": 64}
"""Entities with another limit. URL: below the 2,000 characters that a policy lets be held. IN_PAN: a pattern of its
is any ten characters with four digits anywhere later in the text, so that this much is held at all times."""

NEAR_CHARS = 8
"""A required character this near to the start of a match is cheaper to look for than the match."""

LOOK_BEHIND_CHARS = 256
"""How far patterns look back whose look-behind has no bound ("claim number:" and any white space)."""


_GAPS = (16, 32, 64, 128)
"""Lengths of text without the characters of a rule that its stretches go on over: few, so that many rules have the
same stretches."""

_CLASS = regex.compile(r"\[[\w\-\\:.]+\]")
"""A class of characters that is turned into its opposite by a `^`."""


class Match(NamedTuple):
    """A place where a pattern matches, in offsets of the searched text; not judged yet."""

    start: int
    end: int
    rule: Rule
    groups: tuple[int, ...]
    """Where each group ends, -1 when it took no part; only for IBAN."""


class Judged(NamedTuple):
    """A match that the validators let pass."""

    start: int
    end: int
    score: float


class Stretch(NamedTuple):
    """What finds stretches of text with certain characters near to each other."""

    plain: re.Pattern[str]
    """In texts of ASCII: Python's `re` takes a third of the time."""
    full: regex.Pattern[str]
    """In all texts: which characters are digits is a matter of `regex`, whose Unicode is newer."""

    def finditer(self, text: str, start: int = 0) -> Iterator[Place]:
        """Return the stretches from `start` on."""
        return (self.plain if text.isascii() else self.full).finditer(text, start)


class Stretches:
    """Where the characters that rules require lie in one text, looked up once for all rules that ask alike."""

    __slots__ = ("_is_ascii", "_known", "_start", "_text")

    def __init__(self, text: str, start: int) -> None:
        """`start`: where a match may begin."""
        self._text = text
        self._start = start
        self._is_ascii = text.isascii()
        self._known: dict[int, list[tuple[int, int]]] = {}

    def of(self, stretch: Stretch) -> list[tuple[int, int]]:
        """Return the start and end of each stretch that a rule asks for."""
        key = id(stretch.plain if self._is_ascii else stretch.full)
        spans = self._known.get(key)
        if spans is None:
            spans = self._known[key] = [found.span() for found in stretch.finditer(self._text, self._start)]
        return spans


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern with its recognizer."""

    entity: str
    recognizer: Any
    source: PatternSource
    matcher: Matcher
    score: float
    widths: Widths
    required: Required | None
    """Characters of which every match holds at least one."""
    screen: regex.Pattern[str] | None
    """Finds those characters."""
    stretch: Stretch | None
    """Finds stretches of text with those characters so near to each other that a match may hold any of them."""
    approach: Approach | None
    max_span: int
    verdict: Callable[[str], Verdict]
    """What the recognizer's validators say of a value."""
    is_iban: bool
    """Whether it is that of IBANs, of which each group may be where one ends."""

    @property
    def lead(self) -> int | None:
        """How far from the start of a match the first of the required characters is, at most."""
        return None if self.required is None else self.required.lead

    @property
    def context_chars(self) -> int:
        """How much text before a match it needs to see."""
        return LOOK_BEHIND_CHARS + 1 if self.widths.before is None else max(1, self.widths.before)

    def matches(self, text: str, start: int, allowance: Allowance, stretches: Stretches) -> Iterator[Match]:
        """Yield what `finditer` would from `start` on; before it lies `context_chars` of context.

        `allowance` is what the policy's own patterns may still take together; `stretches` are those of the text.
        Raises TimeoutError.
        """
        w = self.widths
        if w.before is not None and w.most is not None and w.after is not None and w.most <= self.max_span:
            reading = self.matcher.on(text, allowance)
            for low, high in self._regions(text, start, w.most + w.after, stretches):
                for found in reading.finditer(low, high):
                    yield self._match(found)
        elif self.screen is not None and self.screen.search(text, start) is None:
            return
        elif self.lead is not None and self.lead <= NEAR_CHARS:
            yield from self._near_matches(self._on(text, allowance), start, stretches)
        elif self.approach is not None:
            yield from self._approached_matches(self._on(text, allowance), start, self.approach)
        else:
            yield from self._bounded_matches(self._on(text, allowance), start)

    def _on(self, text: str, allowance: Allowance) -> _Seen:
        return _Seen(text, self.matcher.on(text, allowance), allowance)

    def _regions(self, text: str, start: int, reach: int, stretches: Stretches) -> list[tuple[int, int]]:
        """Return where matches can lie, in order and apart: around the characters that each of them holds."""
        lead, stretch = self.lead, self.stretch
        if stretch is None or lead is None:
            return [(start, len(text))]
        return [(max(start, first - lead), end - 1 + reach) for first, end in stretches.of(stretch)]

    def _approached_matches(self, seen: _Seen, start: int, approach: Approach) -> Iterator[Match]:
        """Search only from where the characters before a required one begin, and only if what follows it fits."""
        if self.screen is None:
            return
        text = seen.text
        for hit in self.screen.finditer(text, start):
            place = hit.start()
            if place < start or not approach.may_follow(text, place, place + self.max_span + 1):
                continue
            low = approach.begin(text, max(start, place - self.max_span), place)
            match = self._first_match(seen, low, place)
            if match is not None:
                yield match
                start = match.end

    def _first_match(self, seen: _Seen, low: int, high: int) -> Match | None:
        """Return the first match that begins from `low` to `high`."""
        while low <= high:
            found = seen.reading.search(low, high + self.max_span + 1)
            if found is None or found.span()[0] > high:
                return None
            match = self._cut_to_span(found, seen)
            if match is not None:
                return match
            low = found.span()[0] + 1
        return None

    def _near_matches(self, seen: _Seen, start: int, stretches: Stretches) -> Iterator[Match]:
        """Try only the starts from which a required character is near."""
        if self.screen is None or self.lead is None:
            return
        if self.stretch is not None and self.widths.most is not None and self.widths.most <= self.max_span:
            yield from self._stretch_matches(seen, start, stretches.of(self.stretch), self.lead)
            return
        place = start
        for hit in self.screen.finditer(seen.text, start):
            place = max(place, hit.start() - self.lead)
            while place <= hit.start():
                found = seen.reading.match(place, place + self.max_span + 1)
                match = None if found is None else self._cut_to_span(found, seen)
                place += 1
                if match is not None:
                    yield match
                    place = max(match.end, place)

    def _stretch_matches(
        self, seen: _Seen, start: int, stretches: Iterable[tuple[int, int]], lead: int
    ) -> Iterator[Match]:
        """Search among the starts of each stretch: what is limited there is only how far back a pattern looks."""
        for first, end in stretches:
            start = max(start, first - lead)
            while (match := self._first_match(seen, start, end - 1)) is not None:
                yield match
                start = match.end

    def _match(self, found: Place, shift: int = 0) -> Match:
        start, end = found.span()
        return Match(start + shift, end + shift, self, _group_ends(found) if self.is_iban else ())

    def _bounded_matches(self, seen: _Seen, start: int) -> Iterator[Match]:
        """Search in blocks, so that a start is tried against `max_span` characters, not the whole text."""
        text, reach = seen.text, self.max_span + 1
        while start < len(text):
            hit = start if self.screen is None else _start(self.screen.search(text, start))
            if hit is None:
                return
            start = max(start, hit - self.max_span)
            stop = max(hit, start) + 2 * reach
            found = seen.reading.search(start, stop)
            whole_until = len(text) if stop >= len(text) else stop - reach  # starts up to here saw all they may
            if found is None or found.span()[0] >= whole_until:
                start = whole_until
                continue
            match = self._cut_to_span(found, seen)
            if match is None:
                start = found.span()[0] + 1
                continue
            yield match
            start = max(match.end, match.start + 1)

    def _cut_to_span(self, found: Place, seen: _Seen) -> Match | None:
        """Return the match at this start in `max_span` characters and a bounded look-behind."""
        begin, end = found.span()
        if self.widths.before is not None and self.widths.after is not None and end - begin <= self.max_span:
            return self._match(found)
        low, reading = 0, seen.reading
        if self.widths.before is None:
            low = max(0, begin - LOOK_BEHIND_CHARS)
            reading = self.matcher.on(seen.text[low : begin + self.max_span], seen.allowance)
        again = reading.match(begin - low, begin - low + self.max_span)
        return None if again is None else self._match(again, low)

    def judge(self, match: Match, text: str) -> Judged | None:
        """Ask the recognizer's validators as its `analyze` does."""
        if not match.groups:
            return self._judge_span(match.start, match.end, text)
        for end in reversed(match.groups):
            judged = self._judge_span(match.start, end if end > 0 else match.end, text)
            if judged is not None:
                return judged
        return None

    def _judge_span(self, start: int, end: int, text: str) -> Judged | None:
        value = text[start:end]
        if not value:
            return None
        verdict = self.verdict(value)
        if verdict is None:
            return Judged(start, end, self.score) if self.score > EntityRecognizer.MIN_SCORE else None
        return Judged(start, end, float(EntityRecognizer.MAX_SCORE)) if verdict else None


class _Seen(NamedTuple):
    """A text, and a pattern on it."""

    text: str
    reading: Reading
    allowance: Allowance


def _group_ends(found: Any) -> tuple[int, ...]:  # noqa: ANN401 - of `regex`, which matches IBANs
    return tuple(found.end(group) for group in range(1, len(found.groups()) + 1))


def _start(found: regex.Match[str] | None) -> int | None:
    return None if found is None else found.start()


def _stretch(needed: Required | None, widths: Widths) -> Stretch | None:
    """Return what finds required characters that a match can join, the first to the last; None if unbounded."""
    if needed is None or needed.lead is None or widths.most is None or widths.after is None:
        return None
    gap = needed.lead + widths.most + widths.after - 1
    one = screen(needed.atoms)
    # A gap may be longer than a match joins, and rules with the same one share where their stretches are.
    least = next((each for each in _GAPS if each >= gap), gap)
    return _stretch_of(one.pattern, one.flags & (regex.IGNORECASE | regex.VERSION0), least)


@cache
def _stretch_of(one: str, flags: int, gap: int) -> Stretch:
    """Return what finds characters that `one` finds, so many others between them. The same gives the same."""
    hit = regex.compile(one, flags)
    plain = _plain_stretch("".join(char for char in map(chr, range(0x80)) if hit.match(char)), gap)
    if _CLASS.fullmatch(one) and not flags & regex.IGNORECASE:  # six times as fast
        return Stretch(plain, regex.compile(f"{one}++(?:[^{one[1:]}{{1,{gap}}}+{one}++)*+", flags))
    return Stretch(plain, regex.compile(rf"(?:{one})(?:(?:(?!{one})[\s\S]){{0,{gap}}}+(?:{one}))*+", flags))


@cache
def _plain_stretch(chars: str, gap: int) -> re.Pattern[str]:
    one = re.escape(chars)
    return re.compile(f"[{one}]++(?:[^{one}]{{1,{gap}}}+[{one}]++)*+" if chars else "(?!)")


def make_rules(entity: str, recognizer: Any) -> list[Rule]:  # noqa: ANN401 - Presidio has no types
    """Return the rules of a pattern recognizer. Raises UnsupportedPatternError."""
    flags = recognizer.global_regex_flags
    rules, said = [], verdict_of(recognizer)
    for pattern in recognizer.patterns:
        source = PatternSource(
            pattern.regex,
            ignore_case=bool(flags & regex.IGNORECASE),
            multi_line=bool(flags & regex.MULTILINE),
            dot_all=bool(flags & regex.DOTALL),
        )
        tree = parse_pattern(source)
        compiled = regex.compile(pattern.regex, flags)
        is_trusted = not isinstance(recognizer, CustomRecognizer)
        needed, widths = required(tree), measure(tree)
        rules.append(
            Rule(
                entity=entity,
                recognizer=recognizer,
                source=source,
                matcher=Matcher(compiled, True) if is_trusted else custom_matcher(compiled, source),
                score=float(pattern.score),
                widths=widths,
                required=needed,
                screen=None if needed is None else screen(needed.atoms),
                stretch=_stretch(needed, widths),
                approach=approach(needed),
                max_span=MAX_SPANS.get(entity, MAX_SPAN),
                verdict=said,
                is_iban=isinstance(recognizer, IbanRecognizer),
            )
        )
    return rules


def without_contained(judged: Iterable[Judged]) -> list[Judged]:
    """Drop what lies in a finding at least as sure, as Presidio's `remove_duplicates` does for one entity."""
    judged = list(judged)
    if len(judged) < 2:  # noqa: PLR2004 - nothing beside it
        return judged
    kept: list[Judged] = []
    open_: list[Judged] = []
    for each in sorted(set(judged), key=lambda j: (j.start, -j.end, -j.score)):
        open_ = [k for k in open_ if k.end >= each.start]
        if not any(each.end <= k.end and each.score <= k.score for k in open_):
            kept.append(each)
            open_.append(each)
    return kept
