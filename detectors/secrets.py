"""Finds secrets by what their issuers made of them: prefixes, lengths, alphabets, checksums, structure, context.

What is looked for is in `detectors.secret_types`; here is how. Text that is held can still become a secret: nothing
of a secret is out when its last character comes. It finds secrets as they are issued, not ones that were encoded,
spaced out or cut in two by other text.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

import regex
from pydantic import BaseModel, ConfigDict, Field

from detectors import private_keys
from detectors.automaton import HoldAutomaton
from detectors.prefilter import Prefilter, loosened
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, measure
from detectors.registry import DetectorType
from detectors.screening import Hold, Screen
from detectors.secret_types import CERTAIN, SecretType, catalogue
from detectors.types import ALL_KINDS, CostClass, DetectorConfigError, Finding, ScanResult, Stability, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DEFAULT_ENTROPY = 3.5
"""Bits a character: random letters and digits have 3.9 or more at 20 characters, words and phrases about 3."""

PRIVATE_KEY = "PRIVATE_KEY"


class SecretsParams(BaseModel):
    """What a policy may say about a `secrets` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    types: list[str] | None = None
    """Categories to look for. Default: all."""
    entropy: float = Field(DEFAULT_ENTROPY, ge=1.0, le=6.0)
    """Least entropy, in bits a character, of what is taken for a GENERIC_SECRET or a BEARER_TOKEN."""


class _Match(NamedTuple):
    """A secret and what says that it is one, in offsets of the text at hand."""

    start: int
    end: int
    value_start: int
    value_end: int
    type: SecretType


class _Searcher:
    """One type, ready to be searched for."""

    def __init__(self, secret_type: SecretType) -> None:
        self.type = secret_type
        widths = measure(parse_pattern(PatternSource(secret_type.pattern)))
        if widths.most is None or widths.after is None or widths.before not in {0, 1}:
            raise ValueError(f"{secret_type.category}: the pattern has no bound, or looks back over one character")
        self.least_chars = widths.least
        self.most_chars = widths.most + widths.after
        self._regex = regex.compile(secret_type.pattern)
        self._group = "value" if "value" in self._regex.groupindex else 0

    def first(self, text: str, start: int, end: int) -> _Match | None:
        """Return the first real match in `text[start:end]`; characters before `start` are seen, later ones not."""
        while True:
            found = self._regex.search(text, start, end)
            if found is None:
                return None
            if self.type.is_real(found[self._group]):
                return _Match(*found.span(), *found.span(self._group), self.type)
            start = found.start() + 1

    def all(self, text: str, start: int, end: int) -> Iterator[_Match]:
        """Yield the real matches in `text[start:end]`, each after the end of the one before."""
        while found := self.first(text, start, end):
            yield found
            start = found.end


class SecretDetector:
    """Reports secrets by type.

    The first match in a text and all that lie inside it are reported together, then the text goes on behind it: a
    token inside a connection string is two findings. What begins inside a match and ends outside is not looked at.
    """

    stability = Stability.PREFIX_STABLE
    cost_class = CostClass.INLINE
    kinds = ALL_KINDS

    def __init__(self, name: str, types: Sequence[SecretType]) -> None:
        """`types` is what to look for; at least one."""
        self.name = name
        self.categories = tuple(dict.fromkeys(t.category for t in types))
        self._searchers = tuple(_Searcher(t) for t in types)
        self._prefilter = Prefilter(PatternSource(t.pattern) for t in types)
        self._finds_keys = PRIVATE_KEY in self.categories
        self._least_chars = min(s.least_chars for s in self._searchers)
        self.max_span = max(s.most_chars for s in self._searchers)
        holds = [PatternSource(t.hold_pattern) for t in types]
        self._hold = HoldAutomaton(holds, self.max_span)
        self.context_chars = private_keys.CONTEXT_CHARS if self._finds_keys else 1
        self.screen = Screen(
            tuple(loosened(parse_pattern(PatternSource(t.pattern))) for t in types),
            tuple(Hold(source, self.max_span) for source in holds),
            # What comes after the opening of a key is judged by the opening.
            lasting=((private_keys.OPENING, private_keys.CONTEXT_CHARS),) if self._finds_keys else (),
        )

    def scan(self, window: Window) -> ScanResult:
        """Report the secrets that are complete, and hold from the first that could still become one."""
        left = window.context[-1:]
        text = left + window.text
        shift = window.start - len(left)
        keys = self._keys_in(window, len(text))
        if keys is None and len(window.text) < self._least_chars:
            # Nearly every window ends here: it is too short for a secret, so all that matters is what to hold.
            held_at = len(text) if window.final else self._hold.earliest_live(text, len(left))
            return ScanResult((), held_at + shift)
        walk = _Walk(text, len(left), keys)
        watermark = walk.run(self._searchers, self._prefilter, None if window.final else self._hold)
        findings = [
            Finding(self.name, m.type.category, m.value_start + shift, m.value_end + shift, m.type.score)
            for m in walk.found
        ]
        return ScanResult(findings, watermark + shift)

    def _keys_in(self, window: Window, width: int) -> private_keys.Pieces | None:
        """Return the pieces of private keys in the last `width` characters of context and window, or None."""
        if not self._finds_keys or not (
            private_keys.may_be_inside(window.context) or private_keys.OPENING in window.text
        ):
            return None
        text = window.context + window.text
        return private_keys.pieces(text, final=window.final).in_last(width, len(text))


