"""What a policy may write about names."""

from __future__ import annotations

import pytest

from detectors.names.params import DEFAULT_MODEL, ENTITIES, NamesParams
from policies.loader import load_policy_text
from policies.problems import PolicyError


def test_people_and_places_are_looked_for_unless_told_otherwise() -> None:
    """With the model of the extra, where a name may be."""
    params = NamesParams()
    assert params.entities == ["PERSON", "LOCATION"]
    assert (params.model, params.screen) == (DEFAULT_MODEL, True)
    assert NamesParams.model_validate({"entities": list(ENTITIES)}).entities == list(ENTITIES)


def test_an_unknown_entity_has_its_place_in_the_file() -> None:
    """And the message says which there are."""
    text = (
        "version: 1\ndetectors:\n  n: {type: names, entities: [PERSON, PLACE]}\n"
        "rules: [{id: n, detector: n, action: redact}]\n"
    )
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text)
    assert "3:39" in str(caught.value)
    assert "'PLACE' is not one of PERSON, LOCATION, ORGANIZATION, NRP, DATE_TIME" in str(caught.value)
