"""From spans that an engine found to an answer that no later text can change.

Shared by the detectors whose findings are matches of patterns. It knows no engine: a detector hands it what was
found in the window and the earliest offset at which something may still begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.types import ScanResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.types import Finding


def settle(unsettled: int, found: Iterable[Finding]) -> ScanResult:
    """Return the findings that are certain, and the watermark behind them.

    `unsettled` is the channel offset at which the first match may still begin or change, the end of the window when
    none can; `found` are the matches that begin in the window, in any order; those of one pattern do not overlap.
    Those that begin at or past `unsettled` are ignored: a later window will see them whole.

    A match that began earlier and reaches past the watermark draws it back to its start, since the next window
    must see it whole. Overlapping matches can do so in turn, so a chain of them is held until it ends.
    """
    watermark = unsettled
    certain = sorted((f for f in found if f.start < unsettled), key=lambda f: (f.start, f.end, f.category))
    # Only a match that begins before the watermark can lower it, so one pass from the right finds them all.
    for finding in reversed(certain):
        if finding.start < watermark < finding.end:
            watermark = finding.start
    return ScanResult(tuple(f for f in certain if f.start < watermark), watermark)
