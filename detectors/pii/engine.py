"""The `presidio` detector: what its recognizers find in a window, and how far the answer can no longer change.

Imports Presidio, and with it spaCy: nothing imports this module before a detector is built. It holds no pattern of
its own; those are Presidio's, and `detectors.automaton` derives from them what must be held.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from detectors.automaton import HoldAutomaton
from detectors.pii import phone
from detectors.pii.catalogue import NOTHING_ADDED, Added, check_entities, check_regions, make_recognizers
from detectors.pii.phone import PhoneScanner
from detectors.pii.rules import Judged, Rule, make_rules, without_contained
from detectors.pii.screens import Required, screen
from detectors.pii.sifting import KEEP_ALL, Sieve, Span
from detectors.prefilter import Prefilter, loosened
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Atom, PatternSource
from detectors.screening import Hold, Screen
from detectors.types import CONTENT_KINDS, CostClass, Finding, ScanResult, Stability, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    import regex

OVERLAP_CHARS = 128
"""How much further back than a single match a chain of overlapping matches may be held."""

_DIGIT = Atom(r"\d", "regex", ignore_case=False, dot_all=False, ascii=False)


class Engine(NamedTuple):
    """Recognizers made ready, without the name a policy gives them. Immutable; shared by detectors."""

    entities: tuple[str, ...]
    rules: tuple[Rule, ...]
    phones: tuple[PhoneScanner, ...]
    holds: tuple[HoldAutomaton, ...]
    screen: regex.Pattern[str] | None
    """A text without a character that this finds holds no match; None when there is no such character."""
    prefilter: Prefilter
    """Of the rules, then of the phone scanners."""
    context_chars: int
    max_span: int
    offered: Screen
    """What a fused screen has to look for."""


class PresidioDetector:
    """Reports personal data by Presidio's recognizers, with the spans and scores of the whole text."""

    stability = Stability.PREFIX_STABLE
    cost_class = CostClass.INLINE
    kinds = CONTENT_KINDS

    def __init__(self, name: str, engine: Engine, sieve: Sieve = KEEP_ALL) -> None:
        self.name = name
        self.categories = engine.entities
        self.context_chars = engine.context_chars
        self.max_span = engine.max_span
        self.screen = engine.offered
        self._engine = engine
        self._sieve = sieve

    def scan(self, window: Window) -> ScanResult:
        """Report the matches that are certain, and hold from the first that could still begin or change.

        Raises TimeoutError when a pattern runs too long.
        """
        engine = self._engine
        left = window.context[-engine.context_chars :]
        text = left + window.text
        start, end = len(left), len(text)
        shift = window.start - start
        live = end
        if not window.final:
            for hold in engine.holds:
                live = min(live, hold.earliest_live(text, start))
        if engine.screen is not None and engine.screen.search(text, start) is None:
            return ScanResult((), shift + live)
        found = _Found(engine, text, start, final=window.final)
        watermark = found.watermark(min(live, found.undecided), self.max_span)
        certain = [Span(entity, *judged) for entity, judged in found.judged(watermark)]
        findings = [
            Finding(self.name, kept.entity, shift + kept.start, shift + kept.end, kept.score)
            for kept in self._sieve.kept(certain, text)
        ]
        return ScanResult(findings, shift + watermark)


