"""What is measured of models is measured around the real guard and the real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import toxicity as module
from benchmarks.toxicity import LENGTHS, first_chars, measure, window_of
from proxy.guard.sentences import MAX_SENTENCE_CHARS, SEGMENT_RAMP_CHARS
from tests.support.models import model_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "BUNDLED", model_folder())
    monkeypatch.setattr(module, "gemm_rate", lambda: 1.0)
    return model_folder()


def test_each_engine_has_its_rows(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times by length, the first character, and streams whose verdicts all came."""
    monkeypatch.setattr(module, "score_ms", lambda *_: 100.0)  # few streams: what they see is not looked at here
    remarks: list[str] = []
    lengths, first, streams = measure(small, 0.3, 1, remarks)
    assert remarks == []
    assert [row[0] for row in lengths.rows] == ["bundled", "Detoxify's size, int8", "cascade of the two"]
    assert all(len(row) == 1 + len(LENGTHS) for row in lengths.rows)
    assert [row[0] for row in first.rows] == ["ramped windows", "whole sentences"]
    assert [row[-1] for row in streams.rows] == ["0"] * 3
    assert all(row[1] == "none" or int(row[1]) >= 1 for row in streams.rows)  # too short a time for most verdicts


def test_what_cannot_be_measured_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a model there are no tables."""
    monkeypatch.setattr(module, "BUNDLED", tmp_path)
    remarks: list[str] = []
    assert measure(None, 0.1, 1, remarks) == []
    assert len(remarks) == 2


def test_ramped_windows_are_complete_sooner() -> None:
    """Never later than a whole sentence."""
    ramped, whole = first_chars(SEGMENT_RAMP_CHARS), first_chars((MAX_SENTENCE_CHARS,))
    assert all(one <= other for one, other in zip(ramped, whole, strict=True))
    assert max(ramped) <= SEGMENT_RAMP_CHARS[0]


def test_windows_have_the_words_that_were_asked_for() -> None:
    """And differ, so that nothing is measured twice."""
    assert {len(window_of(words).split()) for words in LENGTHS} == set(LENGTHS)
    assert window_of(8, 1) != window_of(8, 2)
