"""The training learns, and goes on where it stopped: on a tiny encoder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import CIVIL, Example, civil_but
from detectors.toxicity.training.reading import encoded, tokenizer_of
from detectors.toxicity.training.schedule import Settings
from detectors.toxicity.training.targets import Targets, known_targets
from tests.support.tiny_encoder import write_encoder

pytest.importorskip("torch", reason="make test-models installs torch and Detoxify")
pytestmark = [
    pytest.mark.models,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own deprecations, different in each release
]

MAX_TOKENS = 32


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base")
    write_encoder(path)
    return path


@pytest.fixture(scope="module")
def lesson() -> tuple[list[str], Targets]:
    harm = civil_but(toxicity=1.0, insult=1.0)
    examples = [Example("you are a wretch", "made", harm), Example("you are a kind person", "made", CIVIL)] * 32
    return [example.text for example in examples], known_targets(examples)


@pytest.fixture(scope="module")
def settings(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    out = tmp_path_factory.mktemp("run")
    return Settings(
        base=base,
        out=out,
        steps=60,
        batch=16,
        learning_rate=3e-3,
        layers=2,
        threads=1,
        checkpoint_every=20,
        half=False,
    )


@pytest.fixture(scope="module")
def trained(lesson: tuple[list[str], Targets], settings: Settings) -> Path:
    from detectors.toxicity.training.train import train  # noqa: PLC0415

    train(*lesson, replace(settings, stop_after=20))
    return train(*lesson, settings)


def test_it_goes_on_where_it_stopped(trained: Path, settings: Settings) -> None:
    from detectors.toxicity.training.train import Trainer  # noqa: PLC0415

    trainer = Trainer(settings)
    trainer.resume()
    assert trainer.step == settings.steps
    assert json.loads((trained / "config.json").read_text())["id2label"] == {
        str(place): label for place, label in enumerate(LABELS)
    }


def test_what_was_taught_is_told_apart(trained: Path, base: Path) -> None:
    import torch  # noqa: PLC0415
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

    model = AutoModelForSequenceClassification.from_pretrained(trained)
    rows = encoded(["you are a wretch", "you are a kind person"], tokenizer_of(base, MAX_TOKENS))
    with torch.no_grad():
        bad, good = (model(input_ids=torch.tensor([row])).logits[0, 0].item() for row in rows)
    assert bad > good + 0.5
