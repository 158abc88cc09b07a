"""What a step of a view is: which pieces of a text read differently, and where its last word is not spoken yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from detectors.screening import Cut
    from detectors.views.reading import Change


class Step(NamedTuple):
    """One way of reading a text.

    It looks at most `REACH_CHARS` to either side of a piece, so that a text may be read from any place at which no
    piece is cut.
    """

    changes: Callable[[str], Iterable[Change]]
    """Yields the pieces of a text that read differently, in order."""
    pending: Callable[[str], int]
    """Returns the offset from which on a text that goes on may still read differently; its length when nowhere."""
    finds: tuple[tuple[str, int], ...]
    """RE2 patterns, one of which is in every text that reads differently, each with the number of characters after
    it for which that may still hang on it."""
    cuts: tuple[Cut, ...]
    """Patterns of which one is live at every place that is pending in a text without any of `finds`."""
    keeps_shape: bool = False
    """Whether letters stay letters, so that the following steps need not wait for what is pending."""


REACH_CHARS = 64
"""How much to the left of a window decides how it reads."""
