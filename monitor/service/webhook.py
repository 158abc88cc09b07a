"""Alarms for Alertmanager, and for whatever speaks its API: `POST /api/v2/alerts`.

Alertmanager knows an alert by its labels and lets it end when nobody repeats it. So nothing has to be remembered
here: what is open is posted again and again, and what has closed a few times with the time of its end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson
import structlog

from events.schema.envelope import rfc3339
from monitor.types import AlarmState, Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.service.reading import Reader
    from monitor.types import Alarm

REPEAT_S: Final = 60.0
"""How often open alarms are posted again."""
LOOK_S: Final = 1.0
"""How often it is looked for changes."""
RESOLVED_FOR_S: Final = 300.0
"""How long a closed alarm is posted as ended."""
LIMIT_S: Final = 10.0
MAX_PAUSE_S: Final = 60.0
LEVELS: Final = frozenset({Level.PAGE, Level.TICKET})
"""Levels that disturb somebody; the others are read where they are."""
PATH: Final = "/api/v2/alerts"

_log = structlog.get_logger("sluicegate.monitor")


def alert_of(alarm: Alarm, external_url: str) -> dict[str, Any]:
    """Return an alarm as Alertmanager takes it."""
    labels = {
        "alertname": f"Sluicegate{alarm.signal.value.title().replace('_', '')}",
        "severity": alarm.level.value,
        "signal": alarm.signal.value,
        "detector": alarm.detector,
        "alarm_id": alarm.alarm_id,
        "dimension": alarm.slice.dimension.value,
        **({"value": alarm.slice.value} if alarm.slice.value else {}),
        **alarm.about,
    }
    expected = "" if alarm.expected is None else f", {alarm.expected:.4g} before"
    annotations = {
        "summary": f"{alarm.signal.value} changed for {alarm.slice}: {alarm.observed:.4g}{expected}",
        "description": f"{alarm.detector} over {alarm.events} answers; "
        + ", ".join(f"{name} {value:.4g}" for name, value in sorted(alarm.evidence.items())),
    }
    alert = {"labels": labels, "annotations": annotations, "startsAt": rfc3339(int(1000 * alarm.opened_s))}
    if external_url:
        alert["generatorURL"] = f"{external_url.rstrip('/')}/api/alarms"
    if alarm.state is AlarmState.CLOSED:
        alert["endsAt"] = rfc3339(int(1000 * alarm.changed_s))
    return alert


def alerts_now(alarms: list[Alarm], now_s: float) -> list[Alarm]:
    """Return those that are to be posted: what has not closed, or closed a short while ago.

    One that another explains is for nobody's pager.
    """
    return [
        alarm
        for alarm in alarms
        if alarm.level in LEVELS
        and alarm.explained_by is None
        and (alarm.state is not AlarmState.CLOSED or now_s - alarm.changed_s < RESOLVED_FOR_S)
    ]


class Webhook:
    """Posts alarms until it is cancelled. Lives on an event loop."""

    def __init__(
        self, reader: Reader, url: str, external_url: str, clock: Callable[[], float], look_s: float = LOOK_S
    ) -> None:
        self._reader = reader
        self._url = url.rstrip("/") + PATH
        self._external_url = external_url
        self._clock = clock
        self._look_s = look_s
        self._posted: dict[str, str] = {}
        self._posted_s = 0.0
        self.failures = 0
        self.posted = 0

    async def run(self) -> None:
        """Post what is there, again and again."""
        pause_s = self._look_s
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT_S)) as session:
            while True:
                try:
                    await self.post(session)
                    pause_s = self._look_s
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    self.failures += 1
                    _log.warning("webhook_failed", url=self._url, problem=type(error).__name__, retry_s=pause_s)
                    pause_s = min(MAX_PAUSE_S, 2 * pause_s)
                await asyncio.sleep(pause_s)

    async def post(self, session: aiohttp.ClientSession) -> int:
        """Post what has changed, or everything when it is time. Returns how many. Raises aiohttp's errors."""
        now_s = self._clock()
        wanted = alerts_now(await asyncio.to_thread(self._reader.alarms), now_s)
        known = {alarm.alarm_id: f"{alarm.state} {alarm.level}" for alarm in wanted}
        if now_s - self._posted_s < REPEAT_S:
            wanted = [one for one in wanted if self._posted.get(one.alarm_id) != known[one.alarm_id]]
        if not wanted:
            self._posted = known
            return 0
        body = orjson.dumps([alert_of(alarm, self._external_url) for alarm in wanted])
        headers = {"Content-Type": "application/json"}
        async with session.post(self._url, data=body, headers=headers) as answer:
            answer.raise_for_status()
        self._posted, self._posted_s = known, now_s
        self.posted += len(wanted)
        return len(wanted)
