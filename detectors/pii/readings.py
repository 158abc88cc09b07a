"""Where patterns match in a text: by `regex`, which backtracks and may need a limit of time, or by RE2.

All that a pattern of a policy's own may take in one look of the detector is one allowance, shared by all of them:
they run on the event loop. It is the only clock of the detector's, and stops only what would keep the loop.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from detectors.linear import LinearPattern, linear
from detectors.linear_shape import NotLinearError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import regex

    from detectors.regex_tree import PatternSource

REGEX_TIMEOUT_S = 0.5
"""Longest run of one pattern of Presidio's over one text, of the process's processor time, so that a busy machine
makes none longer. Presidio would skip the pattern; here it is an error."""

SHORT_CHARS = 1_000
"""Text over which a pattern of Presidio's that has a bound needs no limit of time."""

CUSTOM_ALLOWANCE_S = 0.05
"""Longest time, in one look, of all patterns of a policy's own that backtrack."""


class Place(Protocol):
    """Where a pattern matches."""

    def span(self) -> tuple[int, int]:
        """Return its start and end."""


class Reading(Protocol):
    """A pattern on a text. Everything is found as if the text ended at `stop`."""

    def search(self, low: int, stop: int) -> Place | None:
        """Return the first match from `low` on. Raises TimeoutError."""

    def match(self, low: int, stop: int) -> Place | None:
        """Return the match at `low`. Raises TimeoutError."""

    def finditer(self, low: int, stop: int) -> Iterable[Place]:
        """Return the matches from `low` on that do not overlap. Raises TimeoutError."""


class Allowance:
    """Processor time that may still be spent."""

    __slots__ = ("_left_s",)

    def __init__(self, limit_s: float = CUSTOM_ALLOWANCE_S) -> None:
        self._left_s = limit_s

    def spend(self, run: Callable[[float], Any]) -> Any:  # noqa: ANN401 - what `run` returns
        """Call `run` with the seconds that are left. Raises TimeoutError when none are."""
        if self._left_s <= 0:
            raise TimeoutError("the patterns of a policy took too long together")
        begin_s = time.thread_time()
        try:
            return run(self._left_s)
        finally:
            self._left_s -= time.thread_time() - begin_s


class _Trusted(NamedTuple):
    """A pattern of Presidio's on a text."""

    pattern: regex.Pattern[str]
    text: str

    def search(self, low: int, stop: int) -> Place | None:
        return self.pattern.search(self.text, low, stop, timeout=REGEX_TIMEOUT_S)

    def match(self, low: int, stop: int) -> Place | None:
        return self.pattern.match(self.text, low, stop, timeout=REGEX_TIMEOUT_S)

    def finditer(self, low: int, stop: int) -> Iterable[Place]:
        if stop - low <= SHORT_CHARS:  # a limit of time costs more than the search of a short text does
            return self.pattern.finditer(self.text, low, stop)
        return self.pattern.finditer(self.text, low, stop, timeout=REGEX_TIMEOUT_S)


class _Limited(NamedTuple):
    """A pattern that may backtrack without end on a text."""

    pattern: regex.Pattern[str]
    text: str
    allowance: Allowance

    def search(self, low: int, stop: int) -> Place | None:
        found: Place | None = self.allowance.spend(
            lambda left_s: self.pattern.search(self.text, low, stop, timeout=left_s)
        )
        return found

    def match(self, low: int, stop: int) -> Place | None:
        found: Place | None = self.allowance.spend(
            lambda left_s: self.pattern.match(self.text, low, stop, timeout=left_s)
        )
        return found

    def finditer(self, low: int, stop: int) -> Iterable[Place]:
        found: list[Place] = self.allowance.spend(
            lambda left_s: list(self.pattern.finditer(self.text, low, stop, timeout=left_s))
        )
        return found


class Matcher(NamedTuple):
    """A pattern ready to be read with."""

    pattern: regex.Pattern[str] | LinearPattern
    is_trusted: bool
    """Whether it is a pattern of Presidio's, which takes no long time over a short text."""

    def on(self, text: str, allowance: Allowance) -> Reading:
        """Return the pattern on a text."""
        pattern = self.pattern
        if isinstance(pattern, LinearPattern):
            return pattern.reading(text)
        return _Trusted(pattern, text) if self.is_trusted else _Limited(pattern, text, allowance)


def custom_matcher(pattern: regex.Pattern[str], source: PatternSource) -> Matcher:
    """Return how a pattern of a policy's own is matched: by RE2 where that means the same."""
    try:
        return Matcher(linear(source), is_trusted=False)
    except NotLinearError:
        return Matcher(pattern, is_trusted=False)
