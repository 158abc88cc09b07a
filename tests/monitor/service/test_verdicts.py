"""Verdicts become events that the schema knows and the engine learns from; what is none is told where and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from events.jsonschemas import load_schema
from events.outbox.database import FILE_NAME
from events.outbox.rows import Row
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from monitor.engine import Engine
from monitor.records import VerdictRecord
from monitor.service.share import record_in
from monitor.service.verdicts import VerdictError, Verdicts

GIVEN = {"incident_id": "inc_1", "label": "false_positive", "reviewer": "jane"}


def taken(folder: Path) -> Verdicts:
    return Verdicts(folder / FILE_NAME, OutboxSettings(), "/sluicegate/t", "p", bytes(32))


def kept(folder: Path) -> list[Row]:
    store = Store(folder / FILE_NAME, OutboxSettings())
    try:
        return list(store.read(0, 99, 1 << 20))
    finally:
        store.close()


def test_a_verdict_is_an_event_without_the_reviewers_name(tmp_path: Path) -> None:
    verdicts = taken(tmp_path)
    more = {"severity": "low", "rewrite_quality": 3, "seconds_spent": 4.5, "annotator_kind": "model"}
    ids = [verdicts.give(orjson.dumps(given))[0] for given in (GIVEN, GIVEN | more)]
    rows = kept(tmp_path)
    assert [(row.entry.id, row.entry.topic, row.entry.key) for row in rows] == [
        (one, "p.verdicts.v1", "inc_1") for one in ids
    ]
    for row in rows:
        wire = orjson.loads(row.entry.value)
        assert list(Draft202012Validator(load_schema("verdict")).iter_errors(wire)) == []
        assert wire["data"]["reviewer_hash"].startswith("hmac256:")
        assert b"jane" not in row.entry.value
        record = record_in(row.entry.value, Engine())
        assert isinstance(record, VerdictRecord)
        assert (record.incident_id, record.label) == ("inc_1", "false_positive")
    assert orjson.loads(rows[1].entry.value)["data"]["severity"] == "low"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (GIVEN | {"label": "wrong"}, "label: Input should be 'true_positive', 'false_positive' or 'unsure'"),
        (GIVEN | {"reviewer": ""}, "reviewer: String should have at least 1 character"),
        (GIVEN | {"incident_id": "i" * 201}, "incident_id: String should have at most 200 characters"),
        (GIVEN | {"rewrite_quality": 6}, "rewrite_quality: Input should be less than or equal to 5"),
        (GIVEN | {"note": "text"}, "note: Extra inputs are not permitted"),
        ([], "Input should be an object"),
    ],
)
def test_what_is_no_verdict_is_told(tmp_path: Path, given: Any, said: str) -> None:
    with pytest.raises(VerdictError) as raised:
        taken(tmp_path).give(orjson.dumps(given))
    assert str(raised.value) == said
    with pytest.raises(VerdictError, match="Invalid JSON"):
        taken(tmp_path).give(b"{")
    assert not (tmp_path / FILE_NAME).exists()
