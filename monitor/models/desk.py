"""The alarm desk: which firings become alarms, how long they stay open, and whom they may disturb.

It answers with an alarm when something about it has changed, and never otherwise.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Final

from monitor.models.intervals import discoveries
from monitor.models.kinship import Kinship, explains
from monitor.settings import WEEK_S
from monitor.types import Activity, Alarm, AlarmState, Level, Signal, Slice

if TYPE_CHECKING:
    from monitor.models.firing import Firing
    from monitor.settings import AlarmSettings

HOUR_S: Final = 3600.0
RANKS: Final = {Level.INFO: 0, Level.DIGEST: 1, Level.TICKET: 2, Level.PAGE: 3}
PAGED_TOGETHER: Final = frozenset({Signal.INCIDENTS, Signal.BLOCKS, Signal.HARMFUL_COMPLIANCE, Signal.BYPASSES})
"""Signals for which two different tests that agree on a rise wake somebody."""
BURN: Final = "burn_rate"

_Key = tuple[Slice, Signal, str]


class Desk:
    """Every alarm that is open, and the last ones that were closed."""

    def __init__(self, settings: AlarmSettings, false_discovery_rate: float) -> None:
        self._settings = settings
        self._rate = false_discovery_rate
        self._open: dict[_Key, Alarm] = {}
        self._closed: dict[str, Alarm] = {}
        self._keys: dict[_Key, str] = {}
        """The last alarm of each key, closed or not, while its cool-down lasts."""
        self._rest_until_s: dict[_Key, float] = {}
        self._sent_s: dict[Level, list[float]] = {Level.PAGE: [], Level.TICKET: []}
        self._hour = -1
        self._candidates: dict[_Key, Firing] = {}
        """Firings of this hour, for which chance must be ruled out among so many slices."""
        self._told: dict[_Key, None] = {}
        """Those of them that were believed."""
        self._calm_since_s: dict[_Key, float] = {}

    # What the models say.

    def fire(self, firing: Firing, now_s: float, live: int, kinship: Kinship) -> list[Alarm]:
        """Take a firing; `live` is the number of slices that could have fired."""
        changed: list[Alarm] = []
        for one in self._believed(firing, now_s, live):
            changed += self._take(one, now_s, kinship)
        return changed

    def calm(self, place: Slice, signal: Signal, now_s: float) -> list[Alarm]:
        """Note that a budget holds; an alarm of its burn rate closes when it has held for a while."""
        key = (place, signal, "")
        alarm = self._open.get(key)
        if alarm is None or alarm.detector != BURN:
            self._calm_since_s.pop(key, None)
            return []
        since_s = self._calm_since_s.setdefault(key, now_s)
        return [self._close(key, now_s, "calm")] if now_s - since_s >= self._settings.close_after_s else []

    def tick(self, now_s: float) -> list[Alarm]:
        """Close what has been open for long, and forget what has rested."""
        old = [
            key
            for key, alarm in self._open.items()
            if alarm.detector != BURN and now_s - alarm.opened_s >= self._settings.drift_open_s
        ]
        for key in [
            key for key, until_s in self._rest_until_s.items() if until_s <= now_s and key not in self._open
        ]:
            del self._rest_until_s[key]
            self._keys.pop(key, None)
        return [self._close(key, now_s, "age") for key in old]

    def drop(self, place: Slice, now_s: float) -> list[Alarm]:
        """Close the alarms of a slice that is no more."""
        return [self._close(key, now_s, "slice") for key in list(self._open) if key[0] == place]

    def adopt(self, settings: AlarmSettings, false_discovery_rate: float) -> None:
        """Go on under other settings."""
        self._settings, self._rate = settings, false_discovery_rate

    # What people say.

    def acknowledge(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Note that somebody looks at it. Raises KeyError for an alarm that is not open."""
        key = self._key_of(alarm_id)
        if self._open[key].state is AlarmState.ACKNOWLEDGED:
            return []
        return [self._update(key, now_s, state=AlarmState.ACKNOWLEDGED)]

    def close(self, alarm_id: str, now_s: float) -> list[Alarm]:
        """Close it. Raises KeyError for an alarm that is not open."""
        return [self._close(self._key_of(alarm_id), now_s, "person")]

    # Reading.

    def alarms(self) -> list[Alarm]:
        """Return the open alarms and the last closed ones, the newest first."""
        return sorted([*self._open.values(), *self._closed.values()], key=lambda one: (-one.opened_s, one.alarm_id))

    def has_burn(self, place: Slice) -> bool:
        """Whether a burn rate's alarm of a slice is open."""
        return any(key[0] == place and alarm.detector == BURN for key, alarm in self._open.items())

    # Steps.

    def _believed(self, firing: Firing, now_s: float, live: int) -> list[Firing]:
        """Return the firings that are no chance among all slices in this hour (Benjamini-Hochberg)."""
        if firing.chance <= 0.0 or firing.level is Level.INFO:
            return [firing]
        hour = int(now_s // HOUR_S)
        if hour != self._hour:
            self._hour, self._candidates, self._told = hour, {}, {}
        key = _key(firing)
        if key in self._told:
            return [firing]
        self._candidates[key] = firing
        chances: dict[_Key | int, float] = {key: one.chance for key, one in self._candidates.items()}
        chances |= dict.fromkeys(range(max(0, live - len(chances))), 1.0)
        news = [one for one in discoveries(chances, self._rate) if isinstance(one, tuple) and one not in self._told]
        self._told |= dict.fromkeys(news)
        return [self._candidates[one] for one in news]

    def _take(self, firing: Firing, now_s: float, kinship: Kinship) -> list[Alarm]:
        key = _key(firing)
        self._calm_since_s.pop(key, None)
        alarm = self._open.get(key)
        if alarm is not None:
            return self._agree(key, alarm, firing, now_s)
        known = self._closed.get(self._keys.get(key, ""))
        if known is not None and now_s < self._rest_until_s.get(key, 0.0):
            return self._reopen(key, known, firing, now_s)
        return self._create(key, firing, now_s, kinship)

    def _agree(self, key: _Key, alarm: Alarm, firing: Firing, now_s: float) -> list[Alarm]:
        """A second test that says the same may raise the level; it makes no second alarm."""
        level = firing.level
        is_other = firing.detector != alarm.detector and BURN not in {firing.detector, alarm.detector}
        if is_other and firing.is_rise and firing.signal in PAGED_TOGETHER and level is Level.TICKET:
            level = Level.PAGE
        if RANKS[level] <= RANKS[alarm.level] or alarm.level is Level.DIGEST:
            return []
        detector = firing.detector if firing.detector == BURN else alarm.detector
        level = self._within_budget(level, alarm.explained_by, now_s)
        numbers = {f"{firing.detector}_{name}": value for name, value in firing.evidence.items()}
        return [self._update(key, now_s, level=level, detector=detector, evidence=alarm.evidence | numbers)]

    def _reopen(self, key: _Key, alarm: Alarm, firing: Firing, now_s: float) -> list[Alarm]:
        if firing.detector != BURN:
            return []
        del self._closed[alarm.alarm_id]
        self._open[key] = alarm
        about = {name: value for name, value in alarm.about.items() if name != "closed"}
        return [self._update(key, now_s, state=AlarmState.OPEN, about=about, observed=firing.observed)]

    def _create(self, key: _Key, firing: Firing, now_s: float, kinship: Kinship) -> list[Alarm]:
        explained_by = next((one.alarm_id for one in self._unexplained() if explains(one, firing, kinship)), None)
        level = self._within_budget(firing.level, explained_by, now_s)
        alarm = Alarm(
            alarm_id=_alarm_id(key, now_s),
            activity=Activity.CREATE,
            state=AlarmState.OPEN,
            level=level,
            signal=firing.signal,
            slice=firing.slice,
            detector=firing.detector,
            observed=firing.observed,
            expected=firing.expected,
            evidence=firing.evidence | {"chance": firing.chance},
            # The answer that came first need not be the earliest, nor the last one the latest.
            window_start_s=min(firing.start_s, firing.end_s),
            window_end_s=max(firing.start_s, firing.end_s),
            events=firing.events,
            opened_s=now_s,
            changed_s=now_s,
            explained_by=explained_by,
            about=firing.about,
        )
        self._open[key] = alarm
        self._keys[key] = alarm.alarm_id
        window_s = abs(firing.end_s - firing.start_s) if firing.detector == "adwin" else 0.0
        self._rest_until_s[key] = now_s + max(self._settings.cool_down_s, window_s)
        return [alarm, *self._explained(alarm, now_s, kinship)]

    def _unexplained(self) -> list[Alarm]:
        return [alarm for alarm in self._open.values() if not alarm.explained_by]

    def _explained(self, parent: Alarm, now_s: float, kinship: Kinship) -> list[Alarm]:
        """Return the open alarms that a new one explains."""
        return [
            self._update(key, now_s, explained_by=parent.alarm_id)
            for key, child in list(self._open.items())
            if not child.explained_by and explains(parent, child, kinship)
        ]

    def _within_budget(self, level: Level, explained_by: str | None, now_s: float) -> Level:
        """Return the level, or the digest where the week's budget of the channel is spent."""
        if explained_by is not None or level not in self._sent_s:
            return level
        sent = [when_s for when_s in self._sent_s[level] if when_s > now_s - WEEK_S]
        limit = self._settings.pages_per_week if level is Level.PAGE else self._settings.tickets_per_week
        is_spent = len(sent) >= limit
        self._sent_s[level] = sent if is_spent else [*sent, now_s]
        return Level.DIGEST if is_spent else level

    def _update(self, key: _Key, now_s: float, **changes: object) -> Alarm:
        alarm = dataclasses.replace(self._open[key], activity=Activity.UPDATE, changed_s=now_s, **changes)  # type: ignore[arg-type]
        self._open[key] = alarm
        return alarm

    def _close(self, key: _Key, now_s: float, why: str) -> Alarm:
        self._calm_since_s.pop(key, None)
        before = self._open.pop(key)
        alarm = dataclasses.replace(
            before,
            activity=Activity.CLOSE,
            state=AlarmState.CLOSED,
            changed_s=now_s,
            about=before.about | {"closed": why},
        )
        self._closed[alarm.alarm_id] = alarm
        while len(self._closed) > self._settings.keep_closed:
            del self._closed[next(iter(self._closed))]
        return alarm

    def _key_of(self, alarm_id: str) -> _Key:
        for key, alarm in self._open.items():
            if alarm.alarm_id == alarm_id:
                return key
        raise KeyError(alarm_id)


def _key(firing: Firing) -> _Key:
    about = "\n".join(f"{name}={value}" for name, value in sorted(firing.about.items()))
    return firing.slice, firing.signal, about


def _alarm_id(key: _Key, now_s: float) -> str:
    """Return an id that a replay gives again."""
    text = f"{key[0]}\n{key[1]}\n{key[2]}\n{now_s!r}"
    return f"alm_{hashlib.blake2b(text.encode(), digest_size=10).hexdigest()}"
