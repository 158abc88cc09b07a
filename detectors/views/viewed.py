"""A detector that looks at a view of the text: what is disguised in the one is plain in the other.

It stands beside the detector that it is made of, has its name, and reports only what that one cannot see. Findings
have the offsets of the original. Prefix-stable as the detector is: where a later character could change how the
text reads, it waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.prefilter import PatternSet
from detectors.screening import Screen, screen_of
from detectors.turns import finished, scanned
from detectors.types import Finding, ScanResult, Window
from detectors.views.reading import Reading, plain
from detectors.views.steps import REACH_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from detectors.turns import Turns
    from detectors.types import Detector
    from detectors.views.steps import Step

EXPANSION: Final = 12
"""How many characters of the original one of the view may stand for.

Longer disguises of a value meet the policy's limit of what may be held. Where more than that stands before a value,
and reads as nothing, the detector is not shown what is before it: a word may then be found behind another letter,
and a pattern that looks back further may not.
"""


class ViewedDetector:
    """One detector on one view."""

    def __init__(self, inner: Detector, steps: Sequence[Step]) -> None:
        self.name = inner.name
        self.stability = inner.stability
        self.cost_class = inner.cost_class
        self.categories = inner.categories
        self.kinds = inner.kinds
        self.context_chars = REACH_CHARS + min(inner.context_chars, 64) * EXPANSION + inner.context_chars
        self.max_span = inner.max_span * EXPANSION
        self.screen = _screen(inner, steps)
        self._inner = inner
        self._steps = tuple(steps)
        self._disguises = PatternSet([pattern for step in steps for pattern, _ in step.finds])

    def scan(self, window: Window) -> ScanResult:
        """Report what only the view shows, and hold what may still read differently or become a finding."""
        return finished(self.scan_in_turns(window))

    def scan_in_turns(self, window: Window) -> Turns[ScanResult]:
        """Do the same, and let others have their turn where the detector does."""
        source = window.context + window.text
        base = window.start - len(window.context)
        if not self._disguises.found_in(source):
            return (yield from self._scan_plain(window))
        reading = self._read(source, final=window.final)
        # What the cut context shows may look unfinished where the text does not: then nothing is certain yet.
        at = min(reading.place_of(len(window.context)), len(reading.text))
        context = reading.text[max(0, at - self._inner.context_chars) : at]
        shown = Window(window.kind, context, reading.text[at:], at, window.final)
        answer = yield from scanned(self._inner, shown)
        watermark = max(reading.starts[answer.watermark] + base, window.start)
        told = (f for f in answer.findings if not self._is_told(window, reading, source, f))
        return ScanResult(tuple(_in_source(reading, base, told)), watermark)

    def _scan_plain(self, window: Window) -> Turns[ScanResult]:
        """Answer for a text that reads as it stands: the detector on the text reports what is in it."""
        left = len(window.context)
        text = window.text
        if not window.final:
            near = window.context[max(0, left - REACH_CHARS) :] + text
            text = text[: max(0, len(text) - len(near) + self._certain(near))]
        context = window.context[max(0, left - self._inner.context_chars) :]
        answer = yield from scanned(self._inner, Window(window.kind, context, text, window.start, window.final))
        return ScanResult((), answer.watermark)

    def _certain(self, text: str) -> int:
        """Return from where a text that reads as it stands may still read differently; its length when nowhere."""
        end = len(text)
        while (pending := min(step.pending(text[:end]) for step in self._steps)) < end:
            end = pending  # what is left may end in another piece
        return end

    def _read(self, source: str, *, final: bool) -> Reading:
        """Return how a text reads, as far as that is certain."""
        reading = plain(source)
        certain = len(source)
        for step in self._steps:
            end = len(reading.text)
            upto = end if final else step.pending(reading.text)
            certain = min(certain, reading.starts[upto])
            reading = reading.changed(step.changes(reading.text), end if step.keeps_shape else upto)
        return reading.before(reading.place_of(certain))

    def _is_told(self, window: Window, reading: Reading, source: str, found: Finding) -> bool:
        """Whether the detector on the text reports it: it stands there as it is, whatever is beside it.

        A next character that reads differently may not have come yet when the finding is certain. So it counts only
        where the detector cannot do without it.
        """
        if reading.is_original(found.start, found.end, source):
            return True
        if not reading.is_original(found.start, found.end, source, with_next=False):
            return False
        start, end = reading.starts[found.start], reading.ends[found.end - 1]
        context = source[max(0, start - self._inner.context_chars) : start]
        piece = source[start : reading.ends[found.end]]
        answer = self._inner.scan(Window(window.kind, context, piece, start, final=False))
        return any((f.category, f.start, f.end) == (found.category, start, end) for f in answer.findings)


def _in_source(reading: Reading, base: int, findings: Iterable[Finding]) -> Iterator[Finding]:
    for f in findings:
        start, end = reading.starts[f.start] + base, reading.ends[f.end - 1] + base
        yield Finding(f.detector, f.category, start, end, f.score)


def _screen(inner: Detector, steps: Sequence[Step]) -> Screen | None:
    offered = screen_of(inner)
    if offered is None:
        return None
    return Screen(
        finds=tuple(pattern for step in steps for pattern, reach in step.finds if not reach),
        holds=offered.holds,
        asks=offered.asks,
        cuts=(*offered.cuts, *(hold for step in steps for hold in step.cuts)),
        lasting=(
            *offered.lasting,
            *((pattern, reach) for step in steps for pattern, reach in step.finds if reach),
        ),
    )
