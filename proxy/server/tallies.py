"""Counts kept in plain Python between two looks at them, and added to the metrics in one go.

The metrics library takes a lock for each step of each bucket; an exchange has some forty. Everything here runs on
the event loop, so nothing is locked. What was not added yet is lost with a process that is killed, no more than one
sampling interval of it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric


class CounterTally:
    """What a counter is still to be told."""

    __slots__ = ("_counter", "pending")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.pending = 0
        """Counted and not told yet. Whoever counts adds to it: a call for each would cost more than the count."""

    def flush(self) -> None:
        """Tell the counter."""
        if self.pending:
            pending, self.pending = self.pending, 0
            self._counter.inc(pending)


class HistogramTally:
    """What a histogram is still to be told, by bucket."""

    __slots__ = ("_bounds", "_counts", "_histogram", "_seen", "_sum")

    def __init__(self, histogram: Histogram, bounds: Sequence[float]) -> None:
        """`bounds` are the histogram's buckets, without the one for all the rest."""
        self._histogram = histogram
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._seen = False

    def observe(self, value: float) -> None:
        """Note one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value
        self._seen = True

    def flush(self) -> None:
        """Tell the histogram."""
        if not self._seen:
            return
        counts, self._counts = self._counts, [0] * len(self._counts)
        total, self._sum = self._sum, 0.0
        self._seen = False
        histogram = self._histogram
        # The library has no public way to add many values; `observe` does these steps for one.
        for bucket, count in zip(histogram._buckets, counts, strict=True):  # noqa: SLF001
            if count:
                bucket.inc(count)
        histogram._sum.inc(total)  # noqa: SLF001


class FlushFirst:
    """Stands first in a registry and has no metrics of its own: tallies are flushed before others are read."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush

    def describe(self) -> Iterable[Metric]:
        """Name nothing."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Flush, and give nothing."""
        self._flush()
        return ()
