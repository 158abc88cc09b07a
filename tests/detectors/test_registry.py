"""The registry names detector types that exist and say enough of themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import BaseModel

from detectors.registry import DETECTOR_TYPES, DetectorType, detector_type


@pytest.mark.parametrize("name", DETECTOR_TYPES)
def test_each_entry_is_a_type_of_that_name(name: str) -> None:
    """An entry leads to a type that is called as the policy calls it, with a summary and checked parameters."""
    found = detector_type(name)
    assert isinstance(found, DetectorType)
    assert found.name == name
    assert found.summary
    assert "\n" not in found.summary
    assert issubclass(found.params, BaseModel)
    assert found.params.model_config.get("extra") == "forbid"


def test_an_unknown_name_is_a_key_error() -> None:
    """The caller, who knows the policy's line, says what is wrong."""
    with pytest.raises(KeyError):
        detector_type("telepathy")


def test_reading_the_registry_imports_no_detector() -> None:
    """A policy pays only for the types that it names."""
    code = (
        "import sys, detectors.registry; "
        "print([m for m in sys.modules if m.startswith(('detectors.', 'ahocorasick', 'presidio', 'spacy'))])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "['detectors.registry']"
