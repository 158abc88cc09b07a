"""Findings that overlap are decided together."""

from detectors.types import Finding
from proxy.guard.clusters import clusters, uncut


def finding(start: int, end: int) -> Finding:
    """A finding of no importance."""
    return Finding("w", "X", start, end, 1.0)


def test_clusters_join_what_overlaps() -> None:
    """Touching is not overlapping."""
    spans = [(8, 9), (0, 3), (2, 5), (5, 6), (1, 2)]
    findings = [finding(a, b) for a, b in spans]
    assert [[(f.start, f.end) for f in c] for c in clusters(findings)] == [
        [(0, 3), (1, 2), (2, 5)],
        [(5, 6)],
        [(8, 9)],
    ]


def test_a_limit_is_lowered_until_it_cuts_nothing() -> None:
    """Lowering it for one finding can bring it inside another."""
    assert uncut([finding(0, 4), finding(3, 8), finding(9, 12)], 6) == 0
    assert uncut([finding(0, 4), finding(4, 8)], 4) == 4
    assert uncut([], 7) == 7
