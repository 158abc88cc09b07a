"""Looks at texts made against patterns, by both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pii import own_patterns
from tests.support.detectors import fed, spans

if TYPE_CHECKING:
    import pytest


def test_both_detectors_find_the_same_in_each_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the figures are those of the same work; a match is in each."""
    monkeypatch.setattr(own_patterns, "NEAR_CHARS", (12,))
    monkeypatch.setattr(own_patterns, "TEXT_CHARS", 200)
    for own in own_patterns.PATTERNS.values():
        detector = own_patterns.detector_of(own.pattern)
        alone = own_patterns.by_regex_alone(detector, own.pattern)
        (text,) = own_patterns.texts(own)
        found = spans(fed(detector, text).findings)
        assert found == spans(fed(alone, text).findings)
        assert found


def test_a_look_that_is_stopped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the text behind it is looked at all the same."""
    monkeypatch.setattr(own_patterns, "CUSTOM_ALLOWANCE_S", 0.001)
    own = own_patterns.PATTERNS["alternatives that overlap"]
    detector = own_patterns.detector_of(own.pattern)
    text = own.match + own.near * 60 + "-b"
    assert own_patterns.looks_ms(own_patterns.by_regex_alone(detector, own.pattern), text)[1] == 1
    assert own_patterns.looks_ms(detector, text)[1] == 0


def test_patterns_have_a_row_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the engine that runs them."""
    monkeypatch.setattr(own_patterns, "TEXT_CHARS", 300)
    monkeypatch.setattr(own_patterns, "NEAR_CHARS", (15,))
    rows = own_patterns.own_patterns_table().rows
    assert [row[0] for row in rows] == list(own_patterns.PATTERNS)
    assert [row[4] for row in rows[-3:]] == ["RE2", "`regex`", "`regex`"]
