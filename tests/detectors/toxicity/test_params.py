"""What a policy may say about a toxicity detector."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from detectors.toxicity.card import LABELS
from detectors.toxicity.params import RemoteParams, ToxicityParams


@pytest.mark.parametrize(
    "params",
    [
        {"model": ""},
        {"labels": []},
        {"thresholds": {"insult": 1.5}},
        {"band": [0.1]},
        {"band": [0.1, 2]},
        {"modle": "bundled"},
        {"remote": {"url": "ftp://host", "model": "m"}},
        {"remote": {"url": "http://host", "model": "a/b"}},
        {"remote": {"url": "http://host", "model": "m", "timeout_s": 0}},
    ],
)
def test_values_of_the_wrong_shape_are_refused(params: dict[str, Any]) -> None:
    """Before anything is loaded."""
    with pytest.raises(ValidationError):
        ToxicityParams.model_validate(params)


def test_a_service_has_the_usual_labels() -> None:
    """Unless it says others."""
    assert RemoteParams(url="http://127.0.0.1:8080", model="toxicity").labels == list(LABELS)
