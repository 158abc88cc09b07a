"""What rounds of a measurement add up to: medians, quantiles, ratios to the relay, targets. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median


def quantile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie, between neighbours in proportion; NaN for none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@dataclass(frozen=True, slots=True)
class Round:
    """One run of load on one party."""

    answers_per_s: float
    cpu_us: float
    """Processor time of the party for one answer."""
    cpu_share: float
    """Share of a core that the party was given while the load ran. Near 1: the party was the limit."""
    first_ms: tuple[float, float]
    """Time to the first byte of the body, p50 and p99."""
    whole_ms: tuple[float, float]
    gap_ms: tuple[float, float]
    """Time between two events, p50 and p99; NaN where events are not paced."""
    failed: int
    rss_mb: float
    """Highest resident memory seen during the run."""


@dataclass(slots=True)
class Series:
    """The rounds of one workload, by party, in the order in which the parties were first measured."""

    rounds: dict[str, list[Round]] = field(default_factory=dict)

    def add(self, party: str, measured: Round) -> None:
        """Keep one round."""
        self.rounds.setdefault(party, []).append(measured)

    def rate(self, party: str) -> float:
        """Return the median answers per second."""
        return median(one.answers_per_s for one in self.rounds[party])

    def cpu_us(self, party: str) -> float:
        """Return the median processor time for one answer."""
        return median(one.cpu_us for one in self.rounds[party])

    def cpu_share(self, party: str) -> float:
        """Return the median share of a core."""
        return median(one.cpu_share for one in self.rounds[party])

    def rate_ratio(self, party: str, peer: str) -> float:
        """Return the median over rounds of the party's answers per second divided by the peer's."""
        pairs = zip(self.rounds[party], self.rounds[peer], strict=False)
        return median(ours.answers_per_s / theirs.answers_per_s for ours, theirs in pairs if theirs.answers_per_s)

    def added_ms(self, what: str, party: str, peer: str) -> tuple[float, float]:
        """Return by how much p50 and p99 of `first`, `whole` or `gap` exceed the peer's: median of rounds."""
        pairs = list(zip(self.rounds[party], self.rounds[peer], strict=False))
        name = f"{what}_ms"
        fifty = median(getattr(ours, name)[0] - getattr(theirs, name)[0] for ours, theirs in pairs)
        ninety_nine = median(getattr(ours, name)[1] - getattr(theirs, name)[1] for ours, theirs in pairs)
        return fifty, ninety_nine

    def failed(self, party: str) -> int:
        """Return how many answers were wrong in all rounds."""
        return sum(one.failed for one in self.rounds[party])

    def rss_mb(self, party: str) -> float:
        """Return the highest resident memory."""
        return max(one.rss_mb for one in self.rounds[party])


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised, and what was measured."""

    what: str
    limit: float
    measured: float
    at_least: bool = False
    """True: the figure must reach the limit. False: it must not exceed it."""
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the promise is kept. A figure that could not be measured keeps none."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def promise(self) -> str:
        """The limit in words."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{self.unit}"
