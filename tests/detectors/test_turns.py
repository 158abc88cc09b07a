"""Looks in several turns: they end with what `scan` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.turns import finished, scanned, turns_of
from detectors.types import ChannelKind, ScanResult, Window
from tests.support.detectors import built

if TYPE_CHECKING:
    from detectors.turns import Turns

WINDOW = Window(ChannelKind.TEXT, "", "ssn 219-09-9999 or TKT-123456 ", 0, final=True)


def counted() -> Turns[ScanResult]:
    yield
    yield
    return ScanResult((), 7)


def test_what_is_run_to_its_end_gives_its_answer() -> None:
    """However many turns there were."""
    assert finished(counted()) == ScanResult((), 7)
    assert sum(1 for _ in counted()) == 2


def test_a_detector_without_turns_has_none() -> None:
    """It is asked at once."""
    patterns = built("patterns", {"patterns": {"TICKET": "TKT-[0-9]{6}"}})
    assert turns_of(patterns) is None
    assert list(scanned(patterns, WINDOW)) == []
    assert finished(scanned(patterns, WINDOW)) == patterns.scan(WINDOW)


def test_a_detector_with_turns_says_in_them_what_it_says_at_once() -> None:
    """The same answer, with others in between."""
    pii = built("presidio")
    assert turns_of(pii) is not None
    assert len(list(scanned(pii, WINDOW))) > 2
    assert finished(scanned(pii, WINDOW)) == pii.scan(WINDOW)
    assert len(pii.scan(WINDOW).findings) == 1
