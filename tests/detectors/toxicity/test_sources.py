"""Which model a policy asks for: small values that another process can load from."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, cast

import pytest

from detectors.toxicity.params import ToxicityParams
from detectors.toxicity.sources import OnnxSource, source_of, version_of
from detectors.types import DetectorConfigError
from policies.loader import load_policy_text
from tests.support.models import LABELS, model_folder, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.toxicity.detector import ToxicityDetector


def test_equal_models_are_equal_values() -> None:
    """However their path was written: detectors that ask one model share its process."""
    described = source_of(ToxicityParams(model=f"onnx:{model_folder()}"))
    assert described.labels == LABELS
    again = source_of(ToxicityParams(model=f"onnx:{model_folder()}/.", labels=["insult"]))
    assert again.source == described.source
    assert hash(again.source) == hash(described.source)
    assert pickle.loads(pickle.dumps(described.source)) == described.source


@pytest.mark.parametrize(
    ("params", "name", "told"),
    [
        ({"checkpoint": "ours.ckpt"}, "checkpoint", "detoxify"),
        ({"huggingface_config_path": "bert"}, "huggingface_config_path", "detoxify"),
        ({"remote": {"url": "http://127.0.0.1:1", "model": "m"}}, "remote", "remote"),
        ({"larger": "remote"}, "larger", "cascade"),
        ({"band": [0.1, 0.7]}, "band", "cascade"),
        ({"model": "cascade", "larger": "remote", "checkpoint": "ours.ckpt"}, "checkpoint", "detoxify"),
    ],
)
def test_what_the_model_would_not_look_at_is_a_mistake(params: dict[str, Any], name: str, told: str) -> None:
    """A checkpoint beside the bundled model would be taken for the one that judges."""
    with pytest.raises(DetectorConfigError, match=f"{name!r} is for model {told!r}") as caught:
        source_of(ToxicityParams.model_validate({"model": f"onnx:{model_folder()}"} | params))
    assert caught.value.loc == (name,)


def test_paths_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that loads the model may stand elsewhere."""
    monkeypatch.chdir(model_folder().parent)
    described = source_of(ToxicityParams(model=f"onnx:{model_folder().name}"))
    assert described.source == OnnxSource(str(model_folder()), described.digest)


def test_other_files_are_another_model(tmp_path: Path) -> None:
    """Under the same path: it gets a process of its own, and its policy another revision."""
    text = f"""
version: 1
detectors:
  tox: {{type: toxicity, model: "onnx:{tmp_path}"}}
rules:
  - {{id: tox, detector: tox, action: flag}}
"""
    write_model(tmp_path)
    before = load_policy_text(text)
    assert load_policy_text(text).revision == before.revision
    write_model(tmp_path, labels=("toxicity", "insult"))
    after = load_policy_text(text)
    assert after.revision != before.revision
    models = [cast("ToxicityDetector", one.detectors["tox"]).model for one in (before, after)]
    assert models[0] != models[1]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"model": "bundled"}, "bundled@"),
        ({"model": "onnx:" + str(model_folder())}, "onnx@"),
        ({"model": "remote", "remote": {"url": "http://inside.example", "model": "tox"}}, "remote:tox"),
        (
            {
                "model": "cascade",
                "larger": "remote",
                "remote": {"url": "http://inside.example", "model": "tox", "version": "3"},
            },
            "cascade:tox:3@",
        ),
    ],
)
def test_a_version_names_the_model_and_no_place(params: dict[str, Any], name: str) -> None:
    """It goes into events, which leave the machine."""
    given = ToxicityParams(**params)
    version = version_of(given, source_of(given))
    assert version.startswith(name)
    assert len(version) == len(name) + (12 if name.endswith("@") else 0)
    assert "/" not in version
    assert "inside" not in version


def test_other_files_have_another_version(tmp_path: Path) -> None:
    """Even when only the card beside the model changed."""
    folder = write_model(tmp_path / "model")
    given = ToxicityParams(model=f"onnx:{folder}")
    before = version_of(given, source_of(given))
    config = folder / "config.json"
    config.write_text(config.read_text() + "\n")
    assert before != version_of(given, source_of(given))


@pytest.mark.parametrize("model", [{"model": "remote"}, {"model": "cascade", "larger": "remote"}])
def test_scores_of_a_service_hold_for_a_while(model: dict[str, Any]) -> None:
    """Also where it is asked only in doubt; those of files hold as long as the files."""
    remote = {"url": "http://inside.example", "model": "tox", "remember_s": 7.0}
    assert getattr(source_of(ToxicityParams(**model, remote=remote)).source, "remember_s") == 7.0  # noqa: B009
    assert getattr(source_of(ToxicityParams()).source, "remember_s", None) is None
