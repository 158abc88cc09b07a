"""The evaluation stage writes a card that the runtime reads, and a page with a table for each promise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from detectors.toxicity.card import LABELS, load_card
from detectors.toxicity.training import measure, sets
from detectors.toxicity.training.build import Corpus
from detectors.toxicity.training.example import CIVIL, Example, civil_but

pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries' own deprecations, different in each release

SENTENCE = "This is comment number {} about the tides, and it goes on for more than twelve words in all."


class ByWord:
    """Stands for an exported model: goes by one word."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def logits(self, texts: Sequence[str], max_tokens: int) -> np.ndarray:
        assert max_tokens == measure.MAX_TOKENS
        column = np.array([3.0 if "wretch" in text.lower() else -3.0 for text in texts])
        return np.repeat(column[:, None], len(LABELS), axis=1)


@pytest.fixture
def corpus() -> Corpus:
    harm = civil_but(**dict.fromkeys(LABELS, 1.0))
    harmful = [Example("You wretch! " + SENTENCE.format(number), "surge-toxicity", harm) for number in range(60)]
    civil = [Example(SENTENCE.format(number), "surge-toxicity", CIVIL) for number in range(100, 160)]
    return Corpus(train=(*harmful, *civil), development=(*harmful, *civil))


def test_card_and_page_are_written(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bundled"
    folder.mkdir()
    for name in measure.FILES:
        (folder / name).write_bytes(name.encode())
    monkeypatch.setattr(measure, "Exported", ByWord)
    monkeypatch.setattr(measure, "published", lambda texts: np.zeros(len(texts)))
    monkeypatch.setattr(sets, "benign_prompts", lambda _root: ["a prompt"])
    card = measure.measure(folder, corpus, tmp_path, seed=1)
    assert load_card(folder / "card.json") == card
    assert [label.name for label in card.labels] == list(LABELS)
    assert set(card.files) == set(measure.FILES)
    page = (tmp_path / "bundled-toxicity.md").read_text()
    for title in ("By label", "Beside two others: ROC-AUC", "Identity terms", "Disguises: toxicity", "Data"):
        assert f"\n## {title}\n" in page
    assert "| surge-toxicity |" in page
