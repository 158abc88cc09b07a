"""An alarm's event is valid under the schema of alarms."""

from __future__ import annotations

import dataclasses
import math

import orjson
from jsonschema import Draft202012Validator

from events.codec import encode
from events.jsonschemas import load_schema
from events.schema.envelope import Event
from monitor.alarm_events import alarm_data
from monitor.types import Activity, Alarm, AlarmState, Dimension, Level, Signal, Slice
from tests.support.events import TIME_MS, event_id
from tests.support.monitor import START_S

ALARM = Alarm(
    "alm_1", Activity.CREATE, AlarmState.OPEN, Level.PAGE, Signal.INCIDENTS, Slice(Dimension.MODEL, "m"), "rise",
    0.02, 0.01, {"statistic": 12.0, "odd": math.inf}, START_S - 60, START_S, 1000, START_S, START_S,
    about={"rule": "cards"},
)  # fmt: skip


def test_the_event_is_valid() -> None:
    event = Event(event_id(1), "/sluicegate/monitor", ALARM.alarm_id, TIME_MS, alarm_data(ALARM))
    wire = orjson.loads(encode(event))
    assert list(Draft202012Validator(load_schema("alarm")).iter_errors(wire)) == []
    assert wire["data"]["slice"] == {"model": "m", "rule": "cards"}
    assert wire["data"]["evidence"] == {"statistic": 12.0}


def test_an_explained_alarm_asks_for_less() -> None:
    assert alarm_data(ALARM).severity == "high"
    assert alarm_data(dataclasses.replace(ALARM, explained_by="alm_0")).severity == "low"
    assert alarm_data(dataclasses.replace(ALARM, level=Level.DIGEST)).severity == "low"
