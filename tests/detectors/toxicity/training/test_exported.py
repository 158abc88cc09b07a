"""An exported model judges each text by itself, and each only once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.exported import Exported, digest
from detectors.toxicity.training.reading import Block
from tests.support.tiny_encoder import write_classifier

pytest.importorskip("torch", reason="make test-models installs torch and Detoxify")
pytestmark = [
    pytest.mark.models,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own deprecations, different in each release
]

TEXTS = ["you are a wretch", "you are a kind person", "the tide comes in and you are kind"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from detectors.toxicity.training.export import export  # noqa: PLC0415

    model, out = tmp_path_factory.mktemp("model"), tmp_path_factory.mktemp("out")
    write_classifier(model, len(LABELS))
    export(model, model, out, TEXTS)
    return out


def test_a_text_s_logits_do_not_depend_on_its_neighbours(folder: Path) -> None:
    together = Exported(folder, threads=1).logits(TEXTS, 32)
    alone = [Exported(folder, threads=1).logits([text], 32)[0] for text in TEXTS]
    assert together.shape == (len(TEXTS), len(LABELS))
    assert np.array_equal(together, np.array(alone))
    assert Exported(folder).logits([], 32).shape == (0, len(LABELS))


def test_a_text_is_judged_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = Exported(folder, threads=1)
    first = exported.logits(TEXTS, 32)

    def refuse(numbers: Block, mask: Block) -> None:
        pytest.fail("judged again")

    monkeypatch.setattr(exported, "run", refuse)
    assert np.array_equal(exported.logits(TEXTS[::-1], 32), first[::-1])


def test_a_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"tide")
    assert digest(file) == hashlib.sha256(b"tide").hexdigest()
