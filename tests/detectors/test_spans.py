"""Which findings are certain, and where the next window starts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.spans import settle
from detectors.types import Finding


def finding(start: int, end: int, category: str = "x") -> Finding:
    return Finding("d", category, start, end, 1.0)


@pytest.mark.parametrize(
    ("unsettled", "found", "certain", "watermark"),
    [
        (10, [], [], 10),
        (10, [(2, 4), (0, 1)], [(0, 1), (2, 4)], 10),
        (10, [(10, 12)], [], 10),
        (10, [(2, 10)], [(2, 10)], 10),
        (10, [(8, 12)], [], 8),
        (10, [(0, 3), (6, 9), (8, 12)], [(0, 3)], 6),
        (10, [(0, 3), (2, 7), (6, 9), (8, 12)], [], 0),
        (10, [(0, 3), (3, 8), (8, 12)], [(0, 3), (3, 8)], 8),
        (10, [(1, 11), (3, 5)], [], 1),
        (10, [(11, 13), (1, 11)], [], 1),
    ],
)
def test_certain_findings_and_watermark(
    unsettled: int, found: list[tuple[int, int]], certain: list[tuple[int, int]], watermark: int
) -> None:
    result = settle(unsettled, [finding(*span) for span in found])
    assert [(f.start, f.end) for f in result.findings] == certain
    assert result.watermark == watermark


SPANS = st.lists(st.builds(lambda start, length: (start, start + length), st.integers(0, 30), st.integers(1, 8)))


@given(SPANS, st.integers(0, 30))
def test_the_watermark_is_the_highest_outside_all_matches(spans: list[tuple[int, int]], unsettled: int) -> None:
    known = [finding(*span) for span in spans if span[0] < unsettled]
    result = settle(unsettled, [finding(*span) for span in spans])
    free = (place for place in range(unsettled, -1, -1) if not any(f.start < place < f.end for f in known))
    assert result.watermark == next(free)
    assert sorted(result.findings, key=repr) == sorted((f for f in known if f.end <= result.watermark), key=repr)
