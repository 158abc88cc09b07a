"""Incidents and verdicts as OCSF findings."""

from __future__ import annotations

from typing import Any

import pytest

from events.codec import EventError, encode, read_wire
from events.ocsf import to_ocsf
from events.schema.envelope import Event
from tests.support.events import exchange_event, incident_event, verdict_event


def ocsf(event: Event) -> dict[str, Any]:
    return to_ocsf(read_wire(encode(event)))


@pytest.mark.parametrize(
    ("action", "ids"),
    [("block", (2, 2)), ("redact", (4, 11)), ("rewrite", (4, 11)), ("flag", (3, 15)), ("allow", (1, 17)),
     ("bypass", (1, 27))],
)  # fmt: skip
def test_actions_have_their_ids(action: str, ids: tuple[int, int]) -> None:
    made = ocsf(incident_event(action=action))
    assert (made["action_id"], made["disposition_id"]) == ids
    assert (made["class_uid"], made["type_uid"], made["activity_id"]) == (2004, 200401, 1)


def test_an_incident_says_what_its_class_requires() -> None:
    made = ocsf(incident_event())
    assert {
        "activity_id",
        "category_uid",
        "class_uid",
        "finding_info",
        "metadata",
        "severity_id",
        "type_uid",
    } <= set(made)
    assert made["finding_info"]["uid"].startswith("inc_")
    assert made["ai_model"]["name"] == "m"
    assert made["policy"]["uid"] == "hide"


def test_a_false_positive_closes_the_finding_and_exonerates() -> None:
    made = ocsf(verdict_event())
    assert (made["activity_id"], made["disposition_id"]) == (3, 10)
    assert made["finding_info"]["uid"] == ocsf(incident_event())["finding_info"]["uid"]
    assert ocsf(verdict_event(label="true_positive"))["activity_id"] == 2


def test_other_events_have_no_such_form() -> None:
    with pytest.raises(EventError, match="no OCSF form"):
        ocsf(exchange_event())
