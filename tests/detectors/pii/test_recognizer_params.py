"""The shape of a recognizer in a policy."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from detectors.pii.recognizer_params import RecognizerParams

PATTERN = {"name": "p", "regex": "a", "score": 0.5}
WHOLE: dict[str, Any] = {"name": "n", "supported_entity": "E", "patterns": [PATTERN]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"supported_entity": None}, "needs one of 'supported_entity' and"),
        ({"supported_entities": ["E"]}, "needs one of 'supported_entity' and"),
        ({"patterns": None}, "'n' finds nothing"),
        ({"type": "predefined"}, "under 'entities'"),
        ({"type": "remote"}, "'custom' or 'predefined'"),
        ({"supported_language": "en", "supported_languages": ["de"]}, "Keep one of them"),
        ({"supported_language": "English"}, "String should match"),
        ({"global_regex_flags": 4}, "has flags beside"),
        ({"deny_list": []}, "at least 1"),
        ({"deny_list": [""]}, "at least 1"),
        ({"deny_list_score": 1.5}, "less than or equal to 1"),
        ({"patterns": [{**PATTERN, "score": -1}]}, "greater than or equal to 0"),
        ({"patterns": [{"name": "p", "score": 1.0}]}, "regex"),
        ({"supported_entity": "two words"}, "String should match"),
        ({"validator": "mod-12"}, "'luhn', 'mod-97'"),
        ({"denylist": ["a"]}, "Extra inputs"),
    ],
)
def test_faults_are_told(change: dict[str, Any], told: str) -> None:
    """Each fault is refused with what it is."""
    with pytest.raises(ValidationError, match=told):
        RecognizerParams.model_validate({**WHOLE, **change})


def test_both_ways_to_name_the_entity() -> None:
    """Presidio's older key and its list."""
    listed = {**WHOLE, "supported_entity": None, "supported_entities": ["E"]}
    assert RecognizerParams.model_validate(WHOLE).entity == RecognizerParams.model_validate(listed).entity == "E"
