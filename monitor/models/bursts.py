"""Tells a burst from a change: many incidents of one tenant and rule within a minute are one observation.

A retry loop or one person's afternoon says nothing about the model or the guard. But a tenant that is a large part
of the traffic must be able to show a change, so what a minute may have grows with what it is expected to have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.records import ExchangeRecord

FACTOR: Final = 3.0
"""How often the expected number of incidents a minute may show. Changes by more than this show as this."""
MAX_KEYS: Final = 20_000
"""Tenants and rules of a minute told apart; the others count as one."""
KEEP: Final = 12
"""Minutes remembered: the watermark's ten, and some."""

_Key = tuple[str, str]


class Bursts:
    """What has been seen of each tenant in the last minutes."""

    def __init__(self, burst_s: float) -> None:
        self._burst_s = burst_s
        self._minutes: dict[int, dict[_Key, int]] = {}

    def is_echo(self, record: ExchangeRecord, baseline: float) -> bool:
        """Whether an answer's incidents repeat what its tenant showed in this minute; `baseline` is their rate."""
        source = record.tenant or record.subject
        if source is None:
            return False
        seen = self._minute(int(record.time_s // self._burst_s))
        answers = _count(seen, (source, ""))
        if not record.rules:
            return False
        allowed = max(1.0, FACTOR * baseline * answers) if baseline == baseline else 1.0  # noqa: PLR0124 - not NaN
        return all([_count(seen, (source, rule)) > allowed for rule in record.rules])  # noqa: C419 - each must count

    def _minute(self, number: int) -> dict[_Key, int]:
        found = self._minutes.get(number)
        if found is None:
            found = self._minutes[number] = {}
            while len(self._minutes) > KEEP:
                del self._minutes[min(self._minutes)]
        return found


def _count(seen: dict[_Key, int], key: _Key) -> int:
    if key not in seen and len(seen) >= MAX_KEYS:
        key = ("~other", key[1] and "~other")
    count = seen[key] = seen.get(key, 0) + 1
    return count
