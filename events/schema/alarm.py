"""`dev.sluicegate.alarm.v1`: the monitor saw a rate or a distribution change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TYPE: Final = "dev.sluicegate.alarm.v1"
VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class AlarmData:
    """The data of an alarm event."""

    schema_version: str
    """Version of this schema."""
    alarm_id: str
    """Id of the alarm; key of the event, the same while it is open."""
    activity: Literal["create", "update", "close"]
    """Whether it opens, goes on or ends."""
    signal: str
    """Name of what is watched."""
    slice: dict[str, str]
    """What it was watched for: `{"rule": "cards", "model": "m"}`; empty for everything."""
    detector: str
    """The test that fired."""
    severity: Literal["informational", "low", "medium", "high"]
    """How much attention it asks for."""
    observed: float
    """The value that fired."""
    expected: float | None
    """The value before; null where there is none."""
    evidence: dict[str, float]
    """The numbers that the test used, so that it can be done again."""
    window_start: str
    """Time of the first event in the window that fired."""
    window_end: str
    """Time of the last one."""
    events: int
    """How many events were in it."""
