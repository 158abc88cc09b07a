"""One look for all detectors: whether any of them finds something in a text, and from where the text is held.

A detector may offer a `Screen`: its patterns as data. The screens of several detectors are fused to one set of
patterns and one automaton for the hold, so that text in which none finds anything costs one look instead of one for
each. The fused screen finds nothing itself and edits nothing: where it is not quiet, every detector looks for
itself.

What a screen promises, for each window that begins where a detector's own watermark may stand: when the screen is
quiet there, the detector has no finding in it, final or not; and when nothing of `asks` is live, it may go on from
the earliest live place of `holds` in the text up to the earliest live place of `cuts`: from there on it finds what
it finds in the whole text. Its own watermark may be before that place, for a match that its validators refused: of
that nothing can become a finding any more, else the screen would not be quiet, or something of `asks` live.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from detectors.automaton import ASKED, HoldAutomaton
from detectors.prefilter import PatternSet
from detectors.regex_tree import PatternSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Detector

MAX_PATTERNS = 400
"""Most patterns of one fused screen: more cost RE2 more time and memory than the detectors' own looks."""

MAX_STATES = 20_000
"""Most states of the hold automaton of one fused screen, from all of which its first step is worked out."""

QUIET = -1
"""Answer of a screen: no detector finds anything."""


class Hold(NamedTuple):
    """A pattern for which text is held, and how much of it at most."""

    source: PatternSource
    span: int


class Cut(NamedTuple):
    """A pattern where the reading of a text stops until it is known how it goes on."""

    hold: Hold
    openers: str = ""
    """Characters one of which is in every text in which it is live; none when there is no such set."""


class Screen(NamedTuple):
    """What a detector needs to have in a text, as data."""

    finds: tuple[str, ...]
    """RE2 patterns. Where none is in the text of a window, the detector finds nothing there."""
    holds: tuple[Hold, ...]
    """Where none of these is live, the detector need not hold anything."""
    asks: tuple[Hold, ...] = ()
    """Where one of these is live, only the detector itself knows what it holds."""
    cuts: tuple[Cut, ...] = ()
    """Where one of these is live, the detector holds as it would if the text ended there, and nothing else."""
    lasting: tuple[tuple[str, int], ...] = ()
    """More patterns like `finds`, each with the number of characters after it for which they count as found: what
    the detector finds there depends on them."""


class Screened(Protocol):
    """A detector that offers a screen. Prefix-stable, and cheap enough for the event loop."""

    @property
    def screen(self) -> Screen | None:
        """Its patterns; None when it has too many, or none that say enough."""


class FusedScreen:
    """The screens of several detectors in one. Immutable but for the caches of its automata."""

    __slots__ = ("_cuts", "_holds", "_reach", "_set", "is_idle", "reach", "state_count")

    def __init__(self, screens: Sequence[Screen]) -> None:
        """Raises ValueError when the patterns are too large to be looked for together."""
        finds = [(pattern, 0) for screen in screens for pattern in screen.finds]
        finds += [lasting for screen in screens for lasting in screen.lasting]
        finds = list(dict.fromkeys(finds))  # detectors on views of a text share theirs
        self.is_idle = not finds
        """Whether there is nothing to look for."""
        self._set = PatternSet([pattern for pattern, _ in finds])
        self._reach = [reach for _, reach in finds]
        self.reach = max(self._reach, default=0)
        """For how many characters at most what was found still counts."""
        holds = dict.fromkeys(hold for screen in screens for hold in screen.holds)
        asks = dict.fromkeys(hold for screen in screens for hold in screen.asks)
        self._holds = HoldAutomaton((h.source for h in holds), (h.span for h in holds), asks)
        self._cuts = _Cuts(list(dict.fromkeys(cut for screen in screens for cut in screen.cuts)))
        self.state_count = self._holds.state_count + self._cuts.state_count

    def look(self, text: str) -> int:
        """Return `QUIET` when no detector finds anything in a text.

        Else for how many characters after it the detectors must look for themselves, 0 when it is this text alone.
        """
        if self.is_idle:
            return QUIET
        found = self._set.found_in(text)
        return max([self._reach[number] for number in found]) if found else QUIET

    def held_from(self, text: str, start: int) -> int | None:
        """Return the place from which a text is held, its end when nothing is; None when detectors must be asked.

        `text[:start]` is left context: at least one character unless the text really begins there.
        """
        live = self._holds.earliest_live(text, start)
        if live != ASKED and (end := self._cuts.earliest(text, start)) < len(text):
            live = min(live, self._holds.earliest_live(text[:end], start))
        return None if live == ASKED else live


class _Cuts:
    """The cuts of several screens together."""

    __slots__ = ("_common", "_openers", "_rare", "state_count")

    def __init__(self, cuts: Sequence[Cut]) -> None:
        self._common = _automaton([cut.hold for cut in cuts if not cut.openers])
        self._rare = _automaton([cut.hold for cut in cuts if cut.openers])
        openers = sorted(set("".join(cut.openers for cut in cuts)))
        self._openers = re.compile(f"[{re.escape(''.join(openers))}]") if openers else None
        self.state_count = sum(found.state_count for found in (self._common, self._rare) if found is not None)

    def earliest(self, text: str, start: int) -> int:
        """Return where a text is cut, its end when it is not."""
        end = len(text)
        while True:
            cut = end if self._common is None else self._common.earliest_live(text[:end], start)
            if self._rare is not None and self._openers is not None and self._openers.search(text, start, end):
                cut = min(cut, self._rare.earliest_live(text[:end], start))
            if cut == end:
                return end
            end = cut  # what is left may end in another


def _automaton(holds: Sequence[Hold]) -> HoldAutomaton | None:
    return HoldAutomaton((h.source for h in holds), (h.span for h in holds)) if holds else None


def screen_of(detector: Detector) -> Screen | None:
    """Return what a detector offers, None when it offers nothing."""
    screen: Screen | None = getattr(detector, "screen", None)
    return screen


@lru_cache(maxsize=64)
def fused(detectors: tuple[Detector, ...]) -> FusedScreen | None:
    """Return the screen of detectors that all offer one; None when they are too much for one look."""
    screens = [offered for detector in detectors if (offered := screen_of(detector)) is not None]
    if len(screens) < len(detectors) or sum(len(s.finds) + len(s.lasting) for s in screens) > MAX_PATTERNS:
        return None
    try:
        screen = FusedScreen(screens)
    except ValueError:
        return None
    return screen if screen.state_count <= MAX_STATES else None
