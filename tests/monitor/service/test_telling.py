"""Alarms become events: the same for the same change, valid, and one line of the log."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import orjson
from jsonschema import Draft202012Validator
from structlog.testing import capture_logs

from events.jsonschemas import load_schema
from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.schema.ids import time_of
from monitor.service.telling import Teller, event_id_of, event_of
from monitor.types import Activity, AlarmState
from tests.support.watching import START_S, alarm


def test_the_same_change_has_the_same_event() -> None:
    one = alarm()
    assert event_of(one, "/s") == event_of(alarm(), "/s")
    assert time_of(event_id_of(one)) == int(1000 * START_S)
    others = [
        dataclasses.replace(one, activity=Activity.CLOSE, state=AlarmState.CLOSED),
        dataclasses.replace(one, changed_s=START_S + 1),
        alarm(2),
    ]
    assert len({event_id_of(other) for other in (one, *others)}) == 4


def test_an_alarm_is_told_once_to_the_outbox_and_every_time_to_the_log(tmp_path: Path) -> None:
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    teller = Teller(store, "/sluicegate/t", "p")
    with capture_logs() as lines:
        teller.tell(alarm())
        teller.tell(alarm())
    (row,) = store.read(0, 10, 1 << 20)
    store.close()
    assert (row.entry.topic, row.entry.key) == ("p.alarms.v1", "alm_1")
    wire = orjson.loads(row.entry.value)
    assert list(Draft202012Validator(load_schema("alarm")).iter_errors(wire)) == []
    assert wire["data"]["severity"] == "high"
    assert [(line["event"], line["alarm_id"], line["slice"]) for line in lines] == [
        ("alarm", "alm_1", "global")
    ] * 2
