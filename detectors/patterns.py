r"""Rules that people write as regular expressions, matched by RE2 so that no rule can stall the proxy.

RE2's syntax and meaning hold throughout: `\b`, `\w`, `\d` and `\s` see ASCII only, and there is no look-around and
no back-reference. Every rule has a longest match: its own width, or its `max_span` where the width has no bound.
A value longer than that is found by its first `max_span` characters. Within a rule, matches do not overlap; those
of different rules may. It does not judge what a match means: checksums and entropy are for `detectors.secrets`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any

import re2
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from detectors.automaton import HoldAutomaton
from detectors.prefilter import loosened
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, UnsupportedPatternError, measure, unbounded_repeat
from detectors.registry import DetectorType
from detectors.screening import Hold, Screen
from detectors.spans import settle
from detectors.types import ALL_KINDS, CostClass, DetectorConfigError, Finding, ScanResult, Stability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.regex_tree import Node
    from detectors.types import Window

MAX_WIDTH = 2000
"""Longest match of a rule, in characters: what is not yet judged is held, and readers wait for it."""

SUGGESTED_SPAN = 200
"""The bound that error messages propose: a long line."""

RE2_MEMORY_BYTES = 8 << 20
"""Most memory of one compiled rule, RE2's own default: a rule that needs more is refused."""

MAX_RE2_REPEAT = 1000
"""RE2's own bound on repeats, for the error message."""

SCREEN_MEMORY_BYTES = 64 << 20
"""Most memory of the screen over all rules, whose automaton is their product."""

_PROBE = b"\x00\x01sluicegate-screen-probe\x01\x00"
"""Text that the screen must report. RE2's Set reports nothing at all when its memory does not suffice."""


def _from_text(value: object) -> object:
    return {"regex": value} if isinstance(value, str) else value


class PatternParams(BaseModel):
    """One rule. `ticket: 'TKT-[0-9]{6}'` is short for `ticket: {regex: 'TKT-[0-9]{6}'}`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    regex: str = Field(min_length=1, max_length=4000)
    """RE2 syntax: https://github.com/google/re2/wiki/Syntax."""
    max_span: int | None = Field(default=None, ge=1, le=MAX_WIDTH)
    """Longest match, in characters; needed when the pattern has no bound of its own."""
    score: float = Field(default=1.0, ge=0.0, le=1.0)
    """Confidence of its findings."""
    ignore_case: bool = False
    whole_word: bool = False
    r"""Puts `\b` on both sides: no ASCII letter, digit or underscore may adjoin one at the ends of the match."""


Category = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]


class PatternsParams(BaseModel):
    """Parameters of `type: patterns`: each rule under the category that its findings will have."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    patterns: dict[Category, Annotated[PatternParams, BeforeValidator(_from_text)]] = Field(
        min_length=1, max_length=1000
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    category: str
    score: float
    source: PatternSource
    span: int
    """Longest match, in characters."""
    is_cut: bool
    """Whether the pattern itself could match more than `span`."""
    looks_before: int
    compiled: Any


class PatternDetector:
    """Finds what the rules match. Immutable; the caches inside hold only what can be computed again."""

    stability = Stability.PREFIX_STABLE
    cost_class = CostClass.INLINE
    kinds = ALL_KINDS

    def __init__(self, name: str, rules: Sequence[_Rule], screen: re2.Set, automaton: HoldAutomaton) -> None:
        """Built by `build_patterns`."""
        self.name = name
        self.categories = tuple(rule.category for rule in rules)
        self.context_chars = max(rule.looks_before for rule in rules)
        self.max_span = automaton.max_span
        self._rules = rules
        self._screen = screen
        self._automaton = automaton
        self.screen = Screen(
            tuple(loosened(parse_pattern(rule.source)) for rule in rules),
            tuple(Hold(rule.source, rule.span) for rule in rules),
        )

    def scan(self, window: Window) -> ScanResult:
        """Report the matches that nothing can change, and hold from where one could still begin."""
        text = window.context + window.text
        start = len(window.context)
        live = len(text) if window.final else self._automaton.earliest_live(text, start)
        data = _encoded(text)
        matched = self._screen.Match(data)
        shift = window.start - start
        if not matched:
            return ScanResult((), live + shift)
        offsets = _Offsets(text, data)
        found = [
            Finding(self.name, rule.category, begin + shift, end + shift, rule.score)
            for rule in (self._rules[index] for index in matched)
            for begin, end in _find(rule, data, offsets, start, live)
        ]
        return settle(live + shift, found)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Lone surrogates, which JSON can carry and UTF-8 cannot. As many characters out as in.
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text).encode()


class _Offsets:
    """Where each character of a text lies in its UTF-8 bytes. Free for ASCII."""

    def __init__(self, text: str, data: bytes) -> None:
        self._places: list[int] | None = None
        if len(data) != len(text):
            widths = (1 if c < "\x80" else 2 if c < "\u0800" else 3 if c < "\U00010000" else 4 for c in text)
            self._places = list(accumulate(widths, initial=0))
        self.char_count = len(text)

    def byte_of(self, char_offset: int) -> int:
        """Return the byte offset; past the end it is the end."""
        char_offset = min(char_offset, self.char_count)
        return char_offset if self._places is None else self._places[char_offset]

    def char_of(self, byte_offset: int) -> int:
        return byte_offset if self._places is None else bisect_left(self._places, byte_offset)


def _find(rule: _Rule, data: bytes, offsets: _Offsets, start: int, live: int) -> Iterator[tuple[int, int]]:
    """Yield the matches that begin in `[start, live)`, leftmost first, without overlap, in characters.

    What begins later is looked for when it is certain: a rule that can match again and again in what it holds would
    otherwise do so for every few characters that come.
    """
    if rule.is_cut:
        yield from _find_cut(rule, data, offsets, start, live)
        return
    char_of = offsets.char_of
    for match in rule.compiled.finditer(data, offsets.byte_of(start)):
        begin, end = match.span()
        begin = char_of(begin)
        if begin >= live:
            return
        yield begin, char_of(end)


def _find_cut(rule: _Rule, data: bytes, offsets: _Offsets, start: int, live: int) -> Iterator[tuple[int, int]]:
    """Yield what the pattern matches within `span` characters of each place, leftmost first, without overlap.

    It searches blocks of two spans, so that each search looks at a bounded piece of the text and moves on by at
    least one character. A match at one of the first `span + 1` places of a block lies in it with all it may have.
    """
    span = rule.span
    while start < live:
        stop = start + 2 * span
        match = rule.compiled.search(data, offsets.byte_of(start), offsets.byte_of(stop))
        begin = offsets.char_of(match.start()) if match else stop
        if begin > stop - span and stop < offsets.char_count:
            start = stop - span + 1
        elif match is None or begin >= live:
            return
        elif (end := _end_within(rule, match, data, offsets, begin)) is None:
            start = begin + 1
        else:
            yield begin, end
            start = end


def _end_within(rule: _Rule, match: Any, data: bytes, offsets: _Offsets, begin: int) -> int | None:  # noqa: ANN401
    """Return where the match at `begin` ends, if it can end within the rule's span. re2 has no types."""
    limit = offsets.byte_of(begin + rule.span)
    if match.end() > limit:
        match = rule.compiled.match(data, match.start(), limit)
    return offsets.char_of(match.end()) if match else None


