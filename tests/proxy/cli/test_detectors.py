from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from detectors.registry import DETECTOR_TYPES
from detectors.types import CostClass, Stability
from proxy.cli.detectors import type_words

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


def test_every_type_is_listed_with_its_cost_class(sluicegate: Sluicegate) -> None:
    ran = sluicegate("detectors")
    assert ran.code == 0
    for name in DETECTOR_TYPES:
        assert f"\n{name} " in f"\n{ran.out}"


@pytest.mark.parametrize("name", DETECTOR_TYPES)
def test_every_type_says_what_it_is_and_how_it_is_set_up(sluicegate: Sluicegate, name: str) -> None:
    about = json.loads(sluicegate("detectors", "--json", name).out)
    assert about["name"] == name
    assert about["cost_class"] in {one.value for one in CostClass}
    assert about["stability"] in {one.value for one in Stability}
    assert about["categories"] is None or len(about["categories"]) > 0
    assert all(parameter["type"] for parameter in about["parameters"])
    shown = sluicegate("detectors", name).out
    for parameter in about["parameters"]:
        assert parameter["name"] in shown


def test_a_type_whose_model_is_missing_says_how_to_get_it(
    sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is described all the same; nothing else needs that model."""
    monkeypatch.setattr("detectors.names.installed.find_spec", lambda _: None)
    assert "needs an extra" in sluicegate("detectors").out
    shown = " ".join(sluicegate("detectors", "names").out.split())
    assert "Install it: `pip install 'sluicegate[ner]'`." in shown
    assert "stability: window; cost class: model" in shown


def test_an_unknown_type_is_told_with_the_closest_one(sluicegate: Sluicegate) -> None:
    ran = sluicegate("detectors", "keyword")
    assert ran.code == 2
    assert "There is no detector type 'keyword'." in ran.err
    assert "Did you mean 'keywords'?" in ran.err


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "mapping of string"),
        ({"type": "object"}, "mapping"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"enum": ["a", "b"]}, "a | b"),
        ({"const": 1}, "1"),
        ({"$ref": "#/$defs/X"}, "list of any"),
        ({}, "any"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert type_words(schema, {"X": {"type": "array"}}) == words
