"""Feeds a text to a detector as the guard does, and checks every answer against the contract.

It is not the guard: nothing is held, edited or decided. Only who is shown what, and whether the answer is lawful.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from detectors.registry import detector_type
from detectors.types import ChannelKind, Detector, Finding, ScanResult, Stability, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEGMENT_CHARS = 64
"""Where the segments of window detectors end here: the guard ends them by content, never by how a text is cut."""


def built(type_name: str, params: Mapping[str, object] | None = None, *, name: str = "") -> Detector:
    """Build a detector from its YAML parameters, as a policy does."""
    found = detector_type(type_name)
    return found.build(name or type_name, found.params.model_validate(dict(params or {})))


@dataclass
class Feed:
    """One channel on its way through one detector. The detector keeps nothing; all of the state is here."""

    detector: Detector
    kind: ChannelKind = ChannelKind.TEXT
    text: str = ""
    watermark: int = 0
    findings: list[Finding] = field(default_factory=list)
    held_chars: list[int] = field(default_factory=list)
    """After each scan, how many characters lie past the watermark."""
    scanned_chars: int = 0
    """Sum of the lengths of all windows, contexts not counted."""
    finished: bool = False
    _segment_end: int = 0
    """Where the last segment of a window detector ended; it may have kept back a part of it."""

    def feed(self, delta: str, *, final: bool = False) -> None:
        """Append a delta and scan what lies past the watermark."""
        self.text += delta
        self.finished = final
        if self.detector.stability is Stability.PREFIX_STABLE:
            self._scan_to(len(self.text))
            return
        while len(self.text) - self._segment_end >= SEGMENT_CHARS:
            self._segment_end += SEGMENT_CHARS
            self._scan_to(self._segment_end)
        if final and (self.watermark < len(self.text) or not self.text):
            self._scan_to(len(self.text))

    def _scan_to(self, end: int) -> None:
        start = self.watermark
        window = Window(
            kind=self.kind,
            context=self.text[max(0, start - self.detector.context_chars) : start],
            text=self.text[start:end],
            start=start,
            final=self.finished and end == len(self.text),
        )
        result = self.detector.scan(window)
        check_lawful(self.detector, window, result)
        self.scanned_chars += len(window.text)
        self.watermark = result.watermark
        self.findings.extend(result.findings)
        self.held_chars.append(len(self.text) - self.watermark)


def check_lawful(detector: Detector, window: Window, result: ScanResult) -> None:
    """Assert every invariant of `ScanResult` and what the detector says of itself."""
    assert window.start <= result.watermark <= window.end, "watermark outside the window"
    for finding in result.findings:
        assert window.start <= finding.start < finding.end <= result.watermark, "finding outside the window"
        assert finding.end - finding.start <= detector.max_span, "finding longer than max_span"
        assert finding.detector == detector.name
        assert finding.category in detector.categories
        assert 0.0 <= finding.score <= 1.0
    if window.final:
        assert result.watermark == window.end, "text held though nothing can follow"
    assert window.end - result.watermark <= detector.max_span, "more text held than max_span"


def fed(
    detector: Detector,
    text: str,
    cuts: Iterable[int] = (),
    *,
    kind: ChannelKind = ChannelKind.TEXT,
    end_apart: bool = False,
) -> Feed:
    """Feed a text cut at the given offsets. `end_apart`: the end of the channel comes after the last delta."""
    feed = Feed(detector, kind)
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(text)}), len(text)]
    for start, end in pairwise(borders):
        feed.feed(text[start:end], final=end == len(text) and not end_apart)
    if end_apart:
        feed.feed("", final=True)
    return feed


def fed_in_deltas(detector: Detector, text: str, delta_chars: int = 4, *, end_apart: bool = False) -> Feed:
    """Feed a text in deltas of one size."""
    return fed(detector, text, range(delta_chars, len(text), delta_chars), end_apart=end_apart)


def check_cuts(detector: Detector, text: str, seed: int) -> list[tuple[int, int, str, float]]:
    """Return what is found in a text: the same as a whole, in single characters and cut at random."""
    rng = random.Random(seed)
    whole = spans(fed(detector, text).findings)
    assert spans(fed_in_deltas(detector, text, 1, end_apart=True).findings) == whole
    cuts = rng.sample(range(len(text) + 1), rng.randint(0, min(6, len(text))))
    assert spans(fed(detector, text, cuts).findings) == whole
    return whole


def spans(findings: Iterable[Finding]) -> list[tuple[int, int, str, float]]:
    """Return what findings say, in an order that does not depend on when they were found."""
    return sorted((finding.start, finding.end, finding.category, finding.score) for finding in findings)


def found_texts(detector: Detector, text: str) -> list[tuple[str, str]]:
    """Return category and matched text of each finding in a whole text, in order."""
    return [(category, text[start:end]) for start, end, category, _ in spans(fed(detector, text).findings)]
