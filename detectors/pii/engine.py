"""The `presidio` detector: what its recognizers find in a window, and how far the answer can no longer change.

Imports Presidio, and with it spaCy: nothing imports this module before a detector is built. It holds no pattern of
its own; those are Presidio's, and `detectors.automaton` derives from them what must be held.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import IbanRecognizer, PhoneRecognizer

from detectors.automaton import HoldAutomaton
from detectors.pii import phone
from detectors.pii.catalogue import (
    NOTHING_ADDED,
    Added,
    check_entities,
    check_regions,
    context_words,
    make_recognizers,
)
from detectors.pii.context import AFTER_CHARS, CONTEXT_CHARS, Surroundings, lowered, raised
from detectors.pii.phone import PhoneScanner
from detectors.pii.readings import Allowance
from detectors.pii.rules import Judged, Match, Rule, Stretches, make_rules, without_contained
from detectors.pii.screens import Required, screen
from detectors.pii.sifting import KEEP_ALL, Sieve, Span
from detectors.pii.tokenizer import tokenizer
from detectors.prefilter import Prefilter, loosened, sighted
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Atom, PatternSource
from detectors.screening import Hold, Screen
from detectors.turns import finished
from detectors.types import CONTENT_KINDS, CostClass, Finding, ScanResult, Stability, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import regex

    from detectors.pii.context import Words
    from detectors.pii.phone import Group
    from detectors.pii.tokenizer import Tokenizer
    from detectors.turns import Turns
    from detectors.types import Advice

OVERLAP_CHARS = 128
"""How much further back than a single match a chain of overlapping matches may be held."""

WINDOW_CHARS = 384
"""Text that is looked at in one go: a list of nothing but values takes 2 to 3 us a character."""

_FINDINGS_A_TURN = 64
"""After how many findings others may have their turn: about half a millisecond."""

_DIGIT = Atom(r"\d", "regex", ignore_case=False, dot_all=False, ascii=False)

_A_DIGIT = Required(frozenset({_DIGIT}), 0, frozenset(), _DIGIT)


class Asked(NamedTuple):
    """A recognizer, and what it was asked for."""

    entity: str
    recognizer: Any
    is_iban: bool


class Engine(NamedTuple):
    """Recognizers made ready, without the name a policy gives them. Immutable; shared by detectors."""

    entities: tuple[str, ...]
    recognizers: Mapping[int, Asked]
    """By identity."""
    rules: tuple[Rule, ...]
    phones: tuple[PhoneScanner, ...]
    holds: tuple[HoldAutomaton, ...]
    screen: regex.Pattern[str] | None
    """A text without a character that this finds holds no match; None when there is no such character."""
    prefilter: Prefilter
    """Of the rules, then of the phone scanners."""
    looks_before: int
    """How much text before a window the patterns need to see."""
    tokenizers: tuple[Tokenizer, ...]
    """Of each language whose context words count; made with the engine, which takes a moment."""
    context: Mapping[int, tuple[Words, ...]]
    """The context words of a recognizer in each language, by its identity; only of those that have some."""
    max_span: int
    offered: Screen
    """What a fused screen has to look for."""


class PresidioDetector:
    """Reports personal data by Presidio's recognizers, with the spans and scores of the whole text."""

    stability = Stability.PREFIX_STABLE
    cost_class = CostClass.INLINE
    kinds = CONTENT_KINDS
    window_chars = WINDOW_CHARS

    def __init__(self, name: str, engine: Engine, sieve: Sieve = KEEP_ALL, advice: tuple[Advice, ...] = ()) -> None:
        self.name = name
        self.advice = advice
        self.categories = engine.entities
        self.context_chars = max(engine.looks_before, CONTEXT_CHARS)
        self.max_span = engine.max_span
        self.screen = engine.offered
        self.engine = engine
        """What it was made of, without its name."""
        self._sieve = sieve

    def scan(self, window: Window) -> ScanResult:
        """Report the matches that are certain, and hold from the first that could still begin or change.

        Raises TimeoutError when a pattern runs too long.
        """
        return finished(self.scan_in_turns(window))

    def scan_in_turns(self, window: Window) -> Turns[ScanResult]:
        """Do the same, and let others have their turn: a list of values may take tens of milliseconds."""
        engine = self.engine
        left = window.context[-engine.looks_before :]
        text = left + window.text
        start, end = len(left), len(text)
        shift = window.start - start
        live = end
        if not window.final:
            for hold in engine.holds:
                live = min(live, hold.earliest_live(text, start))
        if engine.screen is not None and engine.screen.search(text, start) is None:
            return ScanResult((), shift + live)
        found = _Found(engine, text, start, window)
        yield from found.look(live)
        watermark = yield from found.watermark(self.max_span)
        certain = [Span(entity, *judged) for entity, judged in (yield from found.judged(watermark))]
        findings = [
            Finding(self.name, kept.entity, shift + kept.start, shift + kept.end, kept.score)
            for kept in self._sieve.kept(certain, text)
        ]
        return ScanResult(findings, shift + watermark)


