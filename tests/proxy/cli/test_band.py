"""`sluicegate models band`: recall against cost on labelled texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from detectors.toxicity import sources
from tests.support.models import model_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sources, "BUNDLED", model_folder())
    path = tmp_path / "cascade.yaml"
    path.write_text(
        f"""
version: 1
detectors:
  words: {{type: keywords, words: [zebra]}}
  tox: {{type: toxicity, model: cascade, larger: "onnx:{model_folder()}"}}
rules:
  - {{id: tox, detector: tox, min_score: 0.7, action: flag}}
  - {{id: words, detector: words, action: flag}}
"""
    )
    return str(path)


def lines(*texts: tuple[str, object]) -> bytes:
    return b"\n".join(json.dumps({"text": text, "toxic": toxic}).encode() for text, toxic in texts)


def test_equal_models_need_no_second_look(sluicegate: Sluicegate, policy: str) -> None:
    """The narrowest band is as good as asking always."""
    data = lines(("A calm day. ", False), ("All is well. You blockhead.", True), ("--", False))
    ran = sluicegate("models", "band", "-", "--policy", policy, "--detector", "tox", stdin=data)
    assert ran.code == 0, ran.err
    assert "quick alone" in ran.out
    assert "100.0 %" in ran.out
    assert "band: [" in ran.out


@pytest.mark.parametrize(
    ("detector", "data", "told"),
    [
        ("words", lines(("a", True)), "Detector 'words' is no cascade"),
        ("tox", lines(("a", True), ("b", "yes")), "2: write {"),
        ("tox", b"{", "1: write {"),
        ("tox", lines(("a", True)), "there must be texts that are toxic, and texts that are not"),
    ],
)
def test_mistakes(sluicegate: Sluicegate, policy: str, detector: str, data: bytes, told: str) -> None:
    """They are told before a model is asked."""
    ran = sluicegate("models", "band", "-", "--policy", policy, "--detector", detector, stdin=data)
    assert ran.code == 2
    assert told in ran.err
