"""Which models of spaCy's are on this machine and what their descriptions say. spaCy is not imported for that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from detectors.names.params import DEFAULT_MODEL
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from detectors.names.engine import SpacyEngine

META_FILE: Final = "meta.json"
CONFIG_FILE: Final = "config.cfg"

BATCH_CHARS: Final = 1280
"""A dozen windows of the usual size: together they take half the time that they take one by one, and more of them
would only make the first ones wait."""

VERSION_DIGITS: Final = 12
"""Of the hash that events show: as many as of a toxicity model's."""

_LOC: Final = ("model",)


@dataclass(frozen=True, slots=True)
class SpacySource:
    """A model in a folder."""

    path: str
    language: str
    digest: str = ""
    """Of its files when the policy was loaded: another one is another model."""
    version: str = ""
    """What events call it: name, version and the beginning of that hash. No path: events leave the machine."""
    batch_chars: int = BATCH_CHARS

    def load(self) -> SpacyEngine:
        """Load it. Raises `DetectorConfigError`."""
        from detectors.names.engine import load_spacy  # noqa: PLC0415 - imports spaCy and Presidio

        return load_spacy(Path(self.path))


def source_of(model: str) -> SpacySource:
    """Return the model of a name or path, checked as far as that is quick. Raises `DetectorConfigError`."""
    folder = _folder_at(model) if _is_path(model) else _folder_of_package(model)
    meta = _meta(folder)
    if not (folder / CONFIG_FILE).is_file():
        raise _damaged(folder, f"it has no {CONFIG_FILE}")
    language = meta.get("lang")
    if not isinstance(language, str):
        raise _damaged(folder / META_FILE, "it names no language")
    if not _finds_names(meta):
        said = f"the model {model!r} finds no names: no component of it has labels for entities"
        raise DetectorConfigError(f"{said}. Name one with 'ner', such as {DEFAULT_MODEL!r}.", _LOC)
    digest = _digest(str(folder), _changed(folder))
    return SpacySource(str(folder), language, digest, f"{_full_name(meta)}@{digest[:VERSION_DIGITS]}")


def _is_path(model: str) -> bool:
    return "/" in model or "\\" in model or model.startswith((".", "~"))


def _folder_at(path: str) -> Path:
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        raise DetectorConfigError(f"the folder {folder} is not there. Give one with a model.", _LOC)
    return folder


def _folder_of_package(name: str) -> Path:
    """Return the folder inside a package that has the model: `NAME/LANGUAGE_NAME-VERSION`."""
    spec = find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise DetectorConfigError(f"the spaCy model {name!r} is not installed. {_how_to_install(name)}", _LOC)
    package = Path(spec.submodule_search_locations[0])
    if not (package / META_FILE).is_file():
        raise DetectorConfigError(f"the package {name!r} is no spaCy model. {_how_to_install(DEFAULT_MODEL)}", _LOC)
    meta = _meta(package)
    return package / _full_name(meta)


def _full_name(meta: dict[str, Any]) -> str:
    return f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}"


def _how_to_install(name: str) -> str:
    if name == DEFAULT_MODEL:
        return "Install it: `pip install 'sluicegate[ner]'`."
    others = sorted({one.name for one in entry_points(group="spacy_models")} - {name})
    also = f" Installed: {', '.join(others)}." if others else ""
    return f"Install it with pip, or leave 'model' out and `pip install 'sluicegate[ner]'`.{also}"


def _meta(folder: Path) -> dict[str, Any]:
    path = folder / META_FILE
    try:
        meta: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _damaged(path, "it cannot be read") from None
    if not isinstance(meta, dict):
        raise _damaged(path, "it is no description of a model")
    return meta


def _finds_names(meta: dict[str, Any]) -> bool:
    """Whether a component that finds entities has labels, by the names that spaCy gives them."""
    labels = meta.get("labels")
    named = labels if isinstance(labels, dict) else {}
    return any(given for name, given in named.items() if "ner" in name or name in {"entity_ruler", "span_ruler"})


def _damaged(path: Path, why: str) -> DetectorConfigError:
    return DetectorConfigError(f"{path} cannot be used: {why}. Install the model again.", _LOC)


def _changed(folder: Path) -> int:
    return max(path.stat().st_mtime_ns for path in folder.rglob("*"))


@lru_cache(maxsize=16)
def _digest(folder: str, changed: int) -> str:  # noqa: ARG001 - another one, and the files are read again
    """Return what is another one when any file is."""
    whole = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                whole.update(f"{path.relative_to(folder)}\0".encode())
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
