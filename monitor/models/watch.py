"""Everything that is kept for one slice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from monitor.models.buckets import COLUMNS, RESPONSES, Buckets
from monitor.models.intervals import wilson
from monitor.types import COUNTED, WINDOWS_S, Point, Rate, Signal, SliceInfo

if TYPE_CHECKING:
    from monitor.records import ExchangeRecord
    from monitor.types import Slice

ACTED: Final = ("flag", "redact", "rewrite", "block")
"""Actions of an incident; `allow` is an exception that a rule made, `bypass` a text that nobody judged."""


class Watch:
    """The counts and models of a slice."""

    def __init__(self, place: Slice, since_s: float) -> None:
        self._slice = place
        self._since_s = since_s
        self._seen_s = since_s
        self._responses = 0
        self._buckets = Buckets()

    def count(self, record: ExchangeRecord) -> None:
        """Count an answer."""
        self._responses += 1
        self._seen_s = max(self._seen_s, record.time_s)
        self._buckets.add(record.time_s, (RESPONSES, *(COLUMNS[signal] for signal in signals_of(record))))

    def info(self) -> SliceInfo:
        """Return what the slice is."""
        return SliceInfo(self._slice, self._responses, self._since_s, self._seen_s)

    def rates(self, now_s: float) -> list[Rate]:
        """Return each signal's rate over each window."""
        found: list[Rate] = []
        for window, seconds in WINDOWS_S.items():
            sums = self._buckets.window(now_s, seconds)
            responses = int(sums[RESPONSES])
            for signal in COUNTED:
                count = int(sums[COLUMNS[signal]])
                share = count / responses if responses else math.nan
                found.append(Rate(self._slice, signal, window, count, responses, share, *wilson(count, responses)))
        return found

    def series(self, now_s: float, seconds: int, signal: Signal) -> list[Point]:
        """Return the buckets of a window."""
        return [Point(*bucket) for bucket in self._buckets.series(now_s, seconds, signal)]


def signals_of(record: ExchangeRecord) -> list[Signal]:
    """Return the counted signals that an answer shows."""
    acted = any(record.actions.get(action) for action in ACTED)
    refused = record.refusal != "none"
    shown = {
        Signal.INCIDENTS: acted,
        Signal.BLOCKS: bool(record.actions.get("block")),
        Signal.EDITS: bool(record.actions.get("redact") or record.actions.get("rewrite")),
        Signal.BYPASSES: bool(record.actions.get("bypass")),
        Signal.ERRORS: record.unavailable > 0,
        Signal.REFUSALS: refused,
        Signal.REFUSALS_FULL: record.refusal in {"full", "stated"},
        Signal.REFUSALS_PARTIAL: record.refusal == "partial",
        Signal.OVER_REFUSALS: refused and not acted and not record.request_categories,
        Signal.HARMFUL_COMPLIANCE: acted and not refused,
    }
    return [signal for signal, is_shown in shown.items() if is_shown]
