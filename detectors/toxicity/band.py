"""Chooses the band of a cascade from labelled texts: how much of what is toxic is found, and at what cost.

Pure: scores in, a table out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOWS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
HIGHS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Ends that are tried. Below the lowest a band asks about everything."""


class Judged(NamedTuple):
    """A labelled text and the highest score of each model."""

    is_toxic: bool
    quick: float
    larger: float


class Row(NamedTuple):
    """What a band costs and catches at a threshold."""

    low: float
    high: float
    asked: float
    """Share of the texts that the larger model is asked about."""
    recall: float
    false_positive_rate: float


class Choice(NamedTuple):
    """All bands, cheapest first, and the one to take."""

    rows: tuple[Row, ...]
    quick: Row
    """The quick model alone."""
    larger: Row
    """The larger model alone."""
    best: Row
    """The cheapest band that is as good as the larger model alone, but for the tolerance."""


def choose(judged: Sequence[Judged], threshold: float, tolerance: float) -> Choice:
    """Compare bands. `tolerance` is how much recall may be lost, and how many more false positives there may be.

    There must be texts of both kinds.
    """
    quick = _row(judged, threshold, 1.1, 1.1)
    larger = _row(judged, threshold, 0.0, 1.0)
    tried = [_row(judged, threshold, low, high) for low in LOWS for high in HIGHS if low < high]
    rows = tuple(sorted(tried, key=lambda row: (row.asked, -row.recall, row.high - row.low)))
    good = (
        row
        for row in rows
        if row.recall >= larger.recall - tolerance
        and row.false_positive_rate <= larger.false_positive_rate + tolerance
    )
    return Choice(rows, quick, larger, next(good, larger))


def frontier(rows: Iterable[Row]) -> list[Row]:
    """Return the bands that catch more than every cheaper one, for reading."""
    shown: list[Row] = []
    for row in rows:
        if not shown or row.recall > shown[-1].recall:
            shown.append(row)
    return shown


def _row(judged: Sequence[Judged], threshold: float, low: float, high: float) -> Row:
    asked = hits = false_alarms = 0
    toxic = sum(one.is_toxic for one in judged)
    for one in judged:
        is_asked = low <= one.quick <= high
        asked += is_asked
        if (one.larger if is_asked else one.quick) >= threshold:
            hits += one.is_toxic
            false_alarms += not one.is_toxic
    return Row(low, high, asked / len(judged), hits / toxic, false_alarms / (len(judged) - toxic))
