"""The longest look at texts made against a policy's own patterns: by `regex` alone, and as the detector runs them.

Each text holds a real match now and then, for without one a look ends at the screen, and between them near matches.
By `regex` alone each call may take 50 ms, as it did for all patterns before they ran on RE2.
"""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import regex

from benchmarks.report import Table
from detectors.linear import LinearPattern
from detectors.pii.presidio import PresidioParams, build
from detectors.pii.readings import CUSTOM_ALLOWANCE_S, Matcher
from detectors.types import ChannelKind, Window
from proxy.guard.cursor import next_stop, window_chars

if TYPE_CHECKING:
    from detectors.types import Detector

TEXT_CHARS: Final = 8_192
NEAR_CHARS: Final = (40, 300)
_ROUNDS: Final = 2


class Own(NamedTuple):
    """A pattern, and what texts against it are made of."""

    pattern: str
    match: str
    near: str
    """Repeated, it nearly matches."""
    end: str


PATTERNS: Final = {
    "alternatives that overlap": Own(r"(?:a|a)*b", "ab ", "a", "c "),
    "repeats in a row": Own(r"\d*\d*\d*x", "1x ", "1", " "),
    "words in a row": Own(r"(?:\w+\s?)+:", "ab: ", "ab ", ". "),
    "beyond ASCII": Own(r"(?:é+)+b", "éb ", "é", "c "),
    "parts in a row": Own(r"(?:[A-Z][a-z]*\.?)+ Inc", "A. Inc ", "Ab.", "! "),
    "optional parts": Own(r"(?:a?){30}a{30}b", "a" * 30 + "b ", "a", "c "),
    "digits apart": Own(r"(?<!\d)\d{16}(?!\d)", "1" * 16 + " ", "1", " "),
    "a look-ahead in the middle": Own(r"(?:\d+(?=[\dx]))+x", "11x ", "1", " "),
    "a back-reference": Own(r"(\w+) (?:\1\s?)+x", "ab abx ", "ab ", "y"),
}


def texts(own: Own) -> list[str]:
    """Return texts with near matches of several lengths."""
    units = [own.match + (own.near * chars)[:chars] + own.end for chars in NEAR_CHARS]
    return [(unit * (TEXT_CHARS // len(unit) + 1))[:TEXT_CHARS] for unit in units]


def detector_of(pattern: str) -> Detector:
    """Return a detector with this pattern."""
    one = {"name": "own", "supported_entity": "OWN", "patterns": [{"name": "p", "regex": pattern, "score": 0.5}]}
    return build("own", PresidioParams.model_validate({"entities": ["OWN"], "recognizers": [one]}))


def by_regex_alone(detector: Detector, pattern: str) -> Detector:
    """Return the same detector with the pattern run by `regex`, each call of which may take as long as it may."""
    found = cast("Any", detector)
    flags = regex.IGNORECASE | regex.MULTILINE | regex.DOTALL
    matcher = _Alone(regex.compile(pattern, flags))
    rules = tuple(replace(rule, matcher=matcher) for rule in found.engine.rules)
    return cast("Detector", type(found)(found.name, found.engine._replace(rules=rules)))


class _Alone(NamedTuple):
    pattern: regex.Pattern[str]

    def on(self, text: str, _allowance: object) -> _AloneOn:
        return _AloneOn(self.pattern, text)


class _AloneOn(NamedTuple):
    pattern: regex.Pattern[str]
    text: str

    def search(self, low: int, stop: int) -> object:
        return self.pattern.search(self.text, low, stop, timeout=CUSTOM_ALLOWANCE_S)

    def match(self, low: int, stop: int) -> object:
        return self.pattern.match(self.text, low, stop, timeout=CUSTOM_ALLOWANCE_S)

    def finditer(self, low: int, stop: int) -> object:
        return self.pattern.finditer(self.text, low, stop, timeout=CUSTOM_ALLOWANCE_S)


def looks_ms(detector: Detector, text: str) -> tuple[list[float], int]:
    """Return the processor time of each look at a text, and how many were stopped: what is behind these is next."""
    times, stopped, watermark, scanned = [], 0, 0, 0
    while scanned < len(text):
        stop = next_stop(watermark, scanned, len(text), window_chars(detector))
        context = text[max(0, watermark - detector.context_chars) : watermark]
        window = Window(ChannelKind.TEXT, context, text[watermark:stop], watermark, stop == len(text))
        begin = time.thread_time()
        try:
            watermark = detector.scan(window).watermark
        except TimeoutError:
            stopped, watermark = stopped + 1, stop
        times.append(1e3 * (time.thread_time() - begin))
        scanned = stop
    return times, stopped


def worst_ms(detector: Detector, against: list[str]) -> tuple[float, int]:
    """Return the longest look at any of the texts, and how many of one round were stopped."""
    worst, stopped = 0.0, 0
    for text in against:
        rounds = [looks_ms(detector, text) for _ in range(_ROUNDS)]
        worst = max(worst, *map(median, zip(*(times for times, _ in rounds), strict=False)))
        stopped += rounds[-1][1]
    return worst, stopped


def own_patterns_table() -> Table:
    """Return the longest looks, and what they were before."""
    gc.collect()
    gc.freeze()
    rows = []
    for name, own in PATTERNS.items():
        detector = detector_of(own.pattern)
        alone, against = by_regex_alone(detector, own.pattern), texts(own)
        theirs, stopped = worst_ms(alone, against)
        ours, still = worst_ms(detector, against)
        matcher: Matcher = cast("Any", detector).engine.rules[0].matcher
        engine = "RE2" if isinstance(matcher.pattern, LinearPattern) else "`regex`"
        rows.append(
            (name, f"`{own.pattern}`", f"{theirs:.1f} ms", str(stopped), engine, f"{ours:.1f} ms", str(still))
        )
    gc.unfreeze()
    header = ("pattern", "written", "`regex` alone", "stopped", "runs on", "Sluicegate", "stopped")
    note = (
        f"Texts of {TEXT_CHARS:,} characters with near matches of {NEAR_CHARS[0]} and {NEAR_CHARS[-1]} characters "
        "and a match before each: processor time of the longest look, and how many looks were stopped by a limit "
        "of time, of all texts; one after the other in one process. `regex` alone may take 50 ms for each call."
    )
    return Table("A policy's own patterns", header, rows, note)
