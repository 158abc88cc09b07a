"""A past that is read again is as it was: same counts, alarms in order, nothing told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.codec import encode
from monitor.service import replaying
from monitor.service.replaying import replay
from monitor.service.share import Item, time_of
from monitor.settings import MonitorSettings
from monitor.types import Signal
from tests.support.events import TIME_MS, exchange_event
from tests.support.watching import START_S, AlarmingEngine, answer, items

if TYPE_CHECKING:
    import pytest


def test_records_are_read_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "Engine", AlarmingEngine)
    found = replay(
        [*reversed(items(0, 240)), Item(7, START_S, b"{"), Item(8, START_S, b'{"id": 1}')], MonitorSettings()
    )
    assert found.totals is not None
    assert (found.totals.counted, found.totals.refused) == (240, {"no_event": 2})
    assert [one.alarm_id for one in found.raised] == ["alm_100", "alm_200"]
    assert [one.opened_s for one in found.raised] == [START_S + 99, START_S + 199]
    assert sum(found.responses.values()) == 240
    assert sum(found.events[Signal.INCIDENTS].values()) == 24
    assert list(found.responses) == sorted(found.responses)


def test_the_plot_counts_what_the_engine_counts() -> None:
    """A copy is one answer, and an exchange that no model answered is none."""
    failed = answer(3, decision="upstream_error")
    found = replay([*items(0, 3), *items(0, 3), Item(9, START_S + 4, encode(failed))], MonitorSettings())
    assert sum(found.responses.values()) == 3
    assert sum(found.events[Signal.INCIDENTS].values()) == 1


def test_the_time_of_an_event() -> None:
    assert time_of(encode(exchange_event())) == TIME_MS / 1000
    assert time_of(b"{}") == 0.0