class _Search:
    """What a rule finds in a text, as far as it was asked for."""

    __slots__ = ("_ahead", "_found")

    def __init__(self, found: Iterator[Match]) -> None:
        """`found`: in the order of their starts."""
        self._found = found
        self._ahead: Match | None = None

    def add(self, matches: list[Match], end: int) -> None:
        """Append those that begin before `end` and are new."""
        ahead, self._ahead = self._ahead, None
        for match in self._found if ahead is None else chain((ahead,), self._found):
            if match.start >= end:
                self._ahead = match
                return
            matches.append(match)


class _Found:
    """What all recognizers see in one text, and where it may be cut."""

    __slots__ = (
        "_answers", "_around", "_before", "_engine", "_groups", "_judgements", "_likely", "_matches", "_searches",
        "_start", "_text", "_undecided", "_window",
    )  # fmt: skip

    def __init__(self, engine: Engine, text: str, start: int, window: Window) -> None:
        self._text = text
        self._start = start
        self._engine = engine
        self._before = min(len(window.context), CONTEXT_CHARS) - start
        self._window = window
        self._around: Surroundings | None = None
        self._likely: list[int] = []
        self._searches: list[_Search] | None = None
        self._matches: list[Match] = []
        self._groups: list[tuple[PhoneScanner, Group]] = []
        self._undecided = len(text)
        self._judgements: dict[int, Judged | None] = {}
        self._answers: dict[tuple[int, int, int], bool | None] = {}

    def look(self, live: int) -> Turns[None]:
        """Find what there is before the first place that is undecided.

        `live`: where the first match begins that may go on; the end of the text when there is none.
        """
        engine, text, start, final = self._engine, self._text, self._start, self._window.final
        self._likely = likely = engine.prefilter.candidates(text)
        is_phone_likely = bool(likely) and likely[-1] >= len(engine.rules)
        for scanner in engine.phones:
            if is_phone_likely or (not final and scanner.may_be_open(text, start)):
                scan = yield from scanner.scan_in_turns(text, start, final=final)
                self._groups += [(scanner, group) for group in scan.groups]
                live = min(live, scan.undecided)
        # What begins later is looked at again: with a list of values all of it may wait for the last one.
        if live > start:
            yield from self._match(live)
        self._undecided = live if final else min(live, (yield from self._open()))

    def _match(self, end: int) -> Turns[None]:
        """Note what the rules find that begins before `end`, and after what was noted already."""
        if self._searches is None:
            text, start, rules = self._text, self._start, self._engine.rules
            allowance, stretches = Allowance(), Stretches(text, start)
            likely = (rules[number] for number in self._likely if number < len(rules))
            self._searches = [_Search(rule.matches(text, start, allowance, stretches)) for rule in likely]
        for search in self._searches:
            search.add(self._matches, end)
            yield

    def _open(self) -> Turns[int]:
        """Return where the first finding begins whose score later text may change; the end of the text if none."""
        size = len(self._text)
        low = size - AFTER_CHARS
        late = (number for number, match in enumerate(self._matches) if match.start >= low)
        near = [(self._matches[n].rule.recognizer, j) for n in late if (j := self._judge(n)) is not None]
        near += [(scanner.recognizer, j) for scanner, g in self._groups for j in g.found if j.start >= low]
        yield
        first = size
        for count, (recognizer, judged) in enumerate(near, 1):
            if judged.start < first and self._is_raised(recognizer, judged) is None:
                first = judged.start
            if count % _FINDINGS_A_TURN == 0:
                yield
        return first

    def _judge(self, number: int) -> Judged | None:
        """Return what the validators say of a match: asked once."""
        known = self._judgements
        if number not in known:
            match = self._matches[number]
            known[number] = match.rule.judge(match, self._text)
        return known[number]

    def _is_raised(self, recognizer: Any, judged: Judged) -> bool | None:  # noqa: ANN401 - Presidio has no types
        start, end, score = judged
        if score >= EntityRecognizer.MAX_SCORE:
            return False
        words = self._engine.context.get(id(recognizer))
        if words is None:
            return False
        key = (id(words), start, end)
        if key not in self._answers:
            around = self._around = self._around or self._surroundings()
            self._answers[key] = around.is_raised(start + self._before, end + self._before, words)
        return self._answers[key]

    def _surroundings(self) -> Surroundings:
        window = self._window
        context = window.context[-CONTEXT_CHARS:]
        is_start = len(context) == window.start
        return Surroundings(context + window.text, self._engine.tokenizers, is_start=is_start, final=window.final)

    def _in_context(self, recognizer: Any, judged: Judged) -> Judged:  # noqa: ANN401 - Presidio has no types
        is_raised = self._is_raised(recognizer, judged)
        return judged._replace(score=raised(judged.score)) if is_raised else judged

    def watermark(self, max_hold: int) -> Turns[int]:
        """Return the last place up to the first that is undecided that no match crosses.

        What the validators refuse counts too: a pattern goes on after it, so beginning within it would find
        something else. Where that would hold more than `max_hold`, the place is after the matches that cross
        the undecided one: what might begin inside them is given up, as it is by the pattern that matched there.
        """
        live = self._undecided
        if live == len(self._text):
            return live
        spans = [(m.start, m.end) for m in self._matches] + [(g.start, g.end) for _, g in self._groups]
        place = _last_uncrossed(live, spans)
        if len(self._text) - place <= max_hold:
            return place
        yield from self._match(len(self._text))
        return max([live, *(end for start, end in spans if start < live)])

    def judged(self, watermark: int) -> Turns[list[tuple[str, Judged]]]:
        """Return the entity, span and score of what lies before `watermark`, by place."""
        engine = self._engine
        found_by: dict[int, list[Judged]] = defaultdict(list)
        for number, match in enumerate(self._matches):
            if match.end <= watermark and (judged := self._judge(number)) is not None:
                found_by[id(match.rule.recognizer)].append(judged)
            if number % _FINDINGS_A_TURN == 0:
                yield
        for scanner, group in self._groups:
            if group.found:
                found_by[id(scanner.recognizer)].extend(each for each in group.found if each.end <= watermark)
        by_entity: dict[str, list[Judged]] = defaultdict(list)
        for key, own in found_by.items():
            entity, recognizer, is_iban = engine.recognizers[key]
            # Presidio does this for each recognizer but that of IBANs before it looks at context, then for all.
            kept = own if is_iban else without_contained(own)
            by_entity[entity].extend(self._in_context(recognizer, judged) for judged in kept)
            yield
        order = {entity: engine.entities.index(entity) for entity in by_entity}
        found = [(entity, j) for entity, each in by_entity.items() for j in without_contained(each)]
        return sorted(found, key=lambda pair: (pair[1].start, pair[1].end, order[pair[0]]))


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
    languages = (language, *added.languages)
    recognizers = [(rule.entity, rule.recognizer) for rule in rules] + [(p.entity, p.recognizer) for p in phones]
    spans: dict[int, list[PatternSource]] = defaultdict(list)
    for rule in rules:
        spans[rule.max_span].append(rule.source)
    if phones:
        spans[min(spans, default=phone.MAX_CANDIDATE_CHARS)].append(phone.LEAD)
    needs = [rule.required for rule in rules] + [_A_DIGIT] * bool(phones)
    atoms = [atom for need in needs if need is not None for atom in need.atoms]
    finds = [pattern for scanner in phones for pattern in scanner.finds]
    return Engine(
        entities=entities,
        rules=tuple(rules),
        phones=tuple(phones),
        holds=tuple(HoldAutomaton(sources, span) for span, sources in spans.items()),
        screen=None if None in needs else screen(atoms),
        prefilter=Prefilter((), (*(sighted(parse_pattern(rule.source)) for rule in rules), *finds)),
        recognizers={id(one): Asked(each, one, isinstance(one, IbanRecognizer)) for each, one in recognizers},
        looks_before=max(1, *(rule.context_chars for rule in rules), 1),
        tokenizers=tuple(map(tokenizer, languages)),
        context=_context([found for _, found in recognizers], languages),
        max_span=max([*spans, phone.MAX_SPAN * bool(phones), AFTER_CHARS]) + OVERLAP_CHARS,
        offered=Screen(
            (*(loosened(parse_pattern(rule.source)) for rule in rules), *finds),
            tuple(Hold(source, span) for span, sources in spans.items() for source in sources),
            asks=(Hold(phone.OPEN, phone.OPEN_CHARS),) if phones else (),
        ),
    )


def _context(recognizers: Iterable[Any], languages: Sequence[str]) -> dict[int, tuple[Words, ...]]:
    words = {id(found): tuple(lowered(context_words(found, each)) for each in languages) for found in recognizers}
    return {key: each for key, each in words.items() if any(each)}


def build_detector(
    name: str,
    entities: tuple[str, ...],
    language: str,
    regions: tuple[str, ...],
    added: Added = NOTHING_ADDED,
    sieve: Sieve = KEEP_ALL,
    advice: tuple[Advice, ...] = (),
) -> PresidioDetector:
    """Build a detector; `advice` is what to say of its parameters.

    Raises DetectorConfigError for entities or regions that do not exist.
    """
    check_entities(entities, added.own)
    check_regions(regions)
    return PresidioDetector(name, make_engine(entities, language, regions, added), sieve, advice)