def build_patterns(name: str, params: PatternsParams) -> PatternDetector:
    """Build the detector. Raises DetectorConfigError for the first rule that cannot be used."""
    rules = [_rule(category, each) for category, each in params.patterns.items()]
    try:
        automaton = HoldAutomaton((rule.source for rule in rules), (rule.span for rule in rules))
    except UnsupportedPatternError as error:
        raise DetectorConfigError(error.message, ("patterns",)) from error
    return PatternDetector(name, rules, _screen(rules), automaton)


def _rule(category: str, params: PatternParams) -> _Rule:
    loc = ("patterns", category)
    try:
        node = parse_pattern(PatternSource(params.regex, flavour="re2", ignore_case=params.ignore_case))
        widths = measure(node)
        span = _span(node, params)
    except UnsupportedPatternError as error:
        raise DetectorConfigError(f"{error.message} (character {error.position + 1})", loc) from error
    if widths.least == 0:
        raise DetectorConfigError("can match the empty text: make at least one character required", loc)
    text = f"(?i:{params.regex})" if params.ignore_case else f"(?:{params.regex})"
    if params.whole_word:
        text = rf"\b{text}\b"
    return _Rule(
        category,
        params.score,
        PatternSource(text, flavour="re2"),
        span,
        is_cut=widths.most is None or widths.most > span,
        looks_before=1 if params.whole_word else widths.before or 0,
        compiled=_compiled(text, loc),
    )


def _span(node: Node, params: PatternParams) -> int:
    """Return the longest match. Raises UnsupportedPatternError when there is none or it is too long."""
    most = measure(node).most
    if params.max_span is not None:
        return params.max_span if most is None else min(most, params.max_span)
    if most is not None and most <= MAX_WIDTH:
        return most
    repeat = unbounded_repeat(node)
    if repeat is None:
        raise UnsupportedPatternError(
            f"can match {most} characters, more than the {MAX_WIDTH} that may be held: "
            f"shorten the repeats, or give max_span: {SUGGESTED_SPAN}",
            0,
        )
    written = params.regex[repeat.start : repeat.end]
    item = written[:-1] if written[-1] in "*+" else written[: written.rindex("{")]
    bounded = f"{item}{{{repeat.least},{max(repeat.least, SUGGESTED_SPAN)}}}"
    raise UnsupportedPatternError(
        f"'{written}' has no upper bound: write '{bounded}', or give max_span: {SUGGESTED_SPAN}", repeat.start
    )


def _compiled(text: str, loc: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - re2 has no types
    try:
        return re2.compile(text, _options(RE2_MEMORY_BYTES))
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        if reason.startswith("invalid repetition size"):
            reason += f" (nested repeats count together, {MAX_RE2_REPEAT} at most)"
        raise DetectorConfigError(f"RE2 cannot read it: {reason}", loc) from error


def _options(memory_bytes: int) -> re2.Options:
    options = re2.Options()
    options.max_mem = memory_bytes
    options.log_errors = False
    return options


def _screen(rules: Sequence[_Rule]) -> re2.Set:
    screen = re2.Set.SearchSet(_options(SCREEN_MEMORY_BYTES))
    try:
        for rule in rules:
            screen.Add(rule.source.pattern)
        probe = screen.Add(re2.escape(_PROBE))
        screen.Compile()
    except re2.error as error:
        raise DetectorConfigError(_TOO_LARGE, ("patterns",)) from error
    if probe not in (screen.Match(_PROBE) or ()):
        raise DetectorConfigError(_TOO_LARGE, ("patterns",))
    return screen


_TOO_LARGE = (
    f"the patterns together need more than {SCREEN_MEMORY_BYTES >> 20} MB: "
    "shorten the repeats, or split them over several detectors"
)

TYPE = DetectorType(
    name="patterns",
    summary="Regular expressions in RE2 syntax, each with a category.",
    params=PatternsParams,
    build=build_patterns,
)
