"""An alarm as the data of its event. Pure: ids and times come from the alarm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from events.schema.alarm import VERSION, AlarmData
from events.schema.envelope import rfc3339
from monitor.types import Level

if TYPE_CHECKING:
    from monitor.types import Alarm

_Severity = Literal["informational", "low", "medium", "high"]

SEVERITIES: Final[dict[Level, _Severity]] = {
    Level.PAGE: "high",
    Level.TICKET: "medium",
    Level.DIGEST: "low",
    Level.INFO: "informational",
}


def alarm_data(alarm: Alarm) -> AlarmData:
    """Return the data of the event that tells of a change of an alarm. An alarm that is explained is low."""
    severity = SEVERITIES[alarm.level] if alarm.explained_by is None else "low"
    place = {str(alarm.slice.dimension): alarm.slice.value} if alarm.slice.value else {}
    return AlarmData(
        schema_version=VERSION,
        alarm_id=alarm.alarm_id,
        activity=alarm.activity.value,
        signal=alarm.signal.value,
        slice=place | alarm.about,
        detector=alarm.detector,
        severity=severity,
        observed=alarm.observed,
        expected=alarm.expected,
        evidence={name: value for name, value in alarm.evidence.items() if math.isfinite(value)},
        window_start=rfc3339(int(1000 * alarm.window_start_s)),
        window_end=rfc3339(int(1000 * alarm.window_end_s)),
        events=alarm.events,
    )
