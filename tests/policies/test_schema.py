"""The schema and its reference agree: every key is in docs/policies.md, and every example there loads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policies.encryption import trial_encryption
from policies.loader import load, load_policy_text
from policies.schema import DetectorFile, ExpectFile, LimitsFile, PolicyFile, RuleFile, TestFile
from policies.selftest import run_tests
from policies.types import Action
from tests.support.detectors import fed
from tests.support.whole import run_whole

if TYPE_CHECKING:
    from pydantic import BaseModel

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "policies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml (\w+)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
NAMING = """\
version: 1
detectors:
  people: {type: presidio, entities: [UUID], recognizers_file: staff.yaml}
rules:
  - {id: people, detector: people, action: redact}
"""
MODELS = [
    PolicyFile,
    LimitsFile,
    DetectorFile,
    RuleFile,
    TestFile,
    ExpectFile,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[BaseModel]) -> None:
    """No setting is left out of the reference."""
    assert [key for key in model.model_fields if f"`{key}`" not in TEXT] == []


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "policy"])
def test_every_policy_in_the_docs_loads_and_passes_its_tests(text: str) -> None:
    """What can be copied works."""
    outcomes = run_tests(load_policy_text(text, "docs.yaml", encryption=trial_encryption()), run_whole)
    assert [(o.test.name, o.problems) for o in outcomes if not o.passed] == []


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "recognizers"])
def test_every_file_of_recognizers_in_the_docs_loads_and_finds(text: str, tmp_path: Path) -> None:
    """Every entity that it names can be asked for, and the titles in it are found."""
    (tmp_path / "staff.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "p.yaml").write_text(NAMING, encoding="utf-8")
    detector = load(tmp_path / "p.yaml").policy.detectors["people"]
    assert set(re.findall(r'supported_entity: "(\w+)"', text)) <= set(detector.categories)
    found = {one.category for one in fed(detector, "Mrs. Roe, zip code 12345").findings}
    assert found == {"TITLE", "ZIP"}


def test_no_example_is_left_out() -> None:
    """Every fenced YAML block says what it is, so that the tests above find it."""
    assert len(re.findall(r"^```yaml", TEXT, flags=re.MULTILINE)) == len(BLOCKS)
    assert {kind for kind, _ in BLOCKS} == {"policy", "recognizers"}
    assert len(BLOCKS) >= 4


def test_every_action_is_explained() -> None:
    """Each one has a row of its own."""
    assert [action for action in Action if f"| `{action}` | " not in TEXT] == []
