"""The detectors that judge one text together: by one screen for all of them while it is quiet, else one by one.

While the screen is quiet, nobody but the screen looks at the text, and no cursor is made. Where it is not, each
detector gets its own cursor and looks for itself, at the same text. Both ways lead to the same findings; the screen
only ever says that there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.screening import QUIET, FusedScreen, fused, screen_of
from detectors.types import CostClass, Stability
from proxy.guard.cursor import MAX_WINDOW_CHARS, Cursor, next_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import ChannelKind, Detector, Window
    from proxy.guard.api import GuardStats
    from proxy.guard.readings import PlainReading


MAX_LOOKS = 16
"""Windows that the screen looks at in one go: half a millisecond. Then others have their turn."""


class Bench(NamedTuple):
    """Detectors for one kind of channel, and how they are asked. Worked out once for a policy."""

    screened: tuple[Detector, ...]
    """Those that the screen speaks for."""
    alone: tuple[Detector, ...]
    """Those that always look for themselves."""
    screen: FusedScreen | None
    """None when it speaks for nobody."""
    names: tuple[str, ...]
    """Of the screened ones."""
    context_chars: int
    """How much text before a window the screened ones need to see."""
    max_hold_chars: int


def bench_of(detectors: tuple[Detector, ...], max_hold_chars: int, *, use_screens: bool = True) -> Bench:
    """Return how detectors are asked. Without screens each looks for itself: what comes out is the same."""
    offering = tuple(d for d in detectors if use_screens and _may_be_screened(d))
    screen = fused(offering) if offering else None
    screened = () if screen is None else offering
    context_chars = max((d.context_chars for d in screened), default=0)
    alone = tuple(d for d in detectors if d not in screened)
    return Bench(
        screened, alone, screen, tuple(dict.fromkeys(d.name for d in screened)), context_chars, max_hold_chars
    )


def _may_be_screened(detector: Detector) -> bool:
    is_light = detector.stability is Stability.PREFIX_STABLE and detector.cost_class is CostClass.INLINE
    return is_light and screen_of(detector) is not None


class Panel:
    """A bench before one text. Its cursors stand on all readings of the text; the screen looks at the plain one."""

    __slots__ = (
        "_at",
        "_bench",
        "_final_done",
        "_is_open",
        "_kind",
        "_reading",
        "_scanned",
        "_screen",
        "_screened",
        "_stats",
        "_trusted",
        "_wary_until",
        "cursors",
        "is_behind",
    )

    def __init__(self, bench: Bench, reading: PlainReading, kind: ChannelKind, stats: GuardStats) -> None:
        self._bench = bench
        self._screen = bench.screen
        self._reading = reading
        self._kind = kind
        self._stats = stats
        self.cursors = [Cursor(detector, reading, kind, 0) for detector in bench.alone]
        """Of the detectors that look for themselves."""
        self._screened: list[Cursor] = []
        self._is_open = bench.screen is None
        self._at = 0
        self._scanned = 0
        self._final_done = False
        self._wary_until = 0
        self._trusted = 0  # the screen has seen all that begins before
        self.is_behind = False
        """Whether the screen stopped for breath: `windows` is to be asked again."""

    def windows(
        self, source_end: int | None, *, final: bool, may_look: bool = True
    ) -> Sequence[tuple[Cursor, Window]]:
        """Return what detectors must judge, after the screen saw what it can speak for.

        `source_end`: only the channel's text before it may be seen; None for all of it. `final`: the text ends
        there. Without `may_look` each detector is asked.
        """
        self.is_behind = False
        if self._screen is not None and may_look:
            self._look(self._reading.buffer.end if source_end is None else source_end, final=final)
        elif not self._is_open:
            self.open()
        if not self.cursors:
            return ()
        wanted = []
        for cursor in self.cursors:
            end = cursor.reading.buffer.end if source_end is None else cursor.reading.from_source(source_end)
            window = cursor.next_window(end, final=final)
            if window is not None:
                wanted.append((cursor, window))
        return wanted

    def is_passed_over(self, *, final: bool) -> bool:
        """Whether the screen passes over all that is new of the text: what `windows` mostly does, in one go.

        When it does not, nothing has changed, and `windows` is to be asked.
        """
        screen, buffer = self._screen, self._reading.buffer
        at, end = self._at, buffer.end
        if screen is None or self.cursors or end - at > MAX_WINDOW_CHARS or at < self._wary_until:
            return False
        if self._final_done or at >= end or not (final or end > self._scanned):
            return True
        start, text = at - buffer.base, buffer.text
        if screen.look(text[start:]) != QUIET:
            return False
        if final:
            at = end
        else:
            left = 1 if start else 0
            place = screen.held_from(text[start - left :], left)
            if place is None or end - (at - left + place) > self._bench.max_hold_chars:
                return False
            at += place - left
        self._pass_over(at, end, final=final)
        self.is_behind = False
        return True

    def open(self) -> None:
        """Let each detector look for itself from where the screen stands."""
        if not self._is_open:
            self._is_open = True
            self._screened = [Cursor(d, self._reading, self._kind, self._at) for d in self._bench.screened]
            self.cursors += self._screened

    def stop_looking(self) -> None:
        """Let each detector look for itself from now on: the screen cannot see other readings of the text."""
        self.open()
        self._screen = None

    def gave_up(self, cursor: Cursor) -> None:
        """Learn that a cursor skipped a window: what its detector will make of that context no screen can say."""
        if cursor in self._screened:
            self.stop_looking()

    def _look(self, end: int, *, final: bool) -> None:
        """Have the screen pass over the text up to `end`, as far as it can in one go."""
        if self._screened:
            if any(cursor.in_flight is not None for cursor in self._screened):
                return
            self._at = min([cursor.watermark for cursor in self._screened])
            self._scanned = min([cursor.scanned for cursor in self._screened])
            self._final_done = all(cursor.is_done for cursor in self._screened)
        if self._final_done:
            return
        looks = 0
        while self._at < end and (final or end > self._scanned):
            if looks == MAX_LOOKS:
                self.is_behind = True
                return
            looks += 1
            stop = next_stop(self._at, self._scanned, end)
            place = self._held_from(stop, final=final and stop == end)
            if place is None:
                self.open()
                return
            self._pass_over(place, stop, final=final and stop == end)

    def _held_from(self, stop: int, *, final: bool) -> int | None:
        """Return from where the text up to `stop` is held; None when the detectors must look."""
        at, screen, buffer = self._at, self._screen, self._reading.buffer
        assert screen is not None  # noqa: S101 - without one nobody asks
        if at < self._wary_until:
            return None
        text, base = buffer.text, buffer.base
        if at > self._trusted:  # the detectors went on alone, perhaps over something that still counts
            seen_from = max(self._trusted, at - screen.reach, base)
            self._trusted = at
            if self._is_wary(screen.look(text[seen_from - base : stop - base]), stop):
                return None
        reach = screen.look(text[at - base : stop - base])
        if self._is_wary(reach, stop) or reach != QUIET:
            return None
        if final:
            return stop
        left = 1 if at > base else 0
        place = screen.held_from(text[at - left - base : stop - base], left)
        if place is None or stop - (at - left + place) > self._bench.max_hold_chars:
            return None
        return at - left + place

    def _is_wary(self, reach: int, stop: int) -> bool:
        """Note up to where what was found before `stop` still counts; whether it does beyond."""
        if reach > 0:
            self._wary_until = stop + reach
        return reach > 0

    def _pass_over(self, place: int, stop: int, *, final: bool) -> None:
        scanned = self._stats.scanned_chars
        chars = stop - self._at
        for name in self._bench.names:
            scanned[name] = scanned.get(name, 0) + chars
        self._at, self._scanned, self._final_done = place, stop, final
        self._trusted = place
        for cursor in self._screened:
            cursor.pass_over(place, stop, final=final)

    def limit(self, end: int) -> int:
        """Return the offset of the channel's text, `end` at most, before which all have spoken their last word."""
        if not self._is_open and self._at < end:
            end = self._at
        for cursor in self.cursors:
            end = min(end, cursor.reading.to_source(cursor.watermark))
        return end

    def needed_from(self, reading: object) -> list[int]:
        """Return offsets of a reading before which it is not looked at again."""
        needed = [cursor.needed_from for cursor in self.cursors if cursor.reading is reading]
        if not self._is_open and reading is self._reading:
            needed.append(self._at - self._bench.context_chars)
        return needed