class _Found:
    """What all recognizers see in one text, and where it may be cut."""

    def __init__(self, engine: Engine, text: str, start: int, *, final: bool) -> None:
        self._text = text
        self._entities = engine.entities
        rules, phones = engine.rules, engine.phones
        likely = engine.prefilter.candidates(text)
        is_phone_likely = bool(likely) and likely[-1] >= len(rules)
        self._matches = [
            match for number in likely if number < len(rules) for match in rules[number].matches(text, start)
        ]
        scans = [
            (scanner.entity, scanner.scan(text, start, final=final))
            for scanner in phones
            if is_phone_likely or (not final and scanner.may_be_open(text, start))
        ]
        self._groups = [(entity, group) for entity, scan in scans for group in scan.groups]
        self.undecided = min((scan.undecided for _, scan in scans), default=len(text))

    def watermark(self, live: int, max_hold: int) -> int:
        """Return the last place up to `live` that no match crosses.

        What the validators refuse counts too: a pattern goes on after it, so beginning within it would find
        something else. Where that would hold more than `max_hold`, the place is after the matches that cross
        `live`: what might begin inside them is given up, as it is by the pattern that matched there.
        """
        spans = [(m.start, m.end) for m in self._matches] + [(g.start, g.end) for _, g in self._groups]
        place = _last_uncrossed(live, spans)
        if len(self._text) - place <= max_hold:
            return place
        return max([live, *(end for start, end in spans if start < live)])

    def judged(self, watermark: int) -> list[tuple[str, Judged]]:
        """Return the entity, span and score of what lies before `watermark`, by place."""
        by_entity: dict[str, list[Judged]] = defaultdict(list)
        for match in self._matches:
            if match.end <= watermark and (judged := match.rule.judge(match, self._text)) is not None:
                by_entity[match.rule.entity].append(judged)
        for entity, group in self._groups:
            by_entity[entity].extend(judged for judged in group.found if judged.end <= watermark)
        found = [(entity, j) for entity, judged in by_entity.items() for j in without_contained(judged)]
        return sorted(found, key=lambda pair: (pair[1].start, pair[1].end, self._entities.index(pair[0])))


def _last_uncrossed(place: int, spans: Iterable[tuple[int, int]]) -> int:
    # From the right: only a span that begins before the place can draw it back, and then to its own start.
    for start, end in sorted(spans, reverse=True):
        if start < place < end:
            place = start
    return place


@lru_cache(maxsize=16)
def make_engine(
    entities: tuple[str, ...], language: str, regions: tuple[str, ...], added: Added = NOTHING_ADDED
) -> Engine:
    """Return the recognizers of known entities, made ready. The same arguments give the same object."""
    rules: list[Rule] = []
    phones: list[PhoneScanner] = []
    for entity in entities:
        for recognizer in make_recognizers(entity, language, regions, added):
            if isinstance(recognizer, PhoneRecognizer):
                phones.append(PhoneScanner(entity, recognizer))
            else:
                rules.extend(make_rules(entity, recognizer))
    spans: dict[int, list[PatternSource]] = defaultdict(list)
    for rule in rules:
        spans[rule.max_span].append(rule.source)
    if phones:
        spans[min(spans, default=phone.MAX_CANDIDATE_CHARS)].append(phone.LEAD)
    needs = [rule.required for rule in rules] + [Required(frozenset({_DIGIT}), 0)] * bool(phones)
    atoms = [atom for need in needs if need is not None for atom in need.atoms]
    finds = [pattern for scanner in phones for pattern in scanner.finds]
    return Engine(
        entities=entities,
        rules=tuple(rules),
        phones=tuple(phones),
        holds=tuple(HoldAutomaton(sources, span) for span, sources in spans.items()),
        screen=None if None in needs else screen(atoms),
        prefilter=Prefilter([rule.source for rule in rules], finds),
        context_chars=max(1, *(rule.context_chars for rule in rules), 1),
        max_span=max([*spans, phone.MAX_SPAN * bool(phones)]) + OVERLAP_CHARS,
        offered=Screen(
            (*(loosened(parse_pattern(rule.source)) for rule in rules), *finds),
            tuple(Hold(source, span) for span, sources in spans.items() for source in sources),
            asks=(Hold(phone.OPEN, phone.OPEN_CHARS),) if phones else (),
        ),
    )


def build_detector(
    name: str,
    entities: tuple[str, ...],
    language: str,
    regions: tuple[str, ...],
    added: Added = NOTHING_ADDED,
    sieve: Sieve = KEEP_ALL,
) -> PresidioDetector:
    """Build a detector. Raises DetectorConfigError for entities or regions that do not exist."""
    check_entities(entities)
    check_regions(regions)
    return PresidioDetector(name, make_engine(entities, language, regions, added), sieve)
