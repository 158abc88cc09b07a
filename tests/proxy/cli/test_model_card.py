"""`sluicegate detectors toxicity` shows what each threshold catches and costs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detectors.toxicity import sources
from detectors.toxicity.card import Tiers
from tests.support.models import LABELS, card_of, model_folder

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(model_folder(), tmp_path / "bundled"))
    card = card_of(LABELS, Tiers(rewrite=0.6, block=0.85))
    (folder / "card.json").write_text(card.to_json())
    monkeypatch.setattr(sources, "BUNDLED", folder)
    return folder


@pytest.mark.usefixtures("bundled")
def test_thresholds_are_shown_with_what_they_catch_and_cost(sluicegate: Sluicegate) -> None:
    """For each label, and as JSON for programs."""
    out = sluicegate("detectors", "toxicity").out
    assert f"categories: {', '.join(LABELS)}" in out
    assert "insult (10 texts of 100; shipped: rewrite from 0.6, block from 0.85)" in out
    (row,) = {line for line in out.splitlines() if line.strip().startswith("0.5")}
    assert row.split() == ["0.5", "75.0", "%", "90.0", "%", "1.25", "%"]
    about = json.loads(sluicegate("detectors", "toxicity", "--json").out)
    assert [one["label"] for one in about["measured"]] == list(LABELS)
    assert about["measured"][0]["thresholds"][1]["precision"] is None


def test_without_a_card_nothing_is_shown(bundled: Path, sluicegate: Sluicegate) -> None:
    """The parameters are there all the same; a card that cannot be read is said."""
    (bundled / "card.json").unlink()
    assert "Precision" not in sluicegate("detectors", "toxicity").out
    (bundled / "card.json").write_text("{}")
    ran = sluicegate("detectors", "toxicity")
    assert ran.code == 2
    assert "is no model card" in ran.err
