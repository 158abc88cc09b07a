"""What a record must pass before anything is learned from it: seen before, too old, too far ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.types import Totals

if TYPE_CHECKING:
    from monitor.records import Record
    from monitor.settings import HygieneSettings

MAX_REASONS: Final = 32
"""Reasons of refusal told apart; they come from the code, not from events."""

IDLE_S: Final = 3600.0
"""Once nothing has come for this long, time alone moves the watermark. A shorter pause may be an outage, and what
happened in it comes in its order afterwards."""


class Intake:
    """Remembers ids and counts what became of records."""

    def __init__(self, settings: HygieneSettings) -> None:
        self._settings = settings
        self._ids: dict[str, float] = {}
        """When each id came, the oldest first. A duplicate changes nothing: 5 copies leave what 1 leaves."""
        self._newest_s = 0.0
        self._came_s = 0.0
        """When the last record came that counts."""
        self._counts = dict.fromkeys(("received", "counted", "duplicates", "late", "future", "behind"), 0)
        self._refused: dict[str, int] = {}

    def admit(self, record: Record, now_s: float) -> bool:
        """Whether a record counts."""
        self._counts["received"] += 1
        self._forget(now_s)
        if record.event_id in self._ids:
            self._counts["duplicates"] += 1
            return False
        if record.time_s < now_s - self._settings.max_late_s:
            self._counts["late"] += 1
            return False
        if record.time_s > now_s + self._settings.max_ahead_s:
            self._counts["future"] += 1
            return False
        self._ids[record.event_id] = now_s
        self._counts["counted"] += 1
        if record.time_s < self._newest_s - self._settings.watermark_s:
            self._counts["behind"] += 1
        self._newest_s = max(self._newest_s, record.time_s)
        self._came_s = now_s
        return True

    def watermark_s(self, now_s: float) -> float:
        """Return the time that no record to come should lie before: one that does counts as `behind`.

        A record may be ahead of now; what is no later than the others' ten minutes is not behind because of it.
        """
        is_idle = now_s - self._came_s >= IDLE_S
        newest_s = now_s if is_idle else min(now_s, self._newest_s)
        return newest_s - self._settings.watermark_s

    def adopt(self, settings: HygieneSettings) -> None:
        """Go on under other settings."""
        self._settings = settings

    def refuse(self, reason: str) -> None:
        """Count an event that was no record."""
        self._counts["received"] += 1
        if reason not in self._refused and len(self._refused) >= MAX_REASONS:
            reason = "other"
        self._refused[reason] = self._refused.get(reason, 0) + 1

    def totals(self) -> Totals:
        """Return what became of all records so far."""
        return Totals(**self._counts, refused=dict(self._refused))

    def _forget(self, now_s: float) -> None:
        oldest_s = now_s - self._settings.remember_ids_s
        while self._ids:
            first = next(iter(self._ids))
            if self._ids[first] >= oldest_s and len(self._ids) < self._settings.max_ids:
                return
            del self._ids[first]

    def state(self) -> tuple[dict[str, float], float, float]:
        """Return what later records depend on; the counts are not in it."""
        return self._ids, self._newest_s, self._came_s