class _Walk:
    """One pass over a text from left to right, match by match."""

    def __init__(self, text: str, start: int, keys: private_keys.Pieces | None) -> None:
        self._text = text
        self._at = start
        self._live_at = -1
        self._keys_live_at = keys.live_at if keys else len(text)
        self._pieces = [_Match(begin, end, begin, end, _KEY_PIECE) for begin, end in (keys.spans if keys else ())]
        self._pieces.reverse()
        self.found: list[_Match] = []

    def run(self, searchers: Sequence[_Searcher], prefilter: Prefilter, hold: HoldAutomaton | None) -> int:
        """Collect what is certain into `found`; return the watermark."""
        text = self._text
        likely = [searchers[number] for number in prefilter.candidates(text)]
        following = {searcher: searcher.first(text, self._at, len(text)) for searcher in likely}
        while True:
            self._see_live(hold)
            best = self._next_piece()
            for searcher, known in following.items():
                match = known
                if known and known.start < self._at:
                    match = following[searcher] = searcher.first(text, self._at, len(text))
                if match and (best is None or (match.start, -match.end) < (best.start, -best.end)):
                    best = match
            if best is None or best.start >= self._live_at:
                return self._live_at
            self.found += _sorted_without_generic(self._inside(best, likely))
            self._at = best.end

    def _see_live(self, hold: HoldAutomaton | None) -> None:
        if self._live_at < self._at:
            live_at = hold.earliest_live(self._text, self._at) if hold else len(self._text)
            self._live_at = max(self._at, min(live_at, self._keys_live_at))

    def _next_piece(self) -> _Match | None:
        while self._pieces and self._pieces[-1].end <= self._at:
            self._pieces.pop()
        if not self._pieces:
            return None
        begin = max(self._at, self._pieces[-1].start)
        return self._pieces[-1]._replace(start=begin, value_start=begin)

    def _inside(self, outer: _Match, likely: Iterable[_Searcher]) -> Iterator[_Match]:
        # Nothing past the outer match is looked at: it may not be there yet.
        yield outer
        for searcher in likely:
            if searcher.type is not outer.type:
                yield from searcher.all(self._text, outer.start, outer.end)


_KEY_PIECE = SecretType(PRIVATE_KEY, "", score=CERTAIN)


def _sorted_without_generic(matches: Iterable[_Match]) -> list[_Match]:
    """Sort by place, and leave out guesses about values that a more certain match covers."""
    every = list(matches)
    certain = [match for match in every if not match.type.generic]
    kept = [
        match
        for match in every
        if not match.type.generic
        or not any(c.value_start <= match.value_start and match.value_end <= c.value_end for c in certain)
    ]
    return sorted(kept, key=lambda match: (match.value_start, match.value_end, match.type.category))


def build(name: str, params: SecretsParams) -> SecretDetector:
    """Build the detector. Raises DetectorConfigError for a type that does not exist."""
    types = catalogue(params.entropy)
    if params.types is None:
        return SecretDetector(name, types)
    known = dict.fromkeys(t.category for t in types)
    for index, category in enumerate(params.types):
        if category not in known:
            close = difflib.get_close_matches(category.upper(), known, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise DetectorConfigError(
                f"'{category}' is no type of secret.{hint} The types are: {', '.join(sorted(known))}.",
                ("types", index),
            )
    if not params.types:
        raise DetectorConfigError(
            "'types' is empty: name the types to look for, or leave it out for all.", ("types",)
        )
    return SecretDetector(name, [t for t in types if t.category in params.types])


TYPE = DetectorType(
    name="secrets",
    summary="API keys, tokens, private keys, passwords in URLs and assignments, by prefix, checksum and entropy.",
    params=SecretsParams,
    build=build,
)
